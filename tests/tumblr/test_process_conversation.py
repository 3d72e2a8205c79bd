"""The real tumbl.py and a real sandbox: people say things to the bot, and it answers each once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tumblr.live_services import BLOG, Neighbours, eventually, stop
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.turn import Turn
from tumblr_sandbox.records import PostRecord

FORMS = ("npf", "legacy")


@pytest.fixture
def near(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Neighbours]:
    with Neighbours(tmp_path) as neighbours:
        neighbours.rewrite("tumblr", post_format=getattr(request, "param", "npf"))
        neighbours.driver.create_user("ann")
        # Passes follow each other so fast that no smaller limit would let each of them read the notes.
        neighbours.driver.set_limits(per_hour=10**9, per_day=10**9)
        yield neighbours


def of_the_bot(near: Neighbours, *besides: str) -> list[PostRecord]:
    """What the bot has posted, besides these posts."""
    return [post for post in near.posts("published", "draft") if post.id not in besides]


def turns(near: Neighbours) -> list[Turn]:
    with Database.read(near.folder / "tumbl.sqlite") as database:
        store = TurnStore(database, lambda: 0.0)
        return [store.turn(number) for number in range(1, 1 + sum(store.counts().values()))]


@pytest.mark.parametrize("near", FORMS, indirect=True)
def test_everything_that_people_say_is_answered_once(near: Neighbours) -> None:
    post = near.driver.post(BLOG, "<p>Soup is warm.</p>")
    near.driver.reblog("bob", post)
    said = near.driver.reblog("bob", post, "<p>is it though, I wonder</p>")
    near.driver.reblog("ann", said, "<p>of course it is</p>")
    near.driver.reply("ann", post, f"@{BLOG} I like soup")
    named = near.driver.post(
        "ann", f'<p>hey <a class="tumblelog" href="https://{BLOG}.tumblr.com/">@{BLOG}</a></p>'
    )
    process = near.start()
    eventually(lambda: len(of_the_bot(near, post)) >= 3)
    status, log = stop(process)
    assert (status, "Traceback" in log) == (0, False)
    found = {turn.kind: turn for turn in turns(near) if turn.post_id}
    reblogs = {p.parent_id: p for p in of_the_bot(near, post) if p.parent_id}
    assert set(reblogs) == {said, named}
    assert "bob" in reblogs[said].tags
    (reply,) = [p for p in of_the_bot(near, post) if p.parent_id is None]
    assert "replied to your post" in reply.html
    assert "I like soup" in reply.html
    assert set(found) == {"reblog", "reply", "mention"}
    skipped = {turn.who: turn.reason for turn in turns(near) if turn.state == "skipped"}
    assert skipped == {"ann": "it was reblogged from bob, not from the bot"}


@pytest.mark.parametrize("point", [FailPoint.AFTER_INTENT, FailPoint.AFTER_POST])
def test_a_killed_bot_reblogs_once(near: Neighbours, point: FailPoint) -> None:
    post = near.driver.post(BLOG, "<p>Soup is warm.</p>")
    said = near.driver.reblog("bob", post, "<p>is it though, I wonder</p>")
    assert near.start(fail_point=point).wait(timeout=60) == -signal.SIGKILL
    process = near.start()
    eventually(lambda: of_the_bot(near, post))
    eventually(lambda: any(turn.post_id for turn in turns(near)))
    stop(process)
    (answer,) = of_the_bot(near, post)
    assert answer.parent_id == said


def test_a_conversation_goes_on(near: Neighbours) -> None:
    near.rewrite("damping", longest_exchange=2)
    last = near.driver.post(BLOG, "<p>Soup is warm.</p>")
    process = near.start()
    known = [last]
    for said in ("and salad?", "and bread?"):
        near.driver.reblog("bob", last, f"<p>{said} please tell me</p>")
        eventually(lambda: of_the_bot(near, *known))
        last = of_the_bot(near, *known)[0].id
        known.append(last)
    near.driver.reblog("bob", last, "<p>and once more, please</p>")
    eventually(lambda: any(turn.state == "skipped" for turn in turns(near)))
    stop(process)
    assert [turn.reason for turn in turns(near) if turn.state == "skipped"] == [
        "the bot and bob have gone back and forth 2 times"
    ]


def test_the_dashboard_is_reblogged_once(near: Neighbours) -> None:
    keys = near.driver.create_user("frank-dash")
    names = ("consumer_key", "consumer_secret", "token", "token_secret")
    near.rewrite("tumblr", dashboard_keys=[dict(zip(names, keys.strings(), strict=True))])
    near.rewrite("blog", dash_blog_name="frank-dash")
    near.rewrite("dashboard", selection_cutoff=0.3)
    near.driver.follow("frank-dash", "ann")
    near.driver.follow("frank-dash", "bob")
    theirs = near.driver.post("ann", "<p>I went to the marsh and saw a heron.</p>")
    near.driver.reblog("bob", theirs)
    near.driver.post("ann", "<p>no thanks</p>", tags=["long post"])
    near.rewrite("dashboard", selection_cutoff=0.3, tag_avoid_list=["long"])
    assert near.start(fail_point=FailPoint.AFTER_POST).wait(timeout=60) == -signal.SIGKILL
    process = near.start()
    eventually(lambda: any(turn.post_id for turn in turns(near)))
    eventually(lambda: len(turns(near)) >= 3)
    status, log = stop(process)
    assert (status, "Traceback" in log) == (0, False)
    (answer,) = of_the_bot(near)
    assert answer.parent_id is not None
    reasons = sorted(turn.reason or "" for turn in turns(near) if turn.state == "skipped")
    assert reasons == [f"ann:{theirs} is answered already", "it is tagged 'long post'"]
