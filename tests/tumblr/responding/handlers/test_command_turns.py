"""Commands, lived through: each is obeyed once, whatever dies, and its ask is deleted."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tumblr.fakes import DRAFTS, OPERATOR, START, World
from tumblr.api.errors import Forbidden
from tumblr.api.models import TumblrPost
from tumblr.responding.post_log import explain, flat_record
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.inputs import CommandInput
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import NewTurn

MakeWorld = Callable[..., World]
PNG = b"\x89PNG\r\n\x1a\n"


class KilledError(BaseException):
    """The process has died."""


def die() -> None:
    raise KilledError


def posts(world: World, *states: str) -> list[TumblrPost]:
    return [post for post in world.tumblr.posts.values() if post.state in states]


def test_who_asks_to_be_followed_is_followed(world: World) -> None:
    world.tumblr.ask("!follow", "Bob")
    world.run()
    assert world.tumblr.follows == {"Bob"}
    assert world.cursors.follows() == {"bob"}
    assert world.only_turn().state is TurnState.DONE
    assert world.tumblr.posts == {}
    assert world.switchboard.submissions == 0


def test_who_was_never_followed_is_unfollowed_without_harm(world: World) -> None:
    world.tumblr.ask("!unfollow", "bob")
    world.run()
    assert world.only_turn().state is TurnState.DONE
    assert (world.tumblr.follows, world.cursors.follows()) == (set(), frozenset())
    assert world.tumblr.posts == {}


def test_a_follow_that_tumblr_refuses_is_given_up_and_the_ask_stays(world: World) -> None:
    world.tumblr.refuse = Forbidden("they have blocked you")
    world.tumblr.ask("!follow", "bob")
    world.run()
    assert world.only_turn().state is TurnState.FAILED
    assert len(posts(world, "submission")) == 1


def test_the_mood_is_shown_at_once_as_a_picture(world: World) -> None:
    world.tumblr.ask("soup?", "ann")
    world.run()
    world.tumblr.ask("!mood", "bob")
    world.run()
    (shown,) = (post for post in posts(world, "published") if post.id in world.tumblr.images)
    assert world.tumblr.images[shown.id].startswith(PNG)
    assert "over the last day" in shown.body
    assert "@bob" in shown.body
    answer = next(post for post in posts(world, "published") if post.asking_name == "ann")
    assert f"https://frank.tumblr.com/post/{answer.id}" in shown.body
    assert shown.tags == ()
    assert posts(world, "submission") == []
    assert world.switchboard.submissions == 2  # those of the question about soup


def test_without_any_input_the_mood_is_the_days_base(world: World) -> None:
    world.tumblr.ask("!mood", None)
    world.run()
    (shown,) = posts(world, "published")
    assert "somebody asked" in shown.body
    assert "<li>" not in shown.body


def test_the_operator_gets_a_draft_of_as_many_days_as_they_like(world: World) -> None:
    world.tumblr.ask("!mood 3", OPERATOR)
    world.run()
    (shown,) = posts(world, "draft")
    assert "the last 3 days" in shown.body
    assert world.only_turn().state is TurnState.DRAFTED


def test_when_everything_is_drafted_the_mood_is_too(make_world: MakeWorld) -> None:
    world = make_world(tumblr=DRAFTS)
    world.tumblr.ask("!mood", "bob")
    world.tumblr.ask("!follow", "cid")
    world.run()
    assert len(posts(world, "draft")) == 1
    assert world.tumblr.follows == {"cid"}


def test_the_log_says_why_the_mood_was_shown_but_does_not_keep_the_picture(world: World) -> None:
    world.tumblr.ask("!mood", "bob")
    world.run()
    (entry,) = world.store.log_entries()
    assert (entry.entry["kind"], entry.entry["who"]) == ("mood", "bob")
    assert "image" not in entry.entry["intent"]
    turn = world.only_turn()
    assert turn.intent is not None
    assert turn.intent.image == ""


def test_a_review_begins_with_what_was_ordered(world: World) -> None:
    world.switchboard.text = "\nIt is <b>wet</b> & warm."
    world.tumblr.ask("!review Salt & Water, A. Cook, 4", "bob")
    world.run()
    (request,) = world.switchboard.jobs.values()
    fields = request.model_dump()
    assert fields["question"] == (
        " Book review by Frank\n\n Frank's tags:\n Frank tagged this post as:\n Title: <b>Salt & Water</b>\n"
        " Author: <b>A. Cook</b>\n Rating: <b>4/5 stars</b>\n\n"
    )
    assert (fields["exact_prompt"], fields["write_review_override"]) == (True, True)
    assert (fields["v8_timestamp"], fields["v10_timestamp"], fields["forced_tags_string"]) == ("", "", "")
    (review,) = posts(world, "published")
    assert review.body.startswith(
        "<p>Title: <b>Salt &amp; Water</b></p><p>Author: <b>A. Cook</b></p><p>Rating: <b>4/5 stars</b></p>"
        "<p></p><p>It is <b>wet</b> &amp; warm.</p><p>-----"
    )
    assert 'href="https://bob.tumblr.com/"' in review.body
    assert review.tags == ()
    assert posts(world, "submission") == []
    assert world.store.mood_inputs() == []


def test_reviews_are_drafted_unless_the_operator_says_otherwise(make_world: MakeWorld) -> None:
    world = make_world(commands={"draft_reviews": True})
    world.tumblr.ask("!review Soup", "bob")
    world.run()
    assert len(posts(world, "draft")) == 1
    assert posts(world, "published", "submission") == []


def test_an_order_that_cannot_be_understood_is_set_aside_and_does_not_block_its_sender(world: World) -> None:
    world.tumblr.ask("!review", "bob")
    world.run()
    assert world.only_turn().state is TurnState.SKIPPED
    world.tumblr.ask("soup?", "bob")
    world.run()
    assert [post.asking_name for post in posts(world, "published")] == ["bob"]
    assert len(posts(world, "submission")) == 1


def test_a_hidden_ask_is_answered_when_the_operator_names_it(world: World) -> None:
    hidden = world.tumblr.ask("do you see me?", "ghost")
    world.tumblr.hidden.add(hidden)
    world.run()
    assert posts(world, "published") == []
    world.tumblr.ask(f"!pid {hidden}", OPERATOR)
    world.run()
    (answer,) = posts(world, "published")
    assert answer.genesis_post_id == hidden
    assert answer.tags[:1] == ("soup",)
    assert any("inbox does not show" in tag for tag in answer.tags)
    assert answer.tags[-1] == "ghost"
    assert posts(world, "submission") == []


def test_a_number_that_is_no_ask_is_set_aside(world: World) -> None:
    world.tumblr.ask("!pid 12345", OPERATOR)
    world.run()
    assert world.only_turn().state is TurnState.SKIPPED


def test_one_command_at_a_time_from_one_person(world: World) -> None:
    world.switchboard.automatic = False
    world.tumblr.ask("soup?", "bob")
    world.tumblr.ask("!follow", "bob")
    world.run()
    assert [turn.kind for turn in world.store.open_turns()] == [TurnKind.ASK]
    assert world.tumblr.follows == set()


@pytest.mark.parametrize("order", ["!mood", "!review Soup", "!follow", "!help"])
@pytest.mark.parametrize("point", list(FailPoint))
def test_a_kill_at_any_point_is_harmless(tmp_path: Path, point: FailPoint, order: str) -> None:
    world = World(tmp_path)
    world.tumblr.ask(order, "bob")
    world.stop()
    world.start(FailPoints(point, die))
    with contextlib.suppress(KilledError):
        world.run(seconds=1)
    world.stop()
    world.start()
    world.run(seconds=10, rounds=6)
    made = posts(world, "published")
    assert len(made) == (0 if order == "!follow" else 1)
    assert posts(world, "submission", "draft") == []
    assert world.tumblr.follows == ({"bob"} if order == "!follow" else set())
    assert world.outbox.open_edits() == []
    world.stop()


@pytest.mark.parametrize("order", ["!mood", "!review Soup", "!follow", "!help"])
def test_answers_that_get_lost_do_not_double_anything(world: World, order: str) -> None:
    world.tumblr.ask(order, "bob")
    world.tumblr.lose_answer = 2
    world.run(seconds=30, rounds=8)
    assert len(posts(world, "published")) == (0 if order == "!follow" else 1)
    assert posts(world, "submission") == []


def test_two_people_may_see_the_mood_and_one_person_twice(world: World) -> None:
    for who in ("ann", "bob", "bob"):
        world.tumblr.ask("!mood", who)
        world.run()
    assert len(posts(world, "published")) == 3
    assert world.clock.now == START.timestamp()


def test_every_post_can_be_explained_and_exported(world: World) -> None:
    for order in ("!mood", "!review Soup", "soup?"):
        world.tumblr.ask(order, "bob")
        world.run()
    entries = world.store.log_entries()
    assert [flat_record(entry)["post_type"] for entry in entries] == ["mood", "review", "ask"]
    for entry in entries:
        assert f"input: {entry.entry['kind']} {entry.input_id} from bob" in explain(entry)
        json.dumps(flat_record(entry))


@pytest.mark.parametrize("asker", ["bob", None])
def test_who_asks_for_help_gets_an_answer_that_lists_the_commands(world: World, asker: str | None) -> None:
    ask = world.tumblr.ask("!help", asker)
    world.run()
    (answer,) = posts(world, "published")
    assert answer.genesis_post_id == ask
    for usage in ("!follow", "!mood", "!review title, author, stars", "!help"):
        assert f"<b>{usage}</b>" in answer.body
    assert "!pid" not in answer.body
    assert world.switchboard.submissions == 0
    assert world.store.mood_inputs() == []


def test_help_is_drafted_for_the_operator_and_when_everything_is(make_world: MakeWorld) -> None:
    world = make_world()
    world.tumblr.ask("!help", OPERATOR)
    world.run()
    assert [post.state for post in world.tumblr.posts.values()] == ["draft"]
    drafting = make_world(tumblr=DRAFTS, commands={"help_url": "https://example.org/?a&b"})
    drafting.tumblr.ask("!help", "bob")
    drafting.run()
    (draft,) = posts(drafting, "draft")
    assert 'href="https://example.org/?a&amp;b"' in draft.body


def test_a_command_that_is_there_no_more_is_skipped(world: World) -> None:
    wish = CommandInput(command="dance", timestamp=5)
    world.store.add([NewTurn(TurnKind.COMMAND, "7", "bob", wish)])
    world.driver.round()
    assert (world.only_turn().state, world.only_turn().reason) == (
        TurnState.SKIPPED,
        "there is no command dance",
    )
