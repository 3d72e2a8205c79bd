"""Posts wait for the operator, and what is decided about them happens once, after the time to undo it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from bot_config import Config
from switchboard import console_talk as talk
from tests.tumblr.fakes import World, outcome
from tumblr.api.posting_switch import PostingMode
from tumblr.console.answers import Answers, NoSuchThing, stored_mode
from tumblr.console.live import LiveView
from tumblr.moods.current import mood_system
from tumblr.turns.fail_points import FailPoint, FailPoints, Misfortune
from tumblr.turns.kinds import TurnState

UNDO = 60.0
KEEPER = talk.By(who="keeper", role="operator")
HELPER = talk.By(who="helper", role="reviewer")
KEYS = (f"key{number}" for number in itertools.count())
ON = {"on": True, "undo_seconds": UNDO}
HELD = {"review_strings": ["soup"]}


class Desk:
    """The console's end of a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def ask(self, question: talk.Question, key: str = "") -> Any:
        world = self.world
        live = LiveView(world.bot, world.settings, mood_system(world.settings.mood))
        answers = Answers(world.bot, world.settings, live, world.driver.handlers)
        return answers.answer(question, key or next(KEYS))

    def waiting(self) -> talk.Waiting:
        found: talk.Waiting = self.ask(talk.AskWaiting())
        return found

    def post(self) -> talk.HeldPost:
        found: talk.HeldPost = self.ask(talk.AskHeld(turn=1))
        return found

    def decide(self, action: Any, version: str = "", key: str = "", **more: Any) -> talk.Decided:
        given = {"by": KEEPER, "turn": 1, "version": version or self.post().version, **more}
        found: talk.Decided = self.ask(talk.Decide(action=action, **given), key)
        return found

    def revise(self, version: str = "", **changes: Any) -> talk.Decided:
        seen = version or self.post().version
        found: talk.Decided = self.ask(talk.Revise(by=KEEPER, turn=1, version=seen, **changes))
        return found


@pytest.fixture
def desk(make_world: Callable[..., World]) -> Desk:
    """A desk before which one answer waits."""
    world = make_world(console=ON, screening=HELD)
    world.tumblr.ask("what do you eat?")
    world.run()
    return Desk(world)


def published(world: World) -> list[str]:
    return [post.body for post in world.tumblr.posts.values() if post.state == "published"]


def test_what_the_screening_finds_waits_in_the_console_and_not_on_tumblr(desk: Desk) -> None:
    assert desk.world.only_turn().state is TurnState.HELD
    assert [post.state for post in desk.world.tumblr.posts.values()] == ["submission"]
    (line,) = desk.waiting().posts
    assert (line.who, line.said, line.text) == ("bob", "what do you eat?", "Soup is warm.\nI like it.")
    assert "'soup'" in line.reasons[0]
    post = desk.post()
    assert [(one.author, one.text) for one in post.conversation] == [("bob", "what do you eat?")]
    assert [one.text for one in post.candidates] == ["Soup is warm.\nI like it.", "Cold soup is a salad."]
    assert [one.selector for one in post.candidates] == [0.7, 0.4]


def test_without_a_console_it_is_a_draft_as_ever(make_world: Callable[..., World]) -> None:
    world = make_world(screening=HELD)
    world.tumblr.ask("what do you eat?")
    world.run()
    assert world.only_turn().state is TurnState.DRAFTED


def test_an_approved_post_is_published_once_when_it_cannot_be_undone_any_more(desk: Desk) -> None:
    desk.decide("approve")
    desk.world.run(UNDO / 4)
    assert published(desk.world) == []
    desk.world.run(UNDO)
    desk.world.run(UNDO)
    assert len(published(desk.world)) == 1
    assert desk.world.only_turn().state is TurnState.POSTED


def test_an_undone_decision_never_happens(desk: Desk) -> None:
    done = desk.decide("approve")
    desk.ask(talk.Undo(by=KEEPER, decision=done.decision.number))
    desk.world.run(UNDO, rounds=5)
    assert published(desk.world) == []
    assert [line.turn for line in desk.waiting().posts] == [1]


