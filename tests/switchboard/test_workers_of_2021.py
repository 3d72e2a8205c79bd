"""Workers of 2021, message by message as they send them: served, though they know of no lease and no name."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from switchboard.settings import Role
from tests.switchboard.service import TOKENS, Service

FORM = {
    "question": "how are you?",
    "id": "request-1",
    "asking_name": "bob",
    "mood": "unrestricted",
    "exact_prompt": "",
    "v8_timestamp": "3:07 PM",
    "v10_timestamp": "3 PM January 2021",
    "forced_tags_string": "",
    "write_fic_override": "0",
    "write_review_override": "1",
    "return_all_conts": "0",
    "selector_cut_to_final_exchange": "0",
    "na_beamsplit": "False",
}


def send(service: Service, path: str, role: Role, **body: Any) -> Any:
    """One call of a worker whose address of the switchboard is http://worker:TOKEN@HOST."""
    basic = base64.b64encode(f"worker:{TOKENS[role]}".encode()).decode()
    answer = service.send("POST", path, None, headers={"Authorization": f"Basic {basic}"}, **body)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def written(job: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A generator's result: the whole job record, and one candidate with its scores."""
    return {
        **job,
        "continuations": [f"text {number}"],
        "mirotarg": [2.5],
        "selection_proba": [number / 100],
        "sentiment_logit_diffs": [number / 10],
        "model_info": {"model_name": "arj-x"},
        "alt_selection_proba_v8": [0.5],
    }


def chosen(job: Mapping[str, Any], index: int) -> dict[str, Any]:
    """A selector's result; its choice_ix counts in what the mood screen has left, here all but the first."""
    texts, probabilities = job["continuations"], job["selection_proba"]
    return {
        "post": texts[index],
        "tags": ["a tag"],
        "proba": probabilities[index],
        "pos_sentiment": index / 20,
        "mirotarg": job["mirotarg"][index],
        "all_pos_sentiment": [number / 20 for number in range(len(texts))],
        "all_proba": probabilities,
        "all_mirotarg": job["mirotarg"],
        "choice_ix": index - 1,
        "mood": job["kwargs"]["mood"],
        "base_id": job["base_id"],
        "AB_fork": "A",
        "model_info": {},
    }


def generate(service: Service) -> int:
    """A generator's whole loop, one candidate with each poll; how many it wrote."""
    stack = send(service, "/pollgenerator", "generator", json={"results": {}})
    number = 0
    while stack:
        assert all(job["type"] == "answer" for job in stack.values()), "every key is a job to it"
        number += 1
        results = {job_id: written(job, number) for job_id, job in stack.items()}
        stack = send(service, "/pollgenerator", "generator", json={"results": results})
    return number


def test_an_answer_goes_all_its_way(service: Service) -> None:
    assert send(service, "/", "client", data=FORM)["collision"] is False
    assert send(service, "/getresult", "client", data={"id": "request-1"})["done"] is False
    assert generate(service) == 8
    reply = send(service, "/pollselector", "selector", json={"results": {}, "retention_stack": []})
    ((job_id, job),) = reply["SELECTION_PROMPT_STACK"].items()
    assert [len(job[name]) for name in ("continuations", "selection_proba", "mirotarg")] == [8, 8, 8]
    second = {"results": {job_id: chosen(job, 3)}, "n_retention": 0}
    assert send(service, "/pollselector", "selector", json=second)["SELECTION_PROMPT_STACK"] == {}
    found = send(service, "/getresult", "client", data={"id": "request-1"})
    assert (found["done"], found["result"]["post"], found["result"]["choice_index"]) == (True, "text 4", 3)


def test_a_batch_that_is_sent_again_counts_once(service: Service) -> None:
    send(service, "/", "client", data=FORM)
    ((job_id, job),) = send(service, "/pollgenerator", "generator", json={"results": {}}).items()
    for _ in range(3):
        stack = send(service, "/pollgenerator", "generator", json={"results": {job_id: written(job, 1)}})
    assert stack[job_id]["n_desired"] == 8
    assert service.bench.line(job_id)["accepted"] == 1


def test_scores_come_back_with_the_job_record(service: Service) -> None:
    texts = ["one", "two"]
    send(service, "/raw_select", "client", json={"texts": texts, "id": "judge", "v8_timestamps": ["3:07 PM"]})
    ((job_id, job),) = send(service, "/pollgenerator", "generator", json={"results": {}}).items()
    result = {**job, "selection_proba": [0.25, 0.5], "sentiment_logit_diffs": [1.0, -1.0], "model_info": {}}
    assert send(service, "/pollgenerator", "generator", json={"results": {job_id: result}}) == {}
    found = send(service, "/getresult", "client", data={"id": "judge"})
    assert found["result"]["selection_proba"] == [0.25, 0.5]


def poll_with(service: Service, texts: list[str]) -> Any:
    """What a selector hears of the scores of its retention list."""
    body = {"results": {}, "retention_stack": texts}
    return send(service, "/pollselector", "selector", json=body)["RETENTION_STACK_PROBA"]


def test_the_selector_keeps_its_own_list_and_gets_scores_in_its_order(service: Service) -> None:
    assert poll_with(service, []) == []
    assert poll_with(service, ["kept", "also kept"]) is None
    ((job_id, job),) = send(service, "/pollgenerator", "generator", json={"results": {}}).items()
    scores = {"also kept": 0.25, "kept": 0.75}
    result = {
        "selection_proba": [scores[text] for text in job["texts"]],
        "sentiment_logit_diffs": [0.0, 0.0],
        "model_info": {},
    }
    send(service, "/pollgenerator", "generator", json={"results": {job_id: result}})
    assert poll_with(service, ["kept", "also kept"]) == [0.75, 0.25]
    assert poll_with(service, ["also kept"]) == [0.25]
    assert service.bench.store.status().retained == 1
    assert poll_with(service, []) == []
    assert service.bench.store.status().retained == 0


@pytest.mark.parametrize(
    ("change", "index"),
    [
        ({}, 1),
        ({"all_mirotarg": []}, 0),
        ({"all_posts": ["other", "same", "mine"], "all_proba": [0.5, 0.5, 0.5]}, 2),
        ({"choice_index": 2}, 2),
    ],
)
def test_the_place_of_a_choice_is_found_by_what_is_said_of_it(
    service: Service, change: dict[str, Any], index: int
) -> None:
    send(service, "/", "client", data=FORM)
    generate(service)
    reply = send(service, "/pollselector", "selector", json={"results": {}, "retention_stack": []})
    job = reply["SELECTION_PROMPT_STACK"]["request-1"]
    result = {
        "post": "mine",
        "proba": 0.5,
        "mirotarg": 2.0,
        "all_proba": [0.25, 0.5, 0.5],
        "all_mirotarg": [2.0, 2.0, 2.0],
        "choice_ix": 0,
        "mood": job["kwargs"]["mood"],
        "base_id": "request-1",
        **change,
    }
    send(service, "/pollselector", "selector", json={"results": {"request-1": result}, "n_retention": 0})
    found = send(service, "/getresult", "client", data={"id": "request-1"})
    assert found["result"]["choice_index"] == index


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Basic", 403), ("Basic !!", 401), ("Basic d29ya2Vy", 403), ("Digest x", 401)],
)
def test_without_its_token_a_worker_is_told_in_one_line_how_to_send_it(
    service: Service, authorization: str | None, status: int
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = service.send("POST", "/pollgenerator", None, headers=headers, json={"results": {}})
    assert answer.status_code == status
    if status == 401:
        assert "Bearer TOKEN" in answer.get_json()["error"]
