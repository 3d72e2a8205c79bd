"""Asking a server that is away, busy, slow, broken or out of its mind."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, SecretStr
from structlog.testing import capture_logs

from autoresponder.completions import client as client_module
from autoresponder.completions.answers import MOST_CHOICES, Completion, NonsenseError, read_completion
from autoresponder.completions.client import CompletionsClient, Retries
from autoresponder.errors import ServerFailedError, ServerRefusedError, ServerUnreachableError
from autoresponder.settings import CompletionsConfig
from tests.autoresponder.completions.scripted import (
    Reply,
    ScriptedServer,
    body,
    broken_off,
    silent,
    status,
    trickling,
)

ASKED: dict[str, JsonValue] = {"model": "big", "prompt": [1, 2, 3], "seed": 5}
ONE = {"index": 0, "text": "a river", "finish_reason": "stop"}


@pytest.mark.parametrize(
    "reply",
    [status(500), status(503), status(429), status(408), broken_off, body(b"<html>busy</html>"), body([])],
    ids=["500", "503", "429", "408", "broken off", "HTML", "no object"],
)
def test_what_may_pass_by_itself_is_asked_again_and_told_once(
    served: ScriptedServer, client: CompletionsClient, pauses: list[float], reply: Reply
) -> None:
    served.script.extend([reply, reply])
    with capture_logs() as lines:
        answer = client.complete(ASKED, 1)
    assert len(answer.choices) == 1
    assert len(served.requests) == 3
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("warning", "completions server in trouble, asked again"),
        ("info", "completions server answers again"),
    ]
    assert len(pauses) == 2
    assert all(pause > 0 for pause in pauses)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("86400", 60), ("9" * 400, None), ("soon", None), ("-1", None)],
)
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks_within_a_bound(
    served: ScriptedServer, client: CompletionsClient, pauses: list[float], header: str, seconds: float | None
) -> None:
    served.script.append(status(429, {"Retry-After": header}))
    client.complete(ASKED, 1)
    (pause,) = pauses
    assert pause == seconds if seconds is not None else 0 < pause <= 2


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (status(500), ServerFailedError),
        (broken_off, ServerFailedError),
        (body({"choices": []}), ServerFailedError),
        (status(429), ServerUnreachableError),
        (status(502), ServerUnreachableError),
    ],
    ids=["500", "broken off", "nonsense", "429", "502"],
)
def test_trouble_that_does_not_pass_ends_after_five_tries(
    served: ScriptedServer,
    client: CompletionsClient,
    pauses: list[float],
    reply: Reply,
    error: type[Exception],
) -> None:
    served.script.extend([reply] * 20)
    with capture_logs() as lines, pytest.raises(error):
        client.complete(ASKED, 1)
    assert len(served.requests) == 5
    assert len(lines) == 1
    assert sum(pauses) > 7  # seconds: it is no busy loop


def test_a_server_that_is_not_there_is_away(served: ScriptedServer, pauses: list[float]) -> None:
    gone = CompletionsConfig(url=served.url)
    served.stop()
    with pytest.raises(ServerUnreachableError):
        CompletionsClient(gone).complete(ASKED, 1)
    assert len(pauses) == 4


def test_a_name_that_no_server_has_is_away(pauses: list[float]) -> None:
    with pytest.raises(ServerUnreachableError):
        CompletionsClient(CompletionsConfig(url="http://nobody.invalid:1")).complete(ASKED, 1)
    assert len(pauses) == 4


@pytest.mark.parametrize("reply", [silent, trickling])
def test_an_answer_has_to_be_whole_in_time(served: ScriptedServer, reply: Reply) -> None:
    served.script.append(reply)
    hasty = CompletionsConfig(url=served.url, timeout_seconds=0.3)
    with pytest.raises(ServerFailedError, match="no whole answer"):
        CompletionsClient(hasty, retries=Retries(attempts=1)).complete(ASKED, 1)


def test_an_answer_without_end_is_not_read_to_its_end(
    served: ScriptedServer, completions: CompletionsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MOST_BYTES", 1000)
    served.script.append(body({"choices": [ONE | {"text": "a" * 100_000}]}))
    with pytest.raises(ServerFailedError, match="longer than"):
        CompletionsClient(completions, retries=Retries(attempts=1)).complete(ASKED, 1)


@pytest.mark.parametrize("code", [400, 401, 404, 422, 302])
def test_a_refusal_is_final(
    served: ScriptedServer, client: CompletionsClient, pauses: list[float], code: int
) -> None:
    served.script.append(status(code, {"Location": "http://elsewhere.invalid/"}, "no\nsuch field"))
    with pytest.raises(ServerRefusedError, match=f"status {code}") as raised:
        client.complete(ASKED, 1)
    assert "\n" not in str(raised.value)
    assert (len(served.requests), pauses) == (1, [])


def test_the_token_is_sent_and_never_told(served: ScriptedServer, completions: CompletionsConfig) -> None:
    secret = completions.model_copy(update={"token": SecretStr("tok-123")})
    served.script.append(status(401))
    with capture_logs() as lines, pytest.raises(ServerRefusedError) as raised:
        CompletionsClient(secret).complete(ASKED, 1)
    assert served.headers[0]["Authorization"] == "Bearer tok-123"
    assert "tok-123" not in str(raised.value) + str(lines) + repr(secret)


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_the_address_may_end_in_v1(served: ScriptedServer, path: str) -> None:
    config = CompletionsConfig(url=served.url + path)
    assert [model.id for model in CompletionsClient(config).models()] == ["big"]
    assert served.paths == ["/v1/models"]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ({"choices": [ONE]}, 2),
        ({"choices": [ONE, ONE]}, 2),
        ({"choices": [ONE, ONE | {"index": 1}]}, 1),
        ({"choices": [ONE | {"text": None}]}, 1),
        ({"choices": [ONE | {"text": 5}]}, 1),
        ({"choices": [ONE | {"index": -1}]}, 1),
        ({"choices": [ONE | {"finish_reason": "abort"}]}, 1),
        ({"choices": [{"index": 0, "text": "a"}]}, 1),
        ({"choices": [ONE | {"logprobs": {"token_logprobs": ["a"]}}]}, 1),
        ({"choices": [ONE | {"logprobs": {"content": [5]}}]}, 1),
        ({"choices": [ONE | {"index": place} for place in range(MOST_CHOICES + 1)]}, MOST_CHOICES + 1),
        ({"choices": [ONE], "usage": {"prompt_tokens": "many"}}, 1),
        ({"error": "out of memory"}, 1),
        ("text", 1),
        (None, 1),
    ],
)
def test_nonsense_is_none_of_the_answers(content: object, wanted: int) -> None:
    with pytest.raises(NonsenseError):
        read_completion(json.dumps(content).encode(), wanted)


@pytest.mark.parametrize(
    "logprobs",
    [{"token_logprobs": [-1.0, -2.0], "tokens": ["a", "b"]}, {"content": [{"logprob": -1}, {"logprob": -2}]}],
    ids=["OpenAI", "llama.cpp"],
)
def test_surprisals_are_read_in_either_form(logprobs: object) -> None:
    answer = read_completion(json.dumps({"choices": [ONE | {"logprobs": logprobs}]}).encode(), 1)
    assert answer.choices[0].logprobs == [-1.0, -2.0]


def test_what_is_not_used_is_left_alone() -> None:
    content = {"choices": [ONE | {"logprobs": None, "stop_reason": 5}], "kv_transfer_params": {"a": [1]}}
    assert read_completion(json.dumps(content).encode(), 1).choices[0].text == "a river"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "text",
                    "index",
                    "finish_reason",
                    "usage",
                    "logprobs",
                    "content",
                    "token_logprobs",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=50) | JSON.map(lambda value: json.dumps(value).encode()), st.integers(1, 3))
def test_whatever_comes_is_an_answer_or_nonsense(raw: bytes, wanted: int) -> None:
    answer: Completion | None = None
    with suppress(NonsenseError):
        answer = read_completion(raw, wanted)
    assert answer is None or len(answer.choices) == wanted
