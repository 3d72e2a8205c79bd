"""The selector process, spoken to over its transport: a fake switchboard answers its polls."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from requests.adapters import BaseAdapter

import selector
from bot_lifecycle import FatalError
from selection.settings import SelectionConfig
from switchboard.client import Retry, SwitchboardClient
from switchboard.polling import SelectorExchange
from switchboard.worker import PollTimings

ROOT = Path(__file__).resolve().parent.parent
MOOD = {"name": "unrestricted", "min_allowed_score": -9.2, "max_allowed_score": 9.2}


class FakeSwitchboard(BaseAdapter):
    """Hands out one job per poll and takes in the results; asks the selector to stop when all are in."""

    def __init__(self, jobs: Mapping[str, dict[str, Any]], **reply: Any) -> None:
        super().__init__()
        self.waiting = dict(jobs)
        self.missing = set(jobs)
        self.reply = reply
        self.status = 200
        self.results: dict[str, dict[str, Any]] = {}
        self.dropped: list[str] = []
        self.done = threading.Event()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        assert request.url.endswith("/pollselector")
        assert request.headers["Authorization"] in ("Bearer secret", b"Bearer secret")
        response = requests.Response()
        response.status_code = self.status
        response.request = request
        response._content = json.dumps(self.answer(json.loads(request.body or b"{}"))).encode()
        return response

    def close(self) -> None:
        pass

    def answer(self, poll: dict[str, Any]) -> dict[str, Any]:
        if self.status != 200:
            return {"error": "not you", "field": ""}
        self.results |= poll["results"]
        self.missing -= set(poll["results"])
        self.dropped += poll["retention_dropped"]
        if not self.missing:
            self.done.set()
        handed = dict([self.waiting.popitem()]) if self.waiting and poll["max_jobs"] else {}
        statuses = dict.fromkeys(poll["results"], "accepted")
        return {"SELECTION_PROMPT_STACK": handed, "statuses": statuses, "leases": {}, **self.reply}


def job(job_id: str, kind: str = "answer", **changes: Any) -> dict[str, Any]:
    kwargs = {"mood": MOOD, "strategy": "argmax", **changes.pop("kwargs", {})}
    return {
        "type": kind,
        "prompt": "友someone要\nhello?\n域" if kind == "answer" else "",
        "kwargs": kwargs,
        "base_id": job_id,
        "n_desired": 2,
        "continuations": ["meh职#one<|endoftext|>", "wonderful职#two, #three<|endoftext|>"],
        "mirotarg": [1.9, 2.1],
        "selection_proba": [0.3, 0.7],
        "sentiment_logit_diffs": [-1.0, 1.0],
        "model_infos": [{"model_name": "first"}, {"model_name": "second"}],
        "lease": {
            "token": f"lease-{job_id}",
            "expires_at": "2026-01-01T00:00:00Z",
            "lasts_seconds": 120,
            "candidates": 0,
            "attempt": 1,
        },
        **changes,
    }


def serve(switchboard: FakeSwitchboard, config: SelectionConfig | None = None) -> None:
    """Run the selector against a fake switchboard until that has everything."""
    built = selector.Selector(config or SelectionConfig(), random.Random(1))
    with requests.Session() as session:
        session.mount("http://", switchboard)
        client = SwitchboardClient(
            "http://switchboard", SecretStr("secret"), session=session, retry=Retry(attempts=1)
        )
        exchange = SelectorExchange(client, worker="selector-1", dropped=built.dropped)
        selector.serve(exchange, built, switchboard.done, PollTimings(wait_seconds=0.0, tick_seconds=0.01))


def test_an_answer_is_chosen_and_delivered() -> None:
    switchboard = FakeSwitchboard({"r1": job("r1")})
    serve(switchboard)
    result = switchboard.results["r1"]
    assert (result["post"], result["tags"]) == ("wonderful", ["two", "three"])
    assert result["proba"] == 0.7
    assert result["all_proba"] == [0.3, 0.7]
    assert result["all_mirotarg"] == [1.9, 2.1]
    assert (result["choice_ix"], result["choice_index"]) == (1, 1)
    assert result["mood"]["name"] == "unrestricted"
    assert result["model_info"] == {"model_name": "second"}
    assert result["base_id"] == "r1"
    assert result["lease"] == "lease-r1"
    assert result["all_posts"] is None
    assert result["retained"] == []


def test_the_probability_of_rejection_goes_with_the_chosen_text() -> None:
    jobs = {"r1": job("r1", autoreview=[0.9, 0.2]), "r2": job("r2", autoreview=[0.9, None]), "r3": job("r3")}
    switchboard = FakeSwitchboard(jobs)
    serve(switchboard)
    results = switchboard.results
    assert [results[name]["autoreview"] for name in jobs] == [0.2, None, None]
    assert [results[name].get("all_autoreview", "left out") for name in jobs] == [
        [0.9, 0.2],
        [0.9, None],
        "left out",
    ]


def test_so_it_does_with_a_retained_text() -> None:
    kept = [f"kept {number}<|endoftext|>" for number in range(2)]
    retention = {"RETENTION_STACK": kept, "RETENTION_STACK_SENTIMENT": [0.2, 0.2]}
    switchboard = FakeSwitchboard(
        {"r1": job("r1", "textpost")},
        **retention,
        RETENTION_STACK_PROBA=[0.9, 0.8],
        RETENTION_STACK_AUTOREVIEW=[0.7, None],
    )
    serve(switchboard)
    result = switchboard.results["r1"]
    assert (result["post"], result["autoreview"]) == ("kept 0", 0.7)
    assert result["all_autoreview"] == [None, None, 0.7, None]


def test_the_mood_of_the_job_screens() -> None:
    sad = {"name": "only_sad", "min_allowed_score": -9.2, "max_allowed_score": -0.5}
    switchboard = FakeSwitchboard({"r1": job("r1", kwargs={"mood": sad, "return_all_conts": True})})
    serve(switchboard)
    result = switchboard.results["r1"]
    assert result["post"] == "meh"
    assert (result["choice_ix"], result["choice_index"]) == (0, 0)
    assert result["all_posts"] == ["meh", "wonderful"]
    assert result["all_tags"] == [["one"], ["two", "three"]]


def test_an_original_post_draws_on_the_retention_list_and_fills_it() -> None:
    kept = "kept for long职#four<|endoftext|>"
    switchboard = FakeSwitchboard(
        {"r1": job("r1", "textpost")},
        RETENTION_STACK=[kept],
        RETENTION_STACK_PROBA=[0.9],
        RETENTION_STACK_SENTIMENT=[0.2],
    )
    serve(switchboard)
    result = switchboard.results["r1"]
    assert result["post"] == "kept for long"
    assert result["chosen_retained"] == kept
    assert result["retained"] == ["wonderful职#two, #three<|endoftext|>"]
    assert result["choice_index"] == 2
    assert result["mirotarg"] is None
    assert result["model_info"] == {}


def test_a_post_that_is_only_tried_out_spares_the_retention_list() -> None:
    tried = job("r1", "textpost")
    tried["kwargs"]["spare_retained"] = True
    switchboard = FakeSwitchboard(
        {"r1": tried},
        RETENTION_STACK=["kept for long职#four<|endoftext|>"],
        RETENTION_STACK_PROBA=[0.9],
        RETENTION_STACK_SENTIMENT=[0.2],
    )
    serve(switchboard)
    result = switchboard.results["r1"]
    assert result["post"] != "kept for long"
    assert (result.get("chosen_retained"), result.get("retained", [])) == (None, [])


def test_retained_texts_whose_score_has_sunk_are_dropped() -> None:
    switchboard = FakeSwitchboard(
        {"r1": job("r1"), "r2": job("r2")},
        RETENTION_STACK=["good", "story职#original fiction", "sunken"],
        RETENTION_STACK_PROBA=[0.61, 0.45, 0.6],
        RETENTION_STACK_SENTIMENT=[0.0, 0.0, 0.0],
    )
    serve(switchboard)
    assert set(switchboard.dropped) == {"sunken"}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"kwargs": {"strategy": "guess"}}, "UnknownStrategy: no strategy is called 'guess'"),
        (
            {
                "continuations": [],
                "mirotarg": [],
                "selection_proba": [],
                "sentiment_logit_diffs": [],
                "model_infos": [],
            },
            "NoCandidates",
        ),
        ({"selection_proba": [0.5]}, "ValueError"),
    ],
)
def test_a_job_that_cannot_be_done_is_reported_and_the_next_one_served(
    broken: dict[str, Any], reason: str
) -> None:
    switchboard = FakeSwitchboard({"good": job("good"), "bad": job("bad", **broken)})
    serve(switchboard)
    assert reason in switchboard.results["bad"]["error"]
    assert switchboard.results["bad"]["lease"] == "lease-bad"
    assert switchboard.results["good"]["post"] == "wonderful"


def test_settings_reach_the_choice() -> None:
    config = SelectionConfig(retention_cutoff=0.2)
    switchboard = FakeSwitchboard({"r1": job("r1", "textpost")})
    serve(switchboard, config)
    assert switchboard.results["r1"]["retained"] == ["meh职#one<|endoftext|>"]


@pytest.mark.parametrize(("status", "hint"), [(403, "selector_token"), (409, "other selector")])
def test_what_only_a_human_can_fix_is_said_in_one_line(status: int, hint: str) -> None:
    switchboard = FakeSwitchboard({})
    switchboard.status = status
    with pytest.raises(FatalError, match=hint):
        serve(switchboard)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The real process; its switchboard's port is the discard port, where nobody listens."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"switchboard": {"url": "http://127.0.0.1:9", "selector_token": "secret"}}))
    running = subprocess.Popen(
        [sys.executable, "selector.py", "--config", str(config)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with running:
        yield running
        running.kill()


def test_it_waits_for_the_switchboard_and_stops_on_sigterm(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    assert "selector started" in process.stderr.readline()
    assert "switchboard out of reach" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert "selector stopped" in process.stderr.read()


def test_a_wrong_configuration_is_one_line(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"selection": {"retention_cutof": 0.5}}')
    done = subprocess.run(
        [sys.executable, "selector.py", "--config", str(config)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "retention_cutoff" in done.stderr


def test_no_model_library_is_loaded() -> None:
    heavy = "{'torch', 'transformers', 'matplotlib', 'scipy'}"
    program = f"import sys, selector; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
