"""Drafts that the operator sends back or accepts, whatever dies in between."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from tests.tumblr.fakes import DRAFTS, START, World, queue
from tumblr.api.models import TumblrPost, post_name
from tumblr.api.payload_forms import TrailEntry
from tumblr.api.writer import Writing
from tumblr.finders.drafts import ALL_DRAFTS_SECONDS, PLACEHOLDER
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import NewTurn

MakeWorld = Callable[..., World]


class KilledError(BaseException):
    """The process has died."""


def die() -> None:
    raise KilledError


@pytest.fixture
def drafting(make_world: MakeWorld) -> World:
    return make_world(tumblr=DRAFTS)


def drafts(world: World) -> list[TumblrPost]:
    return [post for post in world.tumblr.posts.values() if post.state == "draft"]


def reject(world: World, number: int, times: int) -> None:
    """Let a turn look as if the bot itself had rejected so many texts for it."""
    with world.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE turns SET rejections = {times} WHERE id = {number}")


def test_an_answer_that_is_sent_back_is_written_anew_under_the_same_ask(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    world.tumblr.tag(ask, "soup", "bob", "rts")
    world.switchboard.text = "Cold soup is a salad."
    world.run(seconds=1)
    (draft,) = drafts(world)
    assert draft.id == ask
    assert draft.body == "<p>Cold soup is a salad.</p>"
    assert draft.tags == ("soup", "bob")
    turn = world.only_turn()
    assert (turn.state, turn.attempts) == (TurnState.DRAFTED, 0)
    assert len(world.store.log_entries()) == 2
    assert len(world.store.mood_inputs()) == 1  # the first kick wins
    assert len(world.switchboard.jobs) == 4


def test_the_ask_lies_in_the_inbox_until_it_is_answered_again(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    world.tumblr.tag(ask, "rts")
    world.switchboard.automatic = False
    world.run(seconds=1)
    (back,) = world.tumblr.posts.values()
    assert (back.state, back.body, back.tags) == ("submission", PLACEHOLDER, ())
    assert world.find() == []
    assert len(world.store.open_turns()) == 1


def test_a_turn_waits_until_its_draft_is_undone(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    world.tumblr.tag(ask, "rts")
    world.find()
    jobs = len(world.switchboard.jobs)
    world.tumblr.down = True
    world.driver.round()
    assert world.only_turn().state is TurnState.FOUND
    assert len(world.switchboard.jobs) == jobs
    world.tumblr.down = False
    world.clock.advance(30)
    world.driver.round()
    assert world.only_turn().state is TurnState.DRAFTED


@pytest.mark.parametrize("tag", ["RTS", "rts please", "arts"])
def test_only_the_exact_tag_counts(drafting: World, tag: str) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    world.tumblr.tag(ask, tag)
    writes = world.tumblr.writes
    world.run(seconds=1)
    assert world.tumblr.writes == writes


def test_a_review_that_is_sent_back_is_deleted_and_written_anew(drafting: World) -> None:
    world = drafting
    world.tumblr.ask("!review Soup", "bob")
    world.run()
    (first,) = drafts(world)
    world.tumblr.tag(first.id, "rts")
    world.switchboard.text = "Better still."
    world.run(seconds=1)
    (second,) = drafts(world)
    assert second.id != first.id
    assert "Better still." in second.body
    assert len(world.tumblr.posts) == 1


def test_an_original_cannot_be_sent_back_and_that_is_said_once(
    make_world: MakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(tumblr=DRAFTS, queue=queue(1))
    world.run()
    (draft,) = drafts(world)
    world.tumblr.tag(draft.id, "rts")
    world.run()
    world.run()
    assert [post.id for post in drafts(world)] == [draft.id]
    assert "".join(capsys.readouterr()).count("cannot be sent back") == 1


def test_an_answer_that_nobody_remembers_goes_back_to_the_inbox_and_is_found_anew(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.tumblr.edit(ask, {"answer": "old", "tags": "rts", "state": "draft"})
    world.run(seconds=1)
    assert world.store.open_turns() == []
    world.run(seconds=1)
    (draft,) = drafts(world)
    assert draft.id == ask
    assert draft.body == "<p>Soup is warm.</p><p>I like it.</p>"


def reblog_draft(world: World, post_id: str, *, parent: str = "77", blog: str = "bob") -> TumblrPost:
    """A draft that reblogs a post of bob's, whose root is somebody's answered ask."""
    draft = TumblrPost(
        id=post_id,
        state="draft",
        type="answer",
        blog="frank",
        question="<p>root?</p>",
        tags=("rts",),
        is_reblog=True,
        parent_id=parent,
        trail=(TrailEntry(blog, parent),),
    )
    world.tumblr.posts[post_id] = draft
    return draft


def closed_turn(world: World, kind: TurnKind, input_id: str, post_id: str | None) -> int:
    """A turn that ended with a draft; with another id for it in the store when ``post_id`` is None."""
    (turn,) = world.store.add([NewTurn(kind, input_id, who="bob")])
    with world.database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE turns SET state = 'drafted', post_id = ? WHERE id = ?", (post_id, turn.id)
        )
    return turn.id


@pytest.mark.parametrize("kind", [TurnKind.REBLOG, TurnKind.MENTION, TurnKind.DASH, TurnKind.REPLY])
def test_a_reblog_or_reply_that_is_sent_back_is_deleted_and_its_turn_begins_anew(
    drafting: World, kind: TurnKind
) -> None:
    world = drafting
    number = closed_turn(world, kind, "bob:77", "9000")
    reblog_draft(world, "9000")
    world.drafts.find()
    assert world.store.turn(number).state is TurnState.FOUND
    (chore,) = world.outbox.open_edits()
    assert (chore.action, chore.post_id, chore.turn_id) == ("delete", "9000", number)


def test_a_second_draft_is_deleted_and_the_answer_that_is_there_stays(drafting: World) -> None:
    world = drafting
    number = closed_turn(world, TurnKind.REBLOG, "bob:77", "8000")
    reblog_draft(world, "9000")
    reblog_draft(world, "8000")
    world.tumblr.tag("8000")
    published = world.tumblr.publish("8000")
    world.drafts.find()
    assert world.store.turn(number).state is TurnState.DRAFTED
    (chore,) = world.outbox.open_edits()
    assert (chore.action, chore.post_id, chore.turn_id) == ("delete", "9000", None)
    assert published in world.tumblr.posts


def test_the_only_draft_is_done_again_though_an_older_copy_names_another(
    drafting: World,
) -> None:
    world = drafting
    number = closed_turn(world, TurnKind.REBLOG, "bob:77", "8000")
    reblog_draft(world, "9000")
    world.drafts.find()
    assert world.store.turn(number).state is TurnState.FOUND
    (chore,) = world.outbox.open_edits()
    assert (chore.action, chore.post_id, chore.turn_id) == ("delete", "9000", number)


def test_a_reblog_whose_draft_nobody_remembers_is_known_by_what_it_reblogs(drafting: World) -> None:
    world = drafting
    number = closed_turn(world, TurnKind.REBLOG, post_name("Bob", "77"), None)
    reblog_draft(world, "9000", blog="Bob")
    world.drafts.find()
    assert world.store.turn(number).state is TurnState.FOUND


def test_what_the_bot_rejected_three_times_is_left_to_the_operator(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    reject(world, 1, 3)
    world.tumblr.tag(ask, "soup", "rts")
    world.run(seconds=1)
    (draft,) = drafts(world)
    assert draft.tags == ("soup",)
    assert draft.body == "<p>Soup is warm.</p><p>I like it.</p>"
    assert world.only_turn().rejections == 2
    world.tumblr.tag(ask, "soup", "rts")  # the operator insists
    world.switchboard.text = "Once more."
    world.run(seconds=1)
    assert drafts(world)[0].body == "<p>Once more.</p>"


def test_the_oldest_accepted_draft_is_published_without_the_tag(drafting: World) -> None:
    world = drafting
    asks = [world.tumblr.ask(f"soup {n}?", f"bob{n}") for n in range(2)]
    world.run()
    for ask in asks:
        world.tumblr.tag(ask, "soup", "a")
    world.run(rounds=1)
    (published,) = [post for post in world.tumblr.posts.values() if post.state == "published"]
    assert (published.genesis_post_id, published.tags) == (asks[0], ("soup",))
    turn = world.store.turn(1)
    assert (turn.state, turn.post_id) == (TurnState.POSTED, published.id)
    world.run(rounds=1)
    assert drafts(world) == []


def test_far_down_in_the_pile_a_tag_is_seen_a_little_later(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    for number in range(60):
        world.tumblr.create(Writing(str(number), (), "draft"))
    world.tumblr.tag(ask, "a")
    world.run()
    assert ask in world.tumblr.posts
    world.clock.advance(600)
    world.run()
    assert ask not in world.tumblr.posts


def test_what_is_sent_back_is_not_published(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    world.tumblr.tag(ask, "a", "rts")
    world.switchboard.automatic = False
    world.run(seconds=1)
    assert [post.state for post in world.tumblr.posts.values()] == ["submission"]


@pytest.mark.parametrize("point", [FailPoint.AFTER_SENT_BACK, FailPoint.AFTER_CHORE, FailPoint.AFTER_REQUEST])
@pytest.mark.parametrize("tag", ["rts", "a"])
def test_a_kill_in_between_loses_and_doubles_nothing(tmp_path: Path, point: FailPoint, tag: str) -> None:
    world = World(tmp_path, tumblr=DRAFTS)
    ask = world.tumblr.ask("soup?")
    world.run()
    world.tumblr.tag(ask, tag)
    world.switchboard.text = "Anew."
    world.stop()
    world.start(FailPoints(point, die))
    with contextlib.suppress(KilledError):
        world.run(seconds=1)
    world.stop()
    world.start()
    world.run(seconds=10, rounds=6)
    (post,) = world.tumblr.posts.values()
    if tag == "rts":
        assert (post.state, post.id, post.body) == ("draft", ask, "<p>Anew.</p>")
        assert len(world.store.log_entries()) == 2
    else:
        assert (post.state, post.genesis_post_id, post.tags) == ("published", ask, ())
    assert world.outbox.open_edits() == []
    world.stop()


def test_chores_of_one_post_keep_their_order_and_rest_longer_and_longer(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    world.tumblr.tag(ask, "a")
    world.drafts.find()
    world.tumblr.down = True
    for expected in (15.0, 30.0, 60.0):
        world.driver.round()
        first, second = world.outbox.open_edits()
        assert first.not_before == world.clock.now + expected
        assert second.attempts == 0
        world.clock.advance(expected)
    world.tumblr.down = False
    world.driver.round()
    assert world.outbox.open_edits() == []
    assert world.clock.now > START.timestamp()


def test_a_draft_that_a_human_has_published_meanwhile_is_left_alone(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    world.tumblr.tag(ask, "a")
    world.drafts.find()
    new = world.tumblr.publish(ask)
    world.tumblr.posts[new] = replace(world.tumblr.posts[new], tags=())
    world.driver.round()
    assert world.outbox.open_edits() == []
    assert [post.id for post in world.tumblr.posts.values()] == [new]


def test_a_draft_that_a_human_publishes_keeps_its_place_in_the_log(drafting: World) -> None:
    world = drafting
    ask = world.tumblr.ask("soup?")
    world.run()
    world.outbox.published({"5000": ask, "6000": "unknown"})
    turn = world.only_turn()
    assert (turn.state, turn.post_id) == (TurnState.POSTED, "5000")
    (entry,) = world.store.log_entries("5000")
    assert entry.post_id == ask
    assert world.store.log_entries("6000") == []
    world.outbox.published({"5000": ask})


def test_the_log_says_how_many_drafts_wait_whenever_that_has_changed(drafting: World) -> None:
    with structlog.testing.capture_logs() as logged:
        for asker in ("bob", "ann"):
            drafting.tumblr.ask("soup?", asker)
            drafting.run()
            drafting.clock.advance(ALL_DRAFTS_SECONDS)
        for _ in range(3):
            drafting.find()
            drafting.clock.advance(ALL_DRAFTS_SECONDS)
    told = [event["drafts"] for event in logged if event["event"] == "drafts wait for the operator"]
    assert told == [1, 2]
