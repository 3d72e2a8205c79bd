"""Clients share the workers: nobody's jobs keep another's waiting for more than their turn."""

from __future__ import annotations

from switchboard.store.migrations import MIGRATIONS
from tests.switchboard.bench import Bench, generation_result, scores


def order_of(bench: Bench, count: int) -> list[str]:
    """In which order a generator gets jobs, one with each poll."""
    handed: list[str] = []
    for number in range(count):
        (job_id,) = bench.poll(f"g{number}", max_jobs=1).jobs
        handed.append(job_id)
    return handed


def test_one_who_submits_much_keeps_another_waiting_for_one_job_only(bench: Bench) -> None:
    for number in range(6):
        bench.raw_select(f"many.{number}", client="eager")
    assert order_of(bench, 2) == ["many.0", "many.1"]
    bench.raw_select("few.0", client="modest")
    bench.raw_select("few.1", client="modest")
    assert order_of(bench, 6) == ["many.2", "few.0", "many.3", "few.1", "many.4", "many.5"]


def test_who_was_away_has_no_arrears_to_take(bench: Bench) -> None:
    bench.raw_select("first", client="modest")
    order_of(bench, 1)
    for number in range(3):
        bench.raw_select(f"busy.{number}", client="eager")
        order_of(bench, 1)
    for number in range(2):
        bench.raw_select(f"eager.{number}", client="eager")
        bench.raw_select(f"modest.{number}", client="modest")
    assert sorted(order_of(bench, 2)) == ["eager.0", "modest.0"]
    assert sorted(order_of(bench, 2)) == ["eager.1", "modest.1"]


def test_a_long_job_counts_for_as_many_short_ones_as_it_has_candidates(bench: Bench) -> None:
    bench.answer("long.0", client="writer")  # 13 candidates
    bench.answer("long.1", client="writer")
    for number in range(20):
        bench.raw_select(f"short.{number}", client="judge")
    handed = order_of(bench, 22)
    assert 12 <= handed.index("long.1") - handed.index("long.0") <= 15


def test_an_answer_that_somebody_waits_for_goes_before_an_own_post(bench: Bench) -> None:
    bench.textpost("own.0", client="writer")
    bench.lease_of("own.0", batch_size=4)  # the rest of it is still to be written
    bench.answer("asked.0", client="writer")
    bench.raw_select("heard.0", client="other")
    assert order_of(bench, 3) == ["asked.0", "heard.0", "own.0"]


def test_an_own_post_is_not_put_off_for_ever(bench: Bench) -> None:
    bench.textpost("own", client="writer")
    for number in range(30):  # 13 candidates each
        bench.answer(f"asked.{number}", client="writer")
    assert 12 <= order_of(bench, 31).index("own") <= 18


def test_an_own_post_that_waits_sets_nobody_back(bench: Bench) -> None:
    bench.textpost("own", client="writer")
    bench.answer("asked", client="newcomer")
    for number in range(3):
        bench.answer(f"more.{number}", client="writer")
    handed = order_of(bench, 5)
    assert handed.index("asked") <= 1
    assert handed[-1] == "own"


def test_the_count_of_open_jobs_comes_back_to_nothing(bench: Bench) -> None:
    bench.raw_select("scored")
    bench.raw_select("cancelled")
    bench.raw_select("cleared", client="other")
    bench.answer("answered")
    bench.answer("expired")
    assert bench.store.status().open_jobs == 5
    bench.post("scored", scores(2))
    bench.store.cancel("cancelled")
    bench.store.clear_client("other")
    bench.post("answered", generation_result(13, keys=[str(number) for number in range(13)]))
    assert bench.store.status().open_jobs == 2
    bench.take_set("answered")
    bench.clock.advance(bench.settings.job_expiry_seconds + 1)
    bench.store.sweep()
    assert bench.store.status().open_jobs == 0


def test_a_database_of_an_earlier_version_offers_the_same_as_before(bench: Bench) -> None:
    bench.raw_select("scoring")
    bench.lease_of("scoring")
    bench.answer("written.in.part")
    bench.lease_of("written.in.part", batch_size=4)
    bench.answer("chosen.from")
    bench.generate("chosen.from")
    bench.raw_select("waiting", client="other")
    query = "SELECT id, offered, free FROM jobs ORDER BY id"
    with bench.store._database.write() as connection:
        before = connection.exec_driver_sql(query).all()
        clients = connection.exec_driver_sql("SELECT name, open FROM clients ORDER BY name").all()
        connection.exec_driver_sql("UPDATE jobs SET offered = 0, free = 0, turn = 0")
        connection.exec_driver_sql("DELETE FROM clients")
        MIGRATIONS[4](connection)
        assert connection.exec_driver_sql(query).all() == before
        assert connection.exec_driver_sql("SELECT name, open FROM clients ORDER BY name").all() == clients
    assert list(bench.poll("g9").jobs) == ["written.in.part", "waiting"]
    assert {row.id: (row.offered, row.free) for row in before} == {
        "scoring": (0, 0),
        "written.in.part": (1, 9),
        "chosen.from": (2, 1),
        "waiting": (1, 1),
    }
