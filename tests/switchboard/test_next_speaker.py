"""Questions about the next speaker, on both databases: carried there and back, and absent where not asked."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from switchboard.errors import SwitchboardConflict
from switchboard.messages import (
    RawSelectJob,
    RawSelectOutcome,
    RawSelectRequest,
    RawSelectResult,
    SpeakerOdds,
    SpeakerQuestion,
)
from tests.switchboard.bench import Bench, scores
from tests.switchboard.service import Service

QUESTIONS = [SpeakerQuestion(prompt="友bob会hi域"), None]
ODDS = [SpeakerOdds(after_thread=0.5, after_line=0.25), None]


def told(odds: list[SpeakerOdds | None] | None, **fields: Any) -> RawSelectResult:
    return scores(2, **fields).model_copy(update={"next_speaker": odds})


def test_a_question_reaches_the_generator_and_its_answer_the_client(bench: Bench) -> None:
    bench.raw_select(next_speaker=QUESTIONS)
    bench.restart()
    job = bench.poll().jobs["r"]
    assert isinstance(job, RawSelectJob)
    assert job.next_speaker == QUESTIONS
    assert job.lease is not None
    assert bench.post("r", told(ODDS, lease=job.lease.token)) == "accepted"
    assert bench.post("r", told(ODDS)) == "duplicate"
    bench.restart()
    assert RawSelectOutcome.model_validate_json(bench.store.result("r").body or "").next_speaker == ODDS


@pytest.mark.parametrize("odds", [None, [None, None]])
def test_a_generator_that_cannot_tell_still_scores(bench: Bench, odds: list[SpeakerOdds | None]) -> None:
    bench.raw_select(next_speaker=QUESTIONS)
    assert bench.post("r", told(odds, lease=bench.lease_of("r"))) == "accepted"
    assert RawSelectOutcome.model_validate_json(bench.store.result("r").body or "").next_speaker == odds


@pytest.mark.parametrize(
    "wrong", [[None], [None] * 3, [{"prompt": "x", "form": "none"}, None], [{"form": "full"}, None]]
)
def test_questions_that_do_not_fit_are_refused(wrong: list[Any]) -> None:
    with pytest.raises(ValidationError):
        RawSelectRequest.model_validate({"id": "r", "texts": ["one", "two"], "next_speaker": wrong})


@pytest.mark.parametrize(
    "wrong",
    [[None], [{"after_thread": 1.5, "after_line": 0.5}, None], [{"after_thread": 0.5}, None]],
)
def test_answers_that_do_not_fit_are_refused(wrong: list[Any]) -> None:
    with pytest.raises(ValidationError):
        RawSelectResult.model_validate(scores(2).model_dump() | {"next_speaker": wrong})


def test_who_asks_nothing_sends_what_was_always_sent(service: Service) -> None:
    """The request, and so its fingerprint, is that of clients that do not know the field; so is the job."""
    client = service.client()
    request = RawSelectRequest(id="r", texts=["one", "two"])
    assert set(request.model_dump()) == {"id", "client", "texts", "v8_timestamps", "v10_timestamps"}
    client.submit_raw_select(request)
    job = service.send("POST", "/pollgenerator", "generator", json={}).get_json()["r"]
    assert set(job) == {"type", "texts", "v8_timestamp", "v10_timestamp", "lease"}
    answer = {"selection_proba": [0.5, 0.5], "sentiment_logit_diffs": [0.0, 0.0]}
    service.send("POST", "/pollgenerator", "generator", json={"results": {"r": answer}})
    result = service.send("POST", "/getresult", data={"id": "r"}).get_json()["result"]
    assert set(result) == {"selection_proba", "sentiment_logit_diffs", "model_info"}
    assert client.submit_raw_select(request).collision


def test_another_question_is_another_request(service: Service) -> None:
    client = service.client()
    asked = RawSelectRequest(id="r", texts=["one", "two"], next_speaker=QUESTIONS)
    assert not client.submit_raw_select(asked).collision
    assert client.submit_raw_select(asked).collision
    for other in (None, QUESTIONS[::-1]):
        with pytest.raises(SwitchboardConflict):
            client.submit_raw_select(asked.model_copy(update={"next_speaker": other}))
