"""What time does, on both databases: jobs expire, results are removed after their time, nothing piles up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from switchboard.settings import SwitchboardConfig
from switchboard.store.schema import candidates, jobs, leases, requests, results
from tests.switchboard.bench import Bench, scores
from tests.switchboard.conftest import MakeBench

HOUR = 3600.0
DAY = 24 * HOUR


def finished(bench: Bench, job_id: str) -> None:
    bench.raw_select(job_id)
    assert bench.post(job_id, scores(2)) == "accepted"


def test_a_result_that_was_read_stays_for_a_day(bench: Bench) -> None:
    finished(bench, "r")
    bench.store.result("r")
    bench.clock.advance(DAY - 1)
    bench.store.sweep()
    assert bench.state("r") == "finished"
    bench.clock.advance(1)
    assert bench.store.sweep() == {"results removed": 1}
    assert bench.state("r") == "unknown"


def test_a_result_that_nobody_reads_stays_for_a_week(bench: Bench) -> None:
    finished(bench, "r")
    bench.clock.advance(7 * DAY - 1)
    bench.store.sweep()
    assert bench.store.status().counts == {"finished": 1}
    bench.clock.advance(1)
    assert bench.store.sweep() == {"results removed": 1}


def test_reading_again_does_not_prolong_the_time(bench: Bench) -> None:
    finished(bench, "r")
    bench.store.result("r")
    bench.clock.advance(DAY / 2)
    bench.store.result("r")
    bench.clock.advance(DAY / 2)
    assert bench.store.sweep() == {"results removed": 1}


def test_an_acknowledged_id_is_forgotten_after_a_day(bench: Bench) -> None:
    finished(bench, "r")
    bench.store.acknowledge("r")
    bench.clock.advance(DAY)
    assert bench.store.sweep() == {"acknowledged removed": 1}
    assert not bench.raw_select("r").collision


def test_an_open_job_expires_and_says_so(bench: Bench) -> None:
    bench.answer()
    bench.lease_of("a")
    bench.clock.advance(DAY)
    assert bench.store.sweep()["jobs expired"] == 1
    found = bench.store.result("a")
    assert (found.done, found.state) == (True, "expired")
    assert bench.poll("g2").jobs == {}
    bench.clock.advance(DAY)
    assert bench.store.sweep() == {"failures removed": 1}


def test_leases_end_although_nobody_polls(bench: Bench) -> None:
    bench.raw_select()
    bench.lease_of("r")
    bench.clock.advance(HOUR)
    assert bench.store.sweep() == {"leases expired": 1}
    assert bench.line("r")["attempts"] == 1


def test_what_was_swept_is_counted(bench: Bench) -> None:
    for number in range(3):
        finished(bench, f"r{number}")
    bench.clock.advance(8 * DAY)
    bench.store.sweep()
    bench.store.sweep()
    assert bench.store.status().swept == {"results removed": 3}


def test_nothing_of_a_removed_job_stays_behind(bench: Bench) -> None:
    bench.answer()
    bench.finish("a")
    bench.answer("half")
    bench.lease_of("half", batch_size=2)
    bench.clock.advance(20 * DAY)
    bench.store.sweep()
    bench.clock.advance(20 * DAY)
    bench.store.sweep()
    with bench.store._database.read() as connection:
        for table in (jobs, requests, results, candidates, leases):
            assert connection.execute(table.select()).all() == []


def test_ten_thousand_unread_results_slow_nothing_and_go_in_their_time(make_bench: MakeBench) -> None:
    bench = make_bench(SwitchboardConfig())
    fill(bench, 10_000)
    with whole_tables_read(bench) as read_whole:
        bench.answer("a")
        bench.poll()
        bench.select()
        bench.state("done.5")
    assert "jobs" not in read_whole
    bench.clock.advance(7 * DAY)
    assert bench.store.sweep()["results removed"] == 10_000


@contextmanager
def whole_tables_read(bench: Bench) -> Iterator[set[str]]:
    """The tables of which SQLite's planner has a statement read every row, without an index."""
    found: set[str] = set()
    planning: list[bool] = []

    def plan(_connection: object, cursor: Any, statement: str, values: Any, *_: object) -> None:
        if planning or not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            return
        planning.append(True)
        rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        planning.clear()
        found.update(row[3].split()[1] for row in rows if row[3].startswith("SCAN") and "USING" not in row[3])

    engine = bench.store._database.engine
    if engine.dialect.name == "sqlite":  # PostgreSQL plans by statistics that it has not taken yet
        event.listen(engine, "before_cursor_execute", plan)
    yield found


def fill(bench: Bench, count: int) -> None:
    """Many finished jobs, put in directly: going through every verb would take the test's time."""
    rows = [{"id": f"done.{n}", "at": bench.clock.now} for n in range(count)]
    common = {"kind": "raw_select", "client": "c", "payload_hash": "", "internal": False, "state": "finished"}
    numbers = {"wanted": 0, "accepted": 0, "attempts": 0}
    with bench.store._database.write() as connection:
        connection.execute(
            jobs.insert(),
            [
                {**common, **numbers, "id": r["id"], "submitted_at": r["at"], "state_at": r["at"]}
                for r in rows
            ],
        )
        connection.execute(results.insert(), [{"job_id": row["id"], "body": "{}" * 500} for row in rows])
