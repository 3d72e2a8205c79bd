"""Results, on both databases: one per job, the first valid one; everything else is refused politely."""

from __future__ import annotations

from typing import Any

import pytest

from switchboard.messages import SelectionResult
from tests.switchboard.bench import Bench, choice, generation_result, scores


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


def test_candidates_that_come_after_the_end_are_surplus(bench: Bench) -> None:
    bench.answer()
    bench.finish("a")
    assert bench.post("a", generation_result(2)) == "surplus"
    bench.store.acknowledge("a")
    assert bench.post("a", generation_result(2)) == "surplus"


@pytest.mark.parametrize("restart", [False, True])
def test_everything_is_as_it_was_after_a_restart_at_any_point(bench: Bench, restart: bool) -> None:
    def pause() -> None:
        if restart:
            bench.restart()

    bench.answer()
    pause()
    token = bench.lease_of("a", batch_size=13)
    pause()
    assert bench.post("a", generation_result(13, lease=token)) == "accepted"
    pause()
    result = selection(bench, "a")
    pause()
    assert bench.post_choice("a", result) == "accepted"
    pause()
    assert bench.store.result("a").body is not None
    assert bench.store.status().counts == {"finished": 1}
