"""Probabilities of rejection, on both databases: optional, and never another candidate's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from switchboard.job_factory import JobRules
from switchboard.messages import (
    GenerationResult,
    RawSelectJob,
    RawSelectOutcome,
    RawSelectResult,
    SelectionOutcome,
)
from switchboard.settings import CandidatesConfig
from switchboard.store.retention import RETENTION_SCORE_AGE_SECONDS
from tests.switchboard.bench import Bench, choice, generation_result, scores
from tests.switchboard.conftest import MakeBench
from tests.switchboard.service import Service


def reviewed(count: int, reviews: list[float] | None, text: str = "text") -> GenerationResult:
    keys = [f"{text}:{index}" for index in range(count)]
    return generation_result(count, keys=keys, text=text).model_copy(update={"autoreview": reviews})


def test_a_set_says_of_each_candidate_what_is_known(make_bench: MakeBench) -> None:
    bench = make_bench(None, JobRules(CandidatesConfig(answer=3), rejection_sample=()))
    bench.answer()
    bench.post("a", reviewed(2, [0.25, 0.75], "new"))
    bench.restart()
    bench.post("a", reviewed(1, None, "old"))
    job = bench.take_set("a")
    assert job.continuations == ["new 0", "new 1", "old 0"]
    assert job.autoreview == [0.25, 0.75, None]


def test_a_set_of_which_nothing_is_known_does_not_mention_it(bench: Bench) -> None:
    bench.answer()
    bench.generate("a")
    assert "autoreview" not in bench.take_set("a").model_dump(mode="json")


def test_the_outcome_gives_that_of_the_chosen_text(bench: Bench) -> None:
    bench.answer()
    bench.generate("a")
    job = bench.take_set("a")
    assert job.lease is not None
    reviews: dict[str, Any] = {"autoreview": 0.7, "all_autoreview": [0.7, None]}
    bench.post_choice("a", choice("a", job.kwargs.mood, lease=job.lease.token, **reviews))
    outcome = SelectionOutcome.model_validate_json(bench.store.result("a").body or "")
    assert (outcome.autoreview, outcome.all_autoreview) == (0.7, [0.7, None])


@pytest.mark.parametrize("reviews", [[0.1], [0.1, 0.2, 0.3], [0.1, 1.5], [0.1, float("nan")]])
def test_a_list_that_does_not_fit_is_refused_with_its_batch(reviews: list[float]) -> None:
    batch = generation_result(2).model_dump(mode="json") | {"autoreview": reviews}
    with pytest.raises(ValidationError):
        GenerationResult.model_validate(batch)
    listed = scores(2).model_dump(mode="json") | {"autoreview": reviews}
    with pytest.raises(ValidationError):
        RawSelectResult.model_validate(listed)


@pytest.mark.parametrize("reviews", [None, [0.25, 0.75]])
def test_scores_of_given_texts_have_it_if_the_generator_has(
    bench: Bench, reviews: list[float] | None
) -> None:
    bench.raw_select()
    bench.post("r", scores(2, lease=bench.lease_of("r")).model_copy(update={"autoreview": reviews}))
    body = bench.store.result("r").body or ""
    assert RawSelectOutcome.model_validate_json(body).autoreview == reviews
    assert ("autoreview" in body) is (reviews is not None)


def test_a_retained_text_keeps_its_own_until_it_is_scored_again(bench: Bench) -> None:
    def rescore(**fields: object) -> None:
        ((job_id, job),) = bench.poll(capabilities=["raw_select"]).jobs.items()
        assert isinstance(job, RawSelectJob)
        bench.post(job_id, scores(len(job.texts)).model_copy(update=fields))

    bench.select(retention_stack=["b", "a"], max_jobs=0)
    rescore(autoreview=[0.1, 0.2])
    bench.select(retention_stack=["c"], max_jobs=0)
    rescore()
    reply = bench.select()
    assert reply.RETENTION_STACK == ["a", "b", "c"]
    assert reply.RETENTION_STACK_AUTOREVIEW == [0.1, 0.2, None]
    bench.clock.advance(RETENTION_SCORE_AGE_SECONDS + 1)
    bench.textpost()
    rescore()
    assert "RETENTION_STACK_AUTOREVIEW" not in bench.select().model_dump(mode="json")


def test_a_worker_that_does_not_know_the_field_never_sees_it(service: Service) -> None:
    """Over HTTP: what goes to old workers has the names that they know, and what they send is enough."""
    service.bench.answer()
    old = {"continuations": ["t"] * 13, "mirotarg": [None] * 13, "candidate_keys": list("abcdefghijklm")}
    old |= {"selection_proba": [0.5] * 13, "sentiment_logit_diffs": [0.0] * 13}
    poll = {"results": {"a": old}, "max_jobs": 0}
    reply = service.send("POST", "/pollgenerator", "generator", json=poll).get_json()
    assert reply["$statuses"] == {"a": "accepted"}
    reply = service.send("POST", "/pollselector", "selector", json={}).get_json()
    (job,) = reply["SELECTION_PROMPT_STACK"].values()
    assert not any("autoreview" in name.lower() for name in (*reply, *job))


Batches = st.lists(
    st.integers(1, 4).flatmap(
        lambda count: st.tuples(
            st.just(count),
            st.none() | st.lists(st.floats(0, 1, allow_nan=False), min_size=count, max_size=count),
        )
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(Batches, st.data())
def test_whatever_is_sent_in_whatever_order_each_candidate_keeps_its_own(
    batches: list[tuple[int, list[float] | None]], data: st.DataObject
) -> None:
    total = sum(count for count, _ in batches)
    with TemporaryDirectory() as folder:
        rules = JobRules(CandidatesConfig(answer=total), rejection_sample=())
        bench = Bench(f"sqlite:///{Path(folder) / 'store.sqlite'}", rules=rules)
        with closing(bench.store):  # a draw may end the test
            bench.answer()
            sent = [reviewed(count, reviews, f"b{number}") for number, (count, reviews) in enumerate(batches)]
            for batch in data.draw(st.permutations([*sent, *sent])):
                bench.post("a", batch)
            job = bench.take_set("a")
    expected = {
        text: batch.autoreview[index] if batch.autoreview is not None else None
        for batch in sent
        for index, text in enumerate(batch.continuations)
    }
    assert dict(zip(job.continuations, job.autoreview or [None] * total, strict=True)) == expected
