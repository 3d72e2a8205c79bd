"""Results, on both databases: one per job, the first valid one; everything else is refused politely."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from switchboard.job_factory import JobRules
from switchboard.messages import SelectionResult
from tests.switchboard.bench import Bench, choice, generation_result, scores
from tests.switchboard.conftest import MakeBench


def selection(bench: Bench, job_id: str, **fields: Any) -> SelectionResult:
    job = bench.take_set(job_id)
    assert job.lease is not None
    return choice(job_id, job.kwargs.mood, **{"lease": job.lease.token, **fields})


def test_the_first_result_stands(bench: Bench) -> None:
    bench.answer()
    bench.generate("a")
    first = selection(bench, "a", post="first")
    second = first.model_copy(update={"post": "second"})
    assert bench.post_choice("a", first) == "accepted"
    assert bench.post_choice("a", first) == "duplicate"
    assert bench.post_choice("a", second) == "stale_lease"
    assert bench.post_choice("a", second.model_copy(update={"lease": None})) == "already finished"
    body = bench.store.result("a").body
    assert body is not None
    assert '"first"' in body


def test_results_that_fit_nothing_are_not_stored(bench: Bench) -> None:
    bench.answer()
    bench.raw_select()
    assert bench.post("nobody", generation_result(1)) == "unknown"
    assert bench.post("a", scores(2)) == "refused"
    assert bench.post("r", generation_result(2)) == "refused"
    mood = bench.poll().jobs["a"].kwargs.mood  # type: ignore[union-attr]
    assert bench.post_choice("nobody", choice("nobody", mood)) == "unknown"
    assert bench.post_choice("a", choice("a", mood)) == "refused"
    assert bench.post_choice("r", choice("r", mood)) == "refused"
    assert (bench.line("a")["accepted"], bench.state("r")) == (0, "generating")


def test_scores_of_the_wrong_number_are_a_failed_attempt(bench: Bench) -> None:
    bench.raw_select()
    assert bench.post("r", scores(3, lease=bench.lease_of("r"))) == "refused"
    line = bench.line("r")
    assert (line["state"], line["attempts"]) == ("generating", 1)
    assert line["error"] == "result refused: 3 scores for 2 texts"


def test_a_result_without_any_lease_is_welcome_if_there_is_none(bench: Bench) -> None:
    bench.raw_select()
    assert bench.post("r", scores(2)) == "accepted"
    assert bench.state("r") == "finished"


def test_only_what_concerns_the_client_is_in_the_result(bench: Bench) -> None:
    bench.answer()
    bench.generate("a")
    bench.post_choice("a", selection(bench, "a", retained=["keep me"]))
    body = bench.store.result("a").body
    assert body is not None
    assert "lease" not in body
    assert "keep me" not in body


def test_candidates_are_not_kept_beyond_the_choice(bench: Bench) -> None:
    bench.answer()
    bench.finish("a")
    assert bench.line("a")["continuations"] == []


def test_candidates_that_come_after_the_end_are_surplus(bench: Bench) -> None:
    bench.answer()
    bench.finish("a")
    assert bench.post("a", generation_result(2)) == "surplus"
    bench.store.acknowledge("a")
    assert bench.post("a", generation_result(2)) == "surplus"


def answer_sequence(bench: Bench) -> Iterator[str]:
    """Each message of an answer's way, one at a time."""
    yield bench.answer().state
    token = bench.lease_of("a", batch_size=13)
    yield "leased"
    yield bench.post("a", generation_result(13, lease=token))
    result = selection(bench, "a")
    yield "handed to the selector"
    yield bench.post_choice("a", result)


def textpost_sequence(bench: Bench) -> Iterator[str]:
    """Each message of a text post's way: a retained text is scored, competes, and wins."""
    bench.select(retention_stack=["kept"], max_jobs=0)
    yield bench.textpost().state
    jobs = bench.poll().jobs
    yield "leased"
    (scoring,) = (job_id for job_id in jobs if job_id != "t")
    yield bench.post(scoring, scores(1, value=0.9))
    yield bench.post("t", generation_result(14))
    result = selection(bench, "t", post="kept", chosen_retained="kept", retained=["next"])
    yield "handed to the selector"
    yield bench.post_choice("t", result)


def raw_select_sequence(bench: Bench) -> Iterator[str]:
    """Each message of a scoring job's way."""
    yield bench.raw_select().state
    token = bench.lease_of("r")
    yield "leased"
    yield bench.post("r", scores(2, lease=token))


@pytest.mark.parametrize(
    ("job_id", "sequence"), [("a", answer_sequence), ("t", textpost_sequence), ("r", raw_select_sequence)]
)
def test_a_restart_after_any_message_changes_nothing(
    bench: Bench, job_id: str, sequence: Callable[[Bench], Iterator[str]]
) -> None:
    for said in sequence(bench):
        assert said in ("submitted", "leased", "accepted", "handed to the selector")
        bench.restart()
    assert bench.store.result(job_id).body is not None
    assert bench.line(job_id)["attempts"] == 0
    finished = [one for one in bench.transitions if (one.job, one.new) == (job_id, "finished")]
    assert len(finished) == 1
    assert bench.store.status().retained == (1 if job_id == "t" else 0)


def test_the_first_start_of_all_needs_nothing(make_bench: MakeBench) -> None:
    bench = make_bench(None, JobRules(rejection_sample=()))
    bench.answer()
    bench.textpost()
    bench.finish("a")
    bench.finish("t")
    assert bench.store.status().counts == {"finished": 2}
