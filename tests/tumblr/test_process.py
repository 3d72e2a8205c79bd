"""The real tumbl.py, against a real sandbox and a real switchboard, killed at its weakest moments."""

from __future__ import annotations

import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tumblr.live_services import BLOG, Neighbours, eventually, stop
from tumblr.turns.fail_points import FailPoint
from tumblr_sandbox.faults import Fault, FaultKind

WEAKEST = (FailPoint.AFTER_SUBMIT, FailPoint.AFTER_INTENT, FailPoint.AFTER_POST, FailPoint.AFTER_RECORD)
"""Where two systems know different things; the other points are tried without processes."""


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Neighbours]:
    with Neighbours(tmp_path) as neighbours:
        yield neighbours


def test_killed_at_every_weak_moment_each_ask_is_answered_once(near: Neighbours) -> None:
    questions = [f"question number {n}" for n in range(len(WEAKEST))]
    for question, point in zip(questions, WEAKEST, strict=True):
        near.driver.ask(BLOG, question, "bob")
        assert near.start(fail_point=point).wait(timeout=60) == -signal.SIGKILL
    process = near.start()
    eventually(lambda: len(near.posts("published")) >= len(questions))
    status, log = stop(process)
    assert status == 0
    assert "Traceback" not in log
    assert Counter(post.question for post in near.posts("published", "draft")) == Counter(questions)
    assert near.posts("submission") == []
    _check_memory(near.folder / "tumbl.sqlite", len(questions))


def test_originals_fill_the_queue_once_whatever_dies_or_gets_lost(near: Neighbours) -> None:
    near.rewrite("queue", write_when_below=2)
    near.driver.add_fault(Fault(kind=FaultKind.TIMEOUT, path="*/posts", method="POST", count=1, seconds=1.0))
    near.driver.add_fault(Fault(kind=FaultKind.CUT, path="*/posts", method="POST", count=1))
    near.rewrite("tumblr", write_timeout_seconds=0.5)
    assert near.start(fail_point=FailPoint.AFTER_POST).wait(timeout=60) == -signal.SIGKILL
    process = near.start()
    eventually(lambda: _rows(near.folder / "tumbl.sqlite", "SELECT state FROM turns") == [("posted",)] * 2)
    status, _ = stop(process)
    assert status == 0
    assert len(near.posts("queued")) == 2
    assert near.posts("published", "draft") == []


def test_an_answer_whose_confirmation_is_lost_is_not_given_twice(near: Neighbours) -> None:
    near.driver.add_fault(Fault(kind=FaultKind.MALFORMED, path="*/posts/*", method="PUT", count=1))
    near.driver.add_fault(Fault(kind=FaultKind.STATUS, path="*/posts/submission", count=2))
    near.driver.ask(BLOG, "soup?", "bob")
    process = near.start()
    eventually(lambda: near.posts("published"))
    eventually(lambda: _rows(near.folder / "tumbl.sqlite", "SELECT state FROM turns") == [("posted",)])
    status, log = stop(process)
    assert status == 0
    assert "found to be posted already" in log
    assert len(near.posts("published", "draft")) == 1


def test_a_dry_run_says_what_it_would_post_and_changes_nothing(near: Neighbours) -> None:
    near.driver.ask(BLOG, "soup?", "bob")
    process = near.start("--dry-run", "--once")
    _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "would post" in log
    assert "is warm" in log
    assert [call.method for call in near.driver.calls(path="/v2/*") if call.method != "GET"] == []
    assert not (near.folder / "tumbl.sqlite").exists()
    assert len(near.posts("submission")) == 1


def test_wrong_keys_are_one_clear_line(near: Neighbours) -> None:
    keys = {"consumer_key": "a", "consumer_secret": "b", "token": "c", "token_secret": "d"}
    near.rewrite("tumblr", base_keys=[keys])
    process = near.start("--once")
    _, log = process.communicate(timeout=60)
    assert process.returncode == 2
    last = log.strip().splitlines()[-1]
    assert last.startswith("error: tumblr refuses the API keys")
    assert "tumblr.base_keys" in last


def test_a_switchboard_that_is_not_there_is_said_once_and_waited_for(near: Neighbours) -> None:
    near.rewrite("switchboard", url="http://127.0.0.1:9")
    near.driver.ask(BLOG, "soup?", "bob")
    process = near.start()
    eventually(lambda: _rows(near.folder / "tumbl.sqlite", "SELECT state FROM turns") == [("requested",)])
    status, log = stop(process)
    assert status == 0
    assert log.count("switchboard not available") == 1
    near.rewrite("switchboard", url=None)
    near.start()
    eventually(lambda: near.posts("published"))


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    if not path.exists():
        return []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


def _check_memory(path: Path, answered: int) -> None:
    assert _rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert _rows(path, "SELECT count(*) FROM mood_inputs") == [(answered,)]
    assert _rows(path, "SELECT count(DISTINCT post_id) FROM post_log") == [(answered,)]
    assert _rows(path, "SELECT state, count(*) FROM turns GROUP BY state") == [("posted", answered)]
