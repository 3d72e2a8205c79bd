"""Halloween mode: every candidate is posted, once each."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

import pytest

from switchboard.messages import SelectionOutcome
from tests.tumblr.fakes import World, outcome, settings_for
from tumblr.responding.halloween import halloween_tags, with_treats
from tumblr.responding.handlers.base import TurnHandler, stored
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.inputs import SkippedInput, TreatInput
from tumblr.turns.kinds import Action, PostState, TurnKind, TurnState
from tumblr.turns.planned_post import PlannedPost, ScreenedText
from tumblr.turns.turn import NewTurn, StoredRequest, Turn

PUMPKIN = "\N{JACK-O-LANTERN}"


class KilledError(BaseException):
    """The process has died."""


def die() -> None:
    raise KilledError


class TalkHandler(TurnHandler):
    """A kind of turn that answers with a text post."""

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        return stored("answer", {"question": "soup?", "asking_name": turn.who}, turn, now), None

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        draft = ScreenedText(turn.who, "soup?", chosen.post, chosen.tags)
        return PlannedPost(
            Action.CREATE_TEXT, PostState.PUBLISHED, f"<p>{chosen.post}</p>", tuple(chosen.tags), draft
        )


def three(chosen: int = 1) -> SelectionOutcome:
    posts = ["Soup is warm.", "Cold soup is a salad.", "Soup is warm."]
    return outcome(post=posts[chosen]).model_copy(
        update={
            "all_posts": posts,
            "all_tags": [["a"], ["b"], ["c"]],
            "all_proba": [0.7, 0.456, None],
            "all_pos_sentiment": [0.6, None, 0.2],
            "all_mirotarg": [2.2, 1.86],
            "choice_index": chosen,
        }
    )


def a_turn(kind: TurnKind) -> Turn:
    return Turn(1, kind, "bob:77", "bob", TurnState.CHOSEN, SkippedInput(), 0.0, 0.0)


def composed(turn: Turn, chosen: SelectionOutcome) -> tuple[PlannedPost, list[NewTurn]]:
    kind = TalkHandler(settings_for())
    return with_treats(turn, kind, chosen, kind.compose(turn, chosen))


def test_the_tags_tell_what_the_bot_thought_of_each() -> None:
    assert halloween_tags(three(), 0) == (
        f"{PUMPKIN} halloween mode",
        f"{PUMPKIN} response 1 of 3",
        f"{PUMPKIN} awesome: 70%",
        f"{PUMPKIN} cheer: 60%",
        f"{PUMPKIN} chaos: 2.2",
    )
    assert halloween_tags(three(), 1)[2:] == (
        f"{PUMPKIN} the one i would have posted",
        f"{PUMPKIN} awesome: 46%",
        f"{PUMPKIN} chaos: 1.9",
    )
    assert halloween_tags(three(), 2)[2:] == (f"{PUMPKIN} cheer: 20%",)


def test_each_candidate_is_composed_once() -> None:
    own, treats = composed(a_turn(TurnKind.REPLY), three())
    assert own.html == "<p>Cold soup is a salad.</p>"
    assert own.tags[1] == f"{PUMPKIN} response 2 of 3"
    assert own.tags[-1] == "soup"
    (treat,) = treats
    assert (treat.kind, treat.input_id, treat.who) == (TurnKind.TREAT, "reply:bob:77#1", "bob")
    assert isinstance(treat.input, TreatInput)
    assert treat.input.post.html == "<p>Soup is warm.</p>"
    assert treat.input.post.tags[-1] == "a"


@pytest.mark.parametrize("kind", [TurnKind.ASK, TurnKind.ORIGINAL, TurnKind.DASH, TurnKind.REVIEW])
def test_asks_and_what_nobody_said_to_the_bot_are_left_out(kind: TurnKind) -> None:
    own, treats = composed(a_turn(kind), three())
    assert (own.tags, treats) == (("soup",), [])


def worlds(folder: Path, **settings: object) -> World:
    return World(folder, handlers={TurnKind.REPLY: TalkHandler(settings_for())}, **settings)  # type: ignore[arg-type]


def test_all_are_posted_and_each_is_screened(tmp_path: Path) -> None:
    world = worlds(tmp_path, halloween={"on": True}, screening={"bad_strings": ["salad"]})
    world.store.add([NewTurn(TurnKind.REPLY, "bob:77", who="bob")])
    world.run()
    states = {post.body: post.state for post in world.tumblr.posts.values()}
    assert states == {
        "<p>Soup is warm.\nI like it.</p>": "published",
        "<p>Cold soup is a salad.</p>": "draft",
    }
    assert world.store.open_turns() == []
    world.stop()


def test_on_other_nights_only_one_is(tmp_path: Path) -> None:
    world = worlds(tmp_path)
    world.store.add([NewTurn(TurnKind.REPLY, "bob:77", who="bob")])
    world.run()
    (post,) = world.tumblr.posts.values()
    assert post.tags == ("soup",)
    world.stop()


@pytest.mark.parametrize("point", list(FailPoint))
def test_a_kill_at_any_point_loses_and_doubles_none(tmp_path: Path, point: FailPoint) -> None:
    world = worlds(tmp_path, halloween={"on": True})
    world.store.add([NewTurn(TurnKind.REPLY, "bob:77", who="bob")])
    world.stop()
    world.start(FailPoints(point, die))
    with contextlib.suppress(KilledError):
        world.run(seconds=1)
    world.stop()
    world.start()
    world.run(seconds=10, rounds=6)
    assert len(world.tumblr.posts) == 2
    assert {post.state for post in world.tumblr.posts.values()} == {"published"}
    world.stop()