def test_what_has_happened_cannot_be_undone(desk: Desk) -> None:
    done = desk.decide("approve")
    desk.world.run(UNDO * 2)
    with pytest.raises(NoSuchThing, match="too late"):
        desk.ask(talk.Undo(by=KEEPER, decision=done.decision.number))


def test_two_clicks_under_one_key_are_one_decision(desk: Desk) -> None:
    version = desk.post().version
    first, second = (desk.decide("approve", version, key="click") for _ in range(2))
    assert first.decision == second.decision
    assert desk.decide("reject", version, key="other").decision.state == "refused"
    desk.world.run(UNDO * 2)
    assert len(published(desk.world)) == 1


def test_a_text_that_was_not_seen_is_not_approved(desk: Desk) -> None:
    seen = desk.post().version
    desk.revise(text="Stew is warm too.")
    refused = desk.decide("approve", seen)
    assert refused.decision.state == "refused"
    assert refused.post is not None
    assert refused.post.text == "Stew is warm too."
    desk.world.run(UNDO * 2)
    assert published(desk.world) == []


def test_an_editor_may_save_twice(desk: Desk) -> None:
    first = desk.revise(text="Stew is warm.")
    assert first.post is not None
    second = desk.revise(first.post.version, text="Stew is hot.")
    assert second.decision.state == "done"
    desk.decide("approve")
    desk.world.run(UNDO * 2)
    assert ["Stew is hot." in body for body in published(desk.world)] == [True]


def test_edited_words_and_tags_are_what_is_posted(desk: Desk) -> None:
    desk.revise(text="Stew is warm.", tags=["stew", "dinner, late", "rts"])
    post = desk.post()
    assert (post.edited, post.first) == (True, "Soup is warm.\nI like it.")
    desk.decide("approve")
    desk.world.run(UNDO * 2)
    (answer,) = (one for one in desk.world.tumblr.posts.values() if one.state == "published")
    assert answer.tags == ("stew", "dinner", "late")
    assert "Stew is warm." in answer.body


def test_another_candidate_is_screened_like_the_first(desk: Desk) -> None:
    desk.revise(candidate=1)
    post = desk.post()
    assert post.text == "Cold soup is a salad."
    assert "'soup'" in post.reasons[0]
    assert [one.chosen for one in post.candidates] == [False, True]
    with pytest.raises(NoSuchThing):
        desk.revise(candidate=7)


def test_an_edited_text_is_screened_again(desk: Desk) -> None:
    calm = desk.revise(text="Stew is warm.", tags=[])
    assert calm.post is not None
    assert calm.post.reasons == []
    loud = desk.revise(calm.post.version, text="More soup!")
    assert loud.post is not None
    assert loud.post.reasons


def test_a_text_that_is_never_posted_needs_an_operator(make_world: Callable[..., World]) -> None:
    world = make_world(console=ON, screening={"reject_strings": ["soup"]}, drafts={"max_rejections": 0})
    world.tumblr.ask("what do you eat?")
    world.run()
    desk = Desk(world)
    assert desk.decide("approve").decision.state == "refused"
    assert desk.decide("approve", by=HELPER, override=True).decision.state == "refused"
    assert desk.decide("approve", override=True).decision.state == "pending"
    world.run(UNDO * 2)
    assert len(published(world)) == 1


def test_a_rejected_text_is_not_posted_and_the_reason_is_kept(desk: Desk) -> None:
    desk.decide("reject", reason="too warm")
    desk.world.run(UNDO * 2)
    turn = desk.world.only_turn()
    assert (turn.state, turn.reason) == (TurnState.SKIPPED, "keeper rejected it: too warm")
    assert published(desk.world) == []


def test_a_text_may_be_written_again(desk: Desk) -> None:
    desk.world.switchboard.text = "Stew, then."
    first = desk.world.only_turn().request
    desk.decide("again")
    desk.world.run(UNDO * 2)
    second = desk.world.only_turn().request
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert desk.post().text == "Stew, then."
    assert published(desk.world) == []


