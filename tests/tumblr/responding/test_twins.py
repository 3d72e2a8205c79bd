"""Calls that tumblr carries out late: they are waited for, and a second post is told of and withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import structlog

from tests.tumblr.fakes import World, queue
from tests.tumblr.finders.test_conversation_sources import Talk
from tumblr.api.models import TumblrPost
from tumblr.api.writer import ReblogTarget, Writing
from tumblr.responding.twins import EXPECTED
from tumblr.turns.kinds import TurnState

MakeWorld = Callable[..., World]
NINE_HOURS = 9 * 3600
PATIENT = {"late_seconds": 120.0, "settle_seconds": 15.0}


def reblogged(talk: Talk) -> None:
    talk.mention(30)
    talk.answer()


def replied(talk: Talk) -> None:
    talk.reply(talk.own_post(), "why, though & how?")
    talk.answer()


def written(talk: Talk) -> None:
    talk.world.run()


SPEAK = {"reblog": reblogged, "reply": replied, "original": written}


def late(world: World, what: str, seconds: float, **tumblr: object) -> Talk:
    """A bot whose call is carried out so many seconds late, without an answer."""
    wanted = queue(1 if what == "original" else 0)
    talk = Talk(world, tumblr={"publishing": "automatic", **PATIENT, **tumblr}, queue=wanted)
    talk.tumblr.late_by = seconds
    SPEAK[what](talk)
    return talk


def live(talk: Talk, seconds: int, step: int = 10) -> list[str]:
    """Let time pass, a step a time; the answer is the twins that are told of."""
    (watch,) = [one for one in talk.world.loop.steps if one.name == "twins"]
    with structlog.testing.capture_logs() as logged:
        for _ in range(seconds // step):
            talk.world.clock.advance(step)
            watch.find()
            talk.world.driver.round()
    return [event["twin"] for event in logged if event["event"] == "tumblr has made one post twice"]


def made(talk: Talk) -> list[str]:
    """The posts that the bot has made."""
    return [post.id for post in talk.tumblr.posts.values() if "Soup is warm." in post.body]


@pytest.mark.parametrize("what", list(SPEAK))
@pytest.mark.parametrize("seconds", [1, 20, 75, 110])
def test_a_call_that_tumblr_carries_out_late_is_not_made_again(
    world: World, what: str, seconds: float
) -> None:
    talk = late(world, what, seconds)
    assert live(talk, 600) == []
    assert len(made(talk)) == talk.tumblr.writes == 1
    assert talk.world.store.counts() == {TurnState.POSTED: 1}
    assert talk.world.cursors.cursor(EXPECTED) is None


@pytest.mark.parametrize("what", list(SPEAK))
@pytest.mark.parametrize("seconds", [200, 1800, 7200])
def test_a_twin_that_comes_later_is_told_of_once(world: World, what: str, seconds: float) -> None:
    talk = late(world, what, seconds)
    twins = live(talk, NINE_HOURS, step=60)
    assert len(twins) == 1
    assert set(twins) < set(made(talk))
    assert len(made(talk)) == 2
    assert talk.world.cursors.cursor(EXPECTED) == []


def test_where_it_is_configured_a_twin_is_withdrawn(world: World) -> None:
    talk = late(world, "reblog", 1800.0, withdraw_twins=True)
    (twin,) = live(talk, NINE_HOURS, step=60)
    (left,) = made(talk)
    assert left != twin
    assert talk.world.only_turn().post_id == left


def test_a_call_that_got_lost_is_made_again_and_has_no_twin(world: World) -> None:
    talk = Talk(world, tumblr={"publishing": "automatic", **PATIENT, "withdraw_twins": True})
    talk.tumblr.lose_request = 2
    reblogged(talk)
    assert live(talk, NINE_HOURS, step=60) == []
    assert len(made(talk)) == 1


def test_a_watch_outlives_the_process(world: World) -> None:
    talk = late(world, "reblog", 1800.0)
    live(talk, 300)
    talk.begin()
    assert len(live(talk, NINE_HOURS, step=60)) == 1


def test_what_somebody_else_reblogged_by_hand_is_no_twin(world: World) -> None:
    talk = Talk(world, tumblr={"publishing": "automatic", **PATIENT, "withdraw_twins": True})
    talk.tumblr.lose_request = 1
    reblogged(talk)
    live(talk, 300)
    (mine,) = [post for post in talk.tumblr.posts.values() if post.parent_id]
    key = talk.tumblr.others["ann:30"].reblog_key
    talk.tumblr.reblog(ReblogTarget("ann", "30", key), Writing("by hand", (), "published", {}))
    assert live(talk, NINE_HOURS, step=60) == []
    assert len([post for post in talk.tumblr.posts.values() if post.parent_id]) == 2
    assert mine.id in talk.tumblr.posts


def test_a_turn_that_is_forgotten_is_looked_for_no_more(world: World) -> None:
    talk = late(world, "reblog", 1800.0)
    live(talk, 300)
    with world.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM turns")
    talk.mention(31, "ann")
    talk.tumblr.late_by, talk.tumblr.lose_request = 0.0, 1
    talk.answer()
    assert live(talk, NINE_HOURS, step=60) == []
    assert world.cursors.cursor(EXPECTED) == []


def test_all_are_looked_for_with_one_reading(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: where tumblr fails now and then, a look that grew with them would never end."""
    talk = Talk(world, tumblr={"publishing": "automatic", **PATIENT})
    for number in range(3):
        talk.mention(30 + number)
        talk.tumblr.lose_request = 1
        talk.answer()
        live(talk, 200)
    assert len(world.cursors.cursor(EXPECTED)) == 3
    world.clock.advance(3600)
    reads, drafts = 0, talk.tumblr.drafts

    def counted() -> Iterator[TumblrPost]:
        nonlocal reads
        reads += 1
        return drafts()

    monkeypatch.setattr(talk.tumblr, "drafts", counted)
    (watch,) = [step for step in talk.world.loop.steps if step.name == "twins"]
    watch.find()
    assert reads == 1
    assert [len(one["looks"]) for one in world.cursors.cursor(EXPECTED)] == [1] * 3


def test_looks_are_not_put_off_by_a_clock_that_is_put_back(world: World) -> None:
    talk = Talk(world, tumblr={"publishing": "automatic", **PATIENT})
    world.clock.set(5 * 3600)
    talk.tumblr.lose_request = 1
    reblogged(talk)
    live(talk, 200)
    world.clock.set(-5 * 3600)
    live(talk, 10)
    (expected,) = world.cursors.cursor(EXPECTED)
    assert max(expected["looks"]) <= world.clock() + 6 * 3600
