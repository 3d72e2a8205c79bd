"""An older copy of the store is put back: what was said since is not said again, of whatever kind it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.tumblr.fakes import DRAFTS, World, queue
from tests.tumblr.finders.test_conversation_sources import Talk
from tumblr.api.errors import TumblrUnavailable
from tumblr.api.models import TumblrPost
from tumblr.api.writer import Writing
from tumblr.store.backup import back_up, restore
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.kinds import IN_WORK, TurnState

MakeWorld = Callable[..., World]

SAY: dict[str, Callable[[Talk], object]] = {
    "ask": lambda talk: talk.tumblr.ask("soup?", "bob"),
    "two asks": lambda talk: [talk.tumblr.ask(question, "bob") for question in ("soup?", "salad?")],
    "review": lambda talk: talk.tumblr.ask("!review Soup, Ann, 3", "bob"),
    "mood": lambda talk: talk.tumblr.ask("!mood", "bob"),
    "follow": lambda talk: talk.tumblr.ask("!follow", "bob"),
    "help": lambda talk: talk.tumblr.ask("!help", "bob"),
    "reblog": lambda talk: talk.reblog(talk.own_post(), 20),
    "reply": lambda talk: talk.reply(talk.own_post(), "why, though & how?"),
    "mention": lambda talk: talk.mention(30),
    "original": lambda _: None,
}


def whole_look(world: World) -> None:
    """Look for everything, once."""
    for step in world.loop.steps:
        world.store.add(step.find())


def live(world: World, passes: int = 4) -> None:
    """Some minutes of the bot's life."""
    for _ in range(passes):
        whole_look(world)
        for _ in range(3):
            world.clock.advance(20)
            world.driver.round()


def said(world: World) -> dict[str, TumblrPost]:
    """What the blog shows, queued and drafted posts too."""
    return {post.id: post for post in world.tumblr.posts.values() if post.state != "submission"}


def copied(world: World) -> Any:
    """Take a copy of the store; what is returned puts it back, and starts the bot on it."""
    path, copy = world.folder / "tumbl.sqlite", world.folder / "copy"
    back_up(path, copy)

    def put_back() -> None:
        world.stop()
        restore(copy, path, world.clock())
        world.switchboard.forget()
        world.switchboard.text = "Salad is cold.\nNobody likes it."
        world.clock.advance(600)
        world.start()

    return put_back


@pytest.mark.parametrize("publishing", ["automatic", "drafts"])
@pytest.mark.parametrize("copy_of", ["before it was said", "when it was found", "when it was asked for"])
@pytest.mark.parametrize("what", list(SAY))
def test_what_was_said_since_the_copy_is_not_said_again(
    make_world: MakeWorld, what: str, copy_of: str, publishing: str
) -> None:
    length = queue(1) if what == "original" else queue(0)
    talk = Talk(make_world(), tumblr={"publishing": publishing, "settle_seconds": 5.0}, queue=length)
    world = talk.world
    if copy_of == "before it was said":
        put_back = copied(world)
    world.clock.advance(100)
    SAY[what](talk)
    whole_look(world)
    if copy_of == "when it was found":
        put_back = copied(world)
    world.switchboard.automatic = False
    world.driver.round()
    if copy_of == "when it was asked for":
        put_back = copied(world)
    world.switchboard.automatic = True
    live(world)
    before, follows = said(world), set(world.tumblr.follows)
    assert before or what == "follow"
    put_back()
    live(world)
    assert said(world) == before
    assert world.tumblr.follows == follows
    assert not [turn for state in IN_WORK for turn in world.store.in_state(state)]


class Killed(BaseException):
    """The process has died."""


def die() -> None:
    raise Killed


@pytest.mark.parametrize("publishing", ["automatic", "drafts"])
@pytest.mark.parametrize("order", ["!review Soup, Ann, 3", "!review Soup", "!mood"])
def test_an_order_that_was_fulfilled_but_not_put_away_is_not_fulfilled_again(
    make_world: MakeWorld, order: str, publishing: str
) -> None:
    """Killed between the post and the deletion of the ask: the order still lies in the inbox."""
    world = make_world(tumblr={"publishing": publishing, "settle_seconds": 5.0})
    world.tumblr.ask(order, "bob")
    whole_look(world)
    put_back = copied(world)
    world.restart(FailPoints(FailPoint.AFTER_RECORD, die))
    with contextlib.suppress(Killed):
        live(world)
    made = said(world)
    assert len(made) == 1
    assert len(world.tumblr.posts) == 2, "the order lies in the inbox"
    put_back()
    live(world)
    assert world.tumblr.posts == made