def test_it_may_be_sent_to_the_drafts(desk: Desk) -> None:
    desk.decide("draft")
    desk.world.run(UNDO * 2)
    assert desk.world.only_turn().state is TurnState.DRAFTED
    assert [post.state for post in desk.world.tumblr.posts.values()] == ["draft"]


def test_an_approval_outlives_the_process(desk: Desk) -> None:
    desk.decide("approve")
    desk.world.restart()
    desk.world.run(UNDO * 2)
    assert len(published(desk.world)) == 1


@pytest.mark.parametrize("action", ["approve", "draft", "reject", "again"])
@pytest.mark.parametrize(
    "point",
    [FailPoint.DURING_DECISION, FailPoint.AFTER_DECISION, FailPoint.AFTER_INTENT, FailPoint.AFTER_POST],
)
def test_a_decision_that_is_cut_short_anywhere_happens_once(
    desk: Desk, action: str, point: FailPoint
) -> None:
    def die() -> None:
        raise Misfortune

    world = desk.world
    desk.decide(action)
    world.restart(FailPoints(point, die))
    for _ in range(4):
        try:
            world.run(UNDO)
        except Misfortune:
            world.restart()
    world.restart()
    world.run(UNDO, rounds=6)
    states = {"approve": ["published"], "draft": ["draft"], "reject": ["submission"], "again": ["submission"]}
    assert [post.state for post in world.tumblr.posts.values()] == states[action]
    (line,) = (one for one in world.bot.reviews.decisions_about(1) if one.action == action)
    assert line.state == "done"


def test_nothing_is_posted_while_the_bot_is_paused(desk: Desk) -> None:
    desk.ask(talk.SetPosting(by=KEEPER, mode="paused"))
    desk.decide("approve")
    desk.world.run(UNDO * 2)
    assert published(desk.world) == []
    desk.world.restart()
    desk.world.bot.posting.change(stored_mode(desk.world.bot))
    assert desk.world.bot.posting.mode is PostingMode.PAUSED
    desk.ask(talk.SetPosting(by=KEEPER, mode="on"))
    desk.world.run(UNDO * 2)
    assert len(published(desk.world)) == 1


def test_a_reviewer_stops_nothing(desk: Desk) -> None:
    with pytest.raises(NoSuchThing, match="only an operator"):
        desk.ask(talk.SetPosting(by=HELPER, mode="stopped"))
    assert desk.world.bot.posting.mode is PostingMode.ON


def test_in_a_dry_run_everything_waits_to_be_looked_at(make_world: Callable[..., World]) -> None:
    world = make_world(console=ON)
    desk = Desk(world)
    desk.ask(talk.SetPosting(by=KEEPER, mode="dry run"))
    world.tumblr.ask("what do you eat?")
    world.run()
    assert desk.post().reasons == ["nothing is posted in a dry run"]
    assert world.tumblr.writes == 0


def test_every_action_is_in_the_audit_log_with_who_and_when(desk: Desk) -> None:
    desk.decide("approve", by=HELPER)
    desk.ask(talk.SetPosting(by=KEEPER, mode="paused"), "pause")
    desk.ask(talk.SetPosting(by=KEEPER, mode="paused"), "pause")
    desk.ask(talk.Note(who="keeper", role="operator", action="login", detail="from 127.0.0.1"))
    audit = desk.ask(talk.AskAudit())
    found = [(one.who, one.role, one.action, one.about, one.detail) for one in audit.entries]
    assert found == [
        ("keeper", "operator", "login", "", "from 127.0.0.1"),
        ("keeper", "operator", "posting", "", "paused"),
        ("helper", "reviewer", "approve", "turn 1", ""),
    ]
    assert {one.at for one in audit.entries} == {desk.world.clock()}


def test_the_live_view_says_what_the_bot_is_doing(desk: Desk) -> None:
    live = desk.ask(talk.AskLive())
    assert (live.posting.mode, live.waiting, live.states) == ("on", 1, {"held": 1})
    assert 0 < live.mood < 1
    assert len(live.curve) > 100


def test_the_console_is_off_by_default() -> None:
    assert not Config().console.on


def test_the_outcome_of_another_candidate_has_its_scores() -> None:
    assert outcome().all_proba == [0.7, 0.4]
