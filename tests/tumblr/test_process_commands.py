"""The real tumbl.py and a real sandbox: commands, drafts, and what a pass costs."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytumblr import TumblrRestClient

from bot_config import load_config
from bot_lifecycle import Shutdown
from tests.tumblr.live_services import BLOG, Neighbours, eventually, stop
from tumblr.build import running_bot
from tumblr.pacing.budget import RULES
from tumblr.turns.fail_points import FailPoint

DASH = "frank-dash"

IDLE_PASS = 3
"""Calls of a pass over an idle account: drafts, inbox, queue."""

FIRST_PASS = 2 + 2 + 1
"""Calls that the first pass makes besides: one with each key set for its limits, own posts, the queue, and
whom the dashboard account follows."""


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Neighbours]:
    with Neighbours(tmp_path, commands={"draft_reviews": False}) as neighbours:
        keys = neighbours.driver.create_user(DASH)
        names = ("consumer_key", "consumer_secret", "token", "token_secret")
        neighbours.rewrite("tumblr", dashboard_keys=[dict(zip(names, keys.strings(), strict=True))])
        yield neighbours


def tag(near: Neighbours, post_id: str, tags: str) -> None:
    """Give a post of the bot's other tags, as its owner."""
    client: Any = TumblrRestClient  # pytumblr has no types
    fields = {"id": post_id, "tags": tags}
    client(*near.keys.strings(), host=near.driver.base_url).send_api_request(
        "post", f"/v2/blog/{BLOG}/post/edit", fields, list(fields)
    )


def followed(near: Neighbours) -> bool:
    return any(call.path == "/v2/user/follow" and call.status == 200 for call in near.driver.calls())


def test_commands_are_obeyed_once_though_the_bot_dies_in_between(near: Neighbours) -> None:
    near.driver.ask(BLOG, "!follow", "bob")
    near.driver.ask(BLOG, "!review Soup, A. Cook, 4", DASH)
    for point in (FailPoint.AFTER_POST, FailPoint.DURING_RECORD, FailPoint.AFTER_CHORE):
        assert near.start(fail_point=point).wait(timeout=60) == -signal.SIGKILL
    process = near.start()
    eventually(lambda: near.posts("published") and not near.posts("submission"))
    status, log = stop(process)
    assert status == 0
    assert "Traceback" not in log
    (review,) = near.posts("published")
    assert "A. Cook" in review.html
    assert followed(near)


def test_the_mood_is_shown_once_though_the_bot_dies_in_between(near: Neighbours) -> None:
    pytest.importorskip("tumblr_sandbox.media", reason="the sandbox takes no pictures")
    near.driver.ask(BLOG, "!mood", "bob")
    for point in (FailPoint.AFTER_INTENT, FailPoint.AFTER_POST, FailPoint.AFTER_RECORD):
        assert near.start(fail_point=point).wait(timeout=60) == -signal.SIGKILL
    process = near.start()
    eventually(lambda: near.posts("published") and not near.posts("submission"))
    stop(process)
    (shown,) = near.posts("published")
    assert shown.html.count("<img") == 1
    assert "over the last day" in shown.html
    assert shown.tags == []


def test_a_draft_that_is_sent_back_is_written_anew_though_the_bot_dies_in_between(near: Neighbours) -> None:
    near.rewrite("tumblr", publishing="drafts")
    near.driver.ask(BLOG, "soup?", "bob")
    process = near.start()
    eventually(lambda: near.posts("draft"))
    stop(process)
    (first,) = near.posts("draft")
    tag(near, first.id, "soup,rts")
    for point in (FailPoint.AFTER_SENT_BACK, FailPoint.AFTER_CHORE):
        assert near.start(fail_point=point).wait(timeout=60) == -signal.SIGKILL
    process = near.start()
    eventually(lambda: [post.tags for post in near.posts("draft")] == [["soup", "bob"]])
    (second,) = near.posts("draft")
    assert second.id == first.id
    assert second.html != first.html
    tag(near, second.id, "soup,a")
    eventually(lambda: near.posts("published"))
    stop(process)
    (published,) = near.posts("published")
    assert published.tags == ["soup"]
    assert near.posts("draft", "submission") == []


def costs_of_idle_passes(near: Neighbours, number: int) -> list[int]:
    """The calls of so many passes over an account where nothing happens and the queue is full."""
    near.rewrite("queue", write_when_below=5)
    for place in range(5):
        near.driver.post(BLOG, f"<p>{place}</p>", state="queued")
    costs = []
    with running_bot(load_config(near.config_path), Shutdown(), dry_run=False, clock=time.time) as loop:
        for _ in range(number):
            before = len(near.driver.calls(path="/v2/*"))
            loop.find()
            costs.append(len(near.driver.calls(path="/v2/*")) - before)
    return costs


def test_a_pass_over_an_idle_account_costs_few_calls(near: Neighbours) -> None:
    near.driver.set_limits(per_hour=24, per_day=24)  # too few for a look at the notes
    assert costs_of_idle_passes(near, 3) == [IDLE_PASS + FIRST_PASS, IDLE_PASS, IDLE_PASS]


def test_with_a_look_at_notes_and_dashboard_it_costs_no_more_than_is_reckoned_with(near: Neighbours) -> None:
    needed = RULES["2021"].start[0]
    assert max(costs_of_idle_passes(near, 3)) <= needed