def test_orders_that_are_alike_are_each_fulfilled(make_world: MakeWorld) -> None:
    world = make_world(tumblr={"settle_seconds": 5.0})
    world.tumblr.ask("!review Soup", "bob")
    whole_look(world)
    put_back = copied(world)
    live(world)
    for order, who in (("!review Soup", "ann"), ("!review Soup, Ann", "bob"), ("!review Soups", "bob")):
        world.tumblr.ask(order, who)
    put_back()
    live(world)
    assert len(said(world)) == 4


def test_a_look_that_tumblr_broke_off_is_made_again_as_far_back(make_world: MakeWorld) -> None:
    """A newer post that may be the one hides no older one that is."""
    talk = Talk(make_world(), tumblr={"publishing": "automatic", "settle_seconds": 5.0})
    world = talk.world
    put_back = copied(world)
    world.clock.advance(100)
    talk.mention(30)
    live(world)
    world.clock.advance(7200)
    talk.tumblr.create(Writing("<p>Salad is cold.</p><p>Nobody likes it!!</p><p>...</p>", (), "queue", {}))
    before = said(world)
    put_back()
    queue_of, failures = world.tumblr.queue, iter([True, False])

    def failing() -> Any:
        if next(failures, False):
            raise TumblrUnavailable("tumblr answered 503")
        return queue_of()

    world.tumblr.queue = failing  # type: ignore[method-assign]
    live(world, 6)
    assert next(failures, None) is None, "the look was not made again"
    assert said(world) == before


def test_what_nobody_has_answered_is_answered_from_the_copy(make_world: MakeWorld) -> None:
    talk = Talk(make_world())
    put_back = copied(talk.world)
    talk.tumblr.ask("soup?", "bob")
    talk.reblog(talk.own_post(), 20)
    talk.reply(talk.own_post(6), "why, though & how?", "cat")
    talk.mention(30)
    put_back()
    live(talk.world)
    assert talk.world.store.counts() == {TurnState.POSTED: 4}


def test_another_reply_by_the_same_blog_to_the_same_post_is_answered(make_world: MakeWorld) -> None:
    talk = Talk(make_world())
    post = talk.own_post()
    put_back = copied(talk.world)
    talk.reply(post, "why, though & how?", at=40)
    live(talk.world)
    talk.reply(post, "and what about salad?", at=50)
    put_back()
    live(talk.world)
    answers = [one.body for one in said(talk.world).values() if "replied to your post" in one.body]
    assert len(answers) == 2
    assert "and what about salad?" in answers[1]


def test_a_draft_that_was_published_since_the_copy_is_left_alone(make_world: MakeWorld) -> None:
    world = make_world(tumblr=DRAFTS)
    world.tumblr.ask("soup?", "bob")
    whole_look(world)
    put_back = copied(world)
    live(world)
    (draft,) = said(world)
    published = world.tumblr.publish(draft)
    put_back()
    live(world)
    assert list(said(world)) == [published]


@pytest.mark.parametrize("tag", ["rts", "a"])
def test_what_the_operator_ordered_before_the_copy_is_not_done_once_more(
    make_world: MakeWorld, tag: str
) -> None:
    world = make_world(tumblr=DRAFTS)
    world.tumblr.ask("soup?", "bob")
    live(world)
    (draft,) = said(world)
    world.tumblr.tag(draft, tag)
    whole_look(world)  # the order is written down, tumblr is not told of it yet
    put_back = copied(world)
    live(world)
    before = said(world)
    put_back()
    live(world)
    assert said(world) == before


def test_a_draft_that_is_to_be_done_again_after_the_copy_was_put_back_is(make_world: MakeWorld) -> None:
    talk = Talk(make_world(), tumblr=DRAFTS)
    put_back = copied(talk.world)
    talk.mention(30)
    live(talk.world)
    (draft,) = said(talk.world)
    put_back()
    live(talk.world)
    assert list(said(talk.world)) == [draft]
    talk.tumblr.tag(draft, "rts")
    live(talk.world)
    (again,) = said(talk.world).values()
    assert again.id != draft
    assert again.body.startswith("<p>Salad is cold.")


def test_what_is_said_after_the_start_is_answered_without_a_look_back(world: World) -> None:
    world.clock.advance(60)
    world.tumblr.ask("soup?", "bob")
    reads = 0
    post = world.tumblr.post

    def counting(post_id: str) -> TumblrPost | None:
        nonlocal reads
        reads += 1
        return post(post_id)

    world.tumblr.post = counting  # type: ignore[method-assign]
    live(world)
    assert world.store.counts() == {TurnState.POSTED: 1}
    assert reads == 0
