"""The client's verbs, on both databases: submit once, read as often as one likes, acknowledge, cancel."""

from __future__ import annotations

import pytest

from switchboard.settings import SwitchboardConfig
from switchboard.store import IdTaken, TooManyOpenJobs
from tests.switchboard.bench import Bench, choice, generation_result, scores
from tests.switchboard.conftest import MakeBench


def test_a_submission_is_stored(bench: Bench) -> None:
    reply = bench.answer()
    assert (reply.collision, reply.state) == (False, "submitted")
    bench.restart()
    assert bench.state("a") == "submitted"
    assert "a" in bench.poll().jobs


def test_the_same_request_again_finds_its_job_in_every_state(bench: Bench) -> None:
    bench.answer()
    seen = [bench.answer()]
    bench.lease_of("a", batch_size=1)
    seen.append(bench.answer())
    bench.generate("a")
    seen.append(bench.answer())
    job = bench.take_set("a")
    bench.post_choice("a", choice("a", job.kwargs.mood))
    seen.append(bench.answer())
    bench.store.acknowledge("a")
    seen.append(bench.answer())
    assert all(reply.collision for reply in seen)
    assert [reply.state for reply in seen] == [
        "submitted", "generating", "generated", "finished", "acknowledged",
    ]  # fmt: skip
    assert sum(bench.store.status().counts.values()) == 1


def test_another_request_under_the_same_id_is_refused(bench: Bench) -> None:
    bench.answer()
    with pytest.raises(IdTaken):
        bench.answer(question="something else?")
    with pytest.raises(IdTaken):
        bench.raw_select("a")
    assert bench.line("a")["request"]["prompt"].count("how are you?") == 1


def test_another_client_may_ask_for_the_same_thing(bench: Bench) -> None:
    bench.answer(client="one")
    assert bench.answer(client="two").collision


def test_reading_a_result_twice_gives_the_same_bytes_to_everybody(bench: Bench) -> None:
    bench.answer()
    bench.finish("a", tags=["ünïcödé 🤖"])
    first = bench.store.result("a")
    bench.restart()
    assert first.body is not None
    assert bench.store.result("a").body == first.body


def test_reading_a_result_writes_nothing_and_wakes_nobody(bench: Bench) -> None:
    bench.raw_select()
    bench.post("r", scores(2))
    written: list[object] = []
    bench.store.observe(written.append)
    for _ in range(3):
        bench.store.result("r")
        bench.clock.advance(1)
    assert written == []
    first = bench.clock.now - 3
    bench.store.sweep()
    assert bench.line("r")["delivered_at"] == first, "the time of the first reading is stored with a sweep"


def test_an_acknowledged_result_is_removed_and_its_id_stays_known(bench: Bench) -> None:
    bench.answer()
    bench.finish("a")
    assert bench.store.acknowledge("a") == "acknowledged"
    found = bench.store.result("a")
    assert (found.done, found.state, found.body) == (True, "acknowledged", None)
    assert found.error is not None
    assert bench.line("a")["request"] is None
    assert bench.store.acknowledge("a") == "acknowledged"


def test_acknowledging_changes_nothing_before_the_end(bench: Bench) -> None:
    bench.answer()
    assert bench.store.acknowledge("a") == "submitted"
    assert bench.store.acknowledge("nobody") == "unknown"
    assert bench.state("a") == "submitted"


def test_a_cancelled_job_is_handed_to_nobody_and_says_so(bench: Bench) -> None:
    bench.answer()
    bench.lease_of("a", batch_size=2)
    assert bench.store.cancel("a") == "cancelled"
    assert bench.poll("g2").jobs == {}
    found = bench.store.result("a")
    assert (found.done, found.body, found.error) == (True, None, "cancelled by the client")
    assert bench.post("a", generation_result(2)) == "surplus"
    assert bench.store.cancel("nobody") == "unknown"


def test_a_finished_job_cannot_be_cancelled(bench: Bench) -> None:
    bench.raw_select()
    bench.post("r", scores(2))
    assert bench.store.cancel("r") == "finished"
    assert bench.store.result("r").body is not None


def test_clearing_is_right_for_every_state(bench: Bench) -> None:
    bench.answer("open")
    bench.raw_select("over")
    bench.post("over", scores(2))
    assert bench.store.clear("open") == ["job"]
    assert bench.store.clear("over") == ["result"]
    assert bench.store.clear("over") == []
    assert bench.store.clear("nobody") == []
    assert (bench.state("open"), bench.state("over")) == ("cancelled", "acknowledged")


def test_clearing_a_client_leaves_the_others_alone(bench: Bench) -> None:
    bench.answer("mine", client="one")
    bench.raw_select("mine.too", client="one")
    bench.answer("theirs", client="two")
    bench.select(retention_stack=["a text of nobody's"])
    assert bench.store.clear_client("one") == ["mine", "mine.too"]
    assert bench.state("theirs") == "submitted"
    assert bench.store.clear_client("switchboard") == []


def test_too_many_open_jobs_are_refused_but_known_ones_are_found(make_bench: MakeBench) -> None:
    bench = make_bench(SwitchboardConfig(max_open_jobs=2))
    bench.answer("1")
    bench.answer("2")
    with pytest.raises(TooManyOpenJobs):
        bench.answer("3")
    assert bench.state("3") == "unknown"
    assert bench.answer("1").collision
    bench.store.cancel("1")
    assert not bench.answer("3").collision


def test_the_switchboards_own_jobs_take_no_place_of_a_clients(make_bench: MakeBench) -> None:
    bench = make_bench(SwitchboardConfig(max_open_jobs=2))
    bench.select(retention_stack=["a text to be scored"])
    bench.answer("1")
    bench.answer("2")
    status = bench.store.status()
    assert (status.open_jobs, status.counts) == (2, {"submitted": 3})


def test_every_transition_is_told_once_with_its_time(bench: Bench) -> None:
    bench.answer()
    bench.clock.advance(4)
    bench.finish("a")
    bench.store.acknowledge("a")
    told = [(one.old, one.new, one.worker, one.seconds) for one in bench.transitions]
    assert told == [
        (None, "submitted", None, 0.0),
        ("submitted", "generating", "g1", 4.0),
        ("generating", "generated", "g1", 0.0),
        ("generated", "selecting", "s1", 0.0),
        ("selecting", "finished", "s1", 0.0),
        ("finished", "acknowledged", None, 0.0),
    ]
