"""Whatever is sent, the answer is a refusal that names the field, and nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchboard.app import ROUTES
from switchboard.settings import Role
from tests.switchboard.service import Service

BATCH: dict[str, Any] = {
    "continuations": ["x"], "mirotarg": [2], "selection_proba": [0.5], "sentiment_logit_diffs": [0.1],
}  # fmt: skip
SCORES: dict[str, Any] = {"selection_proba": [0.5], "sentiment_logit_diffs": [0.1]}
MOOD = {"name": "meh", "min_allowed_score": -1, "max_allowed_score": 1}
CHOICE: dict[str, Any] = {"post": "x", "choice_ix": 0, "choice_index": 0, "mood": MOOD, "base_id": "a"}
FORM = {"id": "new", "question": "q", "asking_name": "bob"}
POSTS: list[tuple[str, Role]] = [
    (path, role) for method, path, role, _name in ROUTES if method == "POST" and role is not None
]


def refused(service: Service, path: str, role: Role, **body: Any) -> dict[str, Any]:
    """Send it, and see that it is refused without a trace; the refusal."""
    service.bench.answer("a")
    before = service.bench.store.status("a")
    response = service.send("POST", path, role, **body)
    assert 400 <= response.status_code < 500, (response.status_code, response.text)
    assert service.bench.store.status("a") == before
    assert service.bench.state("new") == "unknown"
    answer: dict[str, Any] = response.get_json()
    assert set(answer) == {"error", "field"}
    return {**answer, "status": response.status_code}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"id": "with space"}, "id"),
        ({"id": "$statuses"}, "id"),
        ({"id": "new\n"}, "id"),
        ({"question": None}, "question"),
        ({"question": "x" * 200_001}, "question"),
        ({"asking_name": None}, ""),
        ({"asking_name": "x" * 201}, "asking_name"),
        ({"mood": "angry"}, "mood"),
        ({"mood": "interp_meh__meh__nan__nan"}, "mood"),
        ({"mood": ""}, "mood"),
        ({"exact_prompt": "perhaps"}, "exact_prompt"),
        ({"v10_timestamp": "x" * 201}, "v10_timestamp"),
        ({"surprise": "1"}, "surprise"),
        ({"client": "two words"}, "client"),
        ({"question": "nul \x00"}, ""),
        ({"question": ["one", "two"]}, "question"),
    ],
)
def test_answer_fields(service: Service, change: dict[str, Any], field: str) -> None:
    form = {name: value for name, value in {**FORM, **change}.items() if value is not None}
    assert refused(service, "/", "client", data=form)["field"] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": "new"}, "texts"),
        ({"id": "new", "texts": []}, "texts"),
        ({"id": "new", "texts": ["x"] * 65}, "texts"),
        ({"id": "new", "texts": ["x" * 50_001]}, "texts.0"),
        ({"id": "new", "texts": "x"}, "texts"),
        ({"id": "new", "texts": [1]}, "texts.0"),
        ({"id": 7, "texts": ["x"]}, "id"),
        ({"id": "new", "texts": ["nul \x00"]}, ""),
        ({"id": "new", "texts": ["x"], "v10_timestamps": "noon"}, "v10_timestamps"),
    ],
)
def test_raw_select_fields(service: Service, body: dict[str, Any], field: str) -> None:
    assert refused(service, "/raw_select", "client", json=body)["field"] == field


@pytest.mark.parametrize(
    ("result", "field"),
    [
        ({**BATCH, "mirotarg": [2, 2]}, "results.a.GenerationResult"),
        ({**BATCH, "selection_proba": []}, "results.a.GenerationResult"),
        ({**BATCH, "candidate_keys": ["k", "l"]}, "results.a.GenerationResult"),
        ({**BATCH, "selection_proba": [1.5]}, "results.a.GenerationResult.selection_proba.0"),
        ({**BATCH, "sentiment_logit_diffs": ["much"]}, "results.a.GenerationResult.sentiment_logit_diffs.0"),
        ({name: values * 65 for name, values in BATCH.items()}, "results.a.GenerationResult.continuations"),
        ({name: [] for name in BATCH}, "results.a.GenerationResult.continuations"),
        ({**BATCH, "continuations": ["x" * 50_001]}, "results.a.GenerationResult.continuations.0"),
        ({**BATCH, "surprise": 1}, "results.a.GenerationResult.surprise"),
        ({**SCORES, "sentiment_logit_diffs": []}, "results.a.RawSelectResult"),
        ({"error": "x" * 2001}, "results.a.WorkerError.error"),
        ("a text", "results.a.GenerationResult"),
        (None, "results.a.GenerationResult"),
    ],
)
def test_results_of_generators(service: Service, result: object, field: str) -> None:
    assert refused(service, "/pollgenerator", "generator", json={"results": {"a": result}})["field"] == field


def test_a_poll_with_one_bad_result_is_refused_as_a_whole(service: Service) -> None:
    results = {"a": BATCH, "b": {**BATCH, "mirotarg": []}}
    refused(service, "/pollgenerator", "generator", json={"results": results})


@pytest.mark.parametrize(
    "change",
    [
        {"base_id": "b"}, {"choice_ix": -1}, {"tags": ["x"] * 201}, {"all_proba": [0.5] * 1025},
        {"mood": "meh"}, {"model_info": {str(n): 1 for n in range(65)}}, {"retained": "x"}, {"post": None},
    ],
)  # fmt: skip
def test_results_of_selectors(service: Service, change: dict[str, Any]) -> None:
    refused(service, "/pollselector", "selector", json={"results": {"a": {**CHOICE, **change}}})


@pytest.mark.parametrize(
    "change",
    [
        {"wait": 31}, {"wait": -1}, {"wait": "long"}, {"max_jobs": 65}, {"max_jobs": -1}, {"leases": "all"},
        {"worker": ""}, {"worker": "x" * 65}, {"batch_size": 0}, {"batch_size": 65},
        {"capabilities": ["dance"]}, {"results": []}, {"results": {"$a": BATCH}},
        {"results": {f"r{n}": BATCH for n in range(65)}},
    ],
)  # fmt: skip
def test_polls(service: Service, change: dict[str, Any]) -> None:
    refused(service, "/pollgenerator", "generator", json=change)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'"text"',
        b'{"id": NaN, "texts": ["x"]}',
        b'{"id": "new", "texts": ["x"], "more": Infinity}',
        b'{"results": {"a": {"error": "\\ud800"}}}',
        b"[" * 100_000,
        b'{"a":' * 17 + b"1" + b"}" * 17,
        b'{"results": ' + b"9" * 10_000 + b"}",
        b'{"id": "x", "id\\u0000": "y"}',
    ],
)
@pytest.mark.parametrize(("path", "role"), POSTS)
def test_bodies_that_are_no_message(service: Service, path: str, role: Role, raw: bytes) -> None:
    if path == "/done" and raw == b'"text"':
        raw = b'"text with spaces"'
    refused(service, path, role, data=raw, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_that_are_none(service: Service, number: str) -> None:
    body = json.dumps({"results": {"a": {**BATCH, "sentiment_logit_diffs": ["HERE"]}}})
    raw = body.replace('"HERE"', number)
    refused(service, "/pollgenerator", "generator", data=raw, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(("path", "role"), POSTS)
def test_bodies_that_are_too_large(service: Service, path: str, role: Role) -> None:
    large = b'{"id": "' + b"x" * (8 * 1024 * 1024) + b'"}'
    assert refused(service, path, role, data=large, content_type="application/json")["status"] == 413


@pytest.mark.parametrize("text", ["🤖", "x", "<|", "域", "\n#2 bob commented:", "======="])
def test_the_largest_question_in_any_script_is_taken(service: Service, text: str) -> None:
    response = service.send("POST", "/", data={**FORM, "question": text * (200_000 // len(text))})
    assert response.status_code == 200


def test_refusals_do_not_repeat_what_was_sent(service: Service) -> None:
    answer = refused(
        service, "/", "client", data={**FORM, "mood": "secret-mood", "exact_prompt": "secret-flag"}
    )
    assert "secret" not in json.dumps(answer)


@pytest.mark.parametrize("query", ["?id=", "?id=a%20b", "?id=" + "x" * 129, "?id=%00"])
def test_status_of_an_impossible_id(service: Service, query: str) -> None:
    assert service.send("GET", "/status" + query).status_code == 400


def test_other_paths_and_methods(service: Service) -> None:
    assert service.send("GET", "/nowhere").status_code == 404
    assert service.send("GET", "/").status_code == 405
    assert service.send("DELETE", "/status").status_code == 405
    assert service.send("OPTIONS", "/getresult").status_code == 405
    assert service.send("GET", "/nowhere").get_json() == {"error": "not found", "field": ""}


KEYS = st.sampled_from(
    [
        "id",
        "texts",
        "results",
        "a",
        "wait",
        "worker",
        "leases",
        "client",
        "error",
        "lease",
        "max_jobs",
        *BATCH,
        *CHOICE,
    ]
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(route=st.sampled_from(POSTS), body=st.dictionaries(KEYS, JSON_VALUES, max_size=5) | JSON_VALUES)
def test_any_json_is_answered_without_a_server_error(
    service: Service, route: tuple[str, Role], body: Any
) -> None:
    if isinstance(body, dict):
        body.pop("wait", None)  # would be obeyed
    raw = json.dumps(body).encode("utf-8", "surrogatepass")
    response = service.send("POST", route[0], route[1], data=raw, content_type="application/json")
    assert response.status_code < 500
    assert response.get_json() is not None


@FUZZ
@given(route=st.sampled_from(POSTS), raw=st.binary(max_size=200), form=st.booleans())
def test_any_bytes_are_answered_without_a_server_error(
    service: Service, route: tuple[str, Role], raw: bytes, form: bool
) -> None:
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    response = service.send("POST", route[0], route[1], data=raw, content_type=kind)
    assert response.status_code < 500
