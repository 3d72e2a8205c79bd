"""The driver: turns go their way, in any order, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot_lifecycle import FatalError
from mood.logits import logit
from switchboard.errors import SwitchboardForbidden, SwitchboardRefused
from switchboard.messages import RawSelectRequest, SelectionOutcome, SubmitReply, TextpostRequest
from tests.tumblr.fakes import DRAFTS, FakeSwitchboard, World, queue, settings_for
from tumblr.api.errors import (
    Forbidden,
    LimitReached,
    Refused,
    TumblrError,
    TumblrUnavailable,
    TurnedDown,
    Unauthorized,
)
from tumblr.responding.handlers.ask import AskHandler
from tumblr.responding.post_log import explain
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Judgment, Turn

MakeWorld = Callable[..., World]


def test_an_ask_is_answered_in_one_round(world: World) -> None:
    ask = world.tumblr.ask("do you like soup?")
    world.run(rounds=1)
    (post,) = world.tumblr.posts.values()
    assert post.state == "published"
    assert post.genesis_post_id == ask
    assert post.body == "<p>Soup is warm.</p><p>I like it.</p>"
    assert post.tags == ("soup", "bob")
    assert world.only_turn().state is TurnState.POSTED
    assert world.only_turn().post_id == post.id


def test_all_asks_are_in_flight_at_once_and_none_waits_for_another(world: World) -> None:
    world.switchboard.automatic = False
    for name in ("ann", "bob", "cid", "dora"):
        world.tumblr.ask(f"hello from {name}", name)
    world.run(rounds=1)
    jobs = {t.who: t.request.id for t in world.store.open_turns() if t.request}
    assert len(jobs) == 4
    world.switchboard.finish(jobs["cid"])
    world.clock.advance(31)  # the question's sentiment does not come: the answer goes out all the same
    world.driver.round()
    world.clock.advance(31)
    world.driver.round()
    published = [p for p in world.tumblr.posts.values() if p.state == "published"]
    assert [p.asking_name for p in published] == ["cid"]


def test_the_request_is_stored_before_it_is_submitted(world: World) -> None:
    world.tumblr.ask("soup?")
    world.switchboard.down = True
    world.run(rounds=1)
    turn = world.only_turn()
    assert turn.state is TurnState.REQUESTED
    assert turn.request is not None
    assert turn.request.fields["v10_timestamp"] == "4 AM February 2021"
    stored = turn.request
    world.switchboard.down = False
    world.clock.advance(120)
    world.driver.round()
    (sent,) = [job for job in world.switchboard.jobs.values() if job.id == stored.id]
    assert sent.model_dump(mode="json")["v8_timestamp"] == "4:00 AM"


def test_the_question_moves_the_mood_together_with_the_post(world: World) -> None:
    world.tumblr.ask("soup?")
    world.run()
    (kick,) = world.store.mood_inputs()
    assert kick.logit_diff == 1.25
    assert kick.who == "bob"
    assert kick.generated_p75 == pytest.approx(0.75 * logit(0.6) + 0.25 * logit(0.2))


def answered_before_its_judgment(world: World) -> str:
    """An ask whose answer has not waited for the scores of the question; the answer is their job's id."""
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    world.run(rounds=1)
    turn = world.only_turn()
    assert turn.request is not None
    assert turn.judgment_request is not None
    world.switchboard.finish(turn.request.id)
    world.driver.round()
    world.clock.advance(31)
    world.run(rounds=3)
    assert world.only_turn().state is TurnState.POSTED
    assert world.store.mood_inputs() == []
    assert world.switchboard.acknowledged == world.switchboard.cancelled == []
    (entry,) = world.store.log_entries()
    assert "its sentiment: not known by then" in explain(entry)
    return turn.judgment_request.id


def test_scores_that_come_after_the_answer_move_the_mood_all_the_same(world: World) -> None:
    job = answered_before_its_judgment(world)
    world.switchboard.finish(job)
    world.run(rounds=3)
    (kick,) = world.store.mood_inputs()
    assert kick.logit_diff == 1.25
    assert kick.generated_p75 == pytest.approx(0.75 * logit(0.6) + 0.25 * logit(0.2))
    assert len(world.switchboard.acknowledged) == 2
    assert world.store.unsettled() == []


def test_a_bot_that_dies_between_late_scores_and_the_mood_goes_on_there(world: World) -> None:
    answered_before_its_judgment(world)
    world.store.judge(world.only_turn(), Judgment(logit_diff=0.5))
    world.run(rounds=3)
    assert [kick.logit_diff for kick in world.store.mood_inputs()] == [0.5]
    assert world.store.unsettled() == []


def test_scores_that_never_come_are_given_up_after_the_answer(world: World) -> None:
    job = answered_before_its_judgment(world)
    world.clock.advance(300)
    world.run(rounds=3)
    assert world.store.mood_inputs() == []
    assert world.switchboard.cancelled == [job]
    assert world.store.unsettled() == []


def test_jobs_are_acknowledged_only_after_the_post_is_recorded(world: World) -> None:
    world.tumblr.ask("soup?")
    world.find()
    world.driver.round()
    assert world.only_turn().state is TurnState.POSTED
    assert world.switchboard.acknowledged == []
    world.driver.round()
    assert len(world.switchboard.acknowledged) == 2
    world.driver.round()
    assert len(world.switchboard.acknowledged) == 2


def test_drafts_only_publishes_nothing(make_world: MakeWorld) -> None:
    world = make_world(tumblr=DRAFTS, queue=queue(1))
    world.tumblr.ask("soup?")
    world.run()
    assert {post.state for post in world.tumblr.posts.values()} == {"draft"}
    assert {t.state for t in (world.store.turn(1), world.store.turn(2))} == {TurnState.DRAFTED}


def test_what_the_screening_stops_is_drafted_with_the_reason(make_world: MakeWorld) -> None:
    world = make_world(screening={"bad_strings": ["warm"]})
    world.tumblr.ask("soup?")
    world.run()
    (post,) = world.tumblr.posts.values()
    assert post.state == "draft"
    (entry,) = world.store.log_entries()
    assert "'warm'" in entry.entry["intent"]["reasons"][0]


def test_a_dry_run_changes_nothing(make_world: MakeWorld) -> None:
    world = make_world(dry_run=True, queue=queue(1))
    world.tumblr.ask("soup?")
    world.run()
    assert world.tumblr.writes == 0
    assert [post.state for post in world.tumblr.posts.values()] == ["submission"]
    assert not list(world.folder.iterdir())
    assert world.switchboard.acknowledged == []
    posts = [one for one in world.switchboard.jobs.values() if isinstance(one, TextpostRequest)]
    assert [one.spare_retained for one in posts] == [True]


def test_an_answer_lost_on_the_way_back_is_found_not_repeated(world: World) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.lose_answer = 1
    world.run(seconds=10)
    assert world.tumblr.writes == 1
    assert world.only_turn().state is TurnState.POSTED
    (post,) = world.tumblr.posts.values()
    assert world.only_turn().post_id == post.id


def test_a_post_lost_on_the_way_there_is_sent_again(world: World) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.lose_request = 2
    world.run(seconds=10, rounds=5)
    assert world.tumblr.writes == 1
    assert world.only_turn().state is TurnState.POSTED


def test_an_original_lost_on_the_way_back_is_found_not_repeated(make_world: MakeWorld) -> None:
    world = make_world(queue=queue(1))
    world.tumblr.lose_answer = 1
    world.run(seconds=10)
    assert world.tumblr.writes == 1
    assert world.only_turn().state is TurnState.POSTED


def test_a_job_that_fails_is_asked_for_again_with_another_id_and_then_given_up(world: World) -> None:
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    world.find()
    ids = set()
    for _ in range(world.settings.loop.max_attempts):
        world.driver.round()
        turn = world.only_turn()
        assert turn.request is not None
        ids.add(turn.request.id)
        world.switchboard.fail(turn.request.id)
        world.driver.round()
        world.clock.advance(3600)
    assert len(ids) == world.settings.loop.max_attempts
    assert world.only_turn().state is TurnState.FAILED
    assert world.only_turn().reason == "no generator could do it"
    assert [post.state for post in world.tumblr.posts.values()] == ["submission"]


def test_a_failed_turn_rests_longer_each_time(world: World) -> None:
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    world.find()
    rests = []
    for _ in range(2):
        world.driver.round()
        turn = world.only_turn()
        assert turn.request is not None
        world.switchboard.fail(turn.request.id)
        world.driver.round()
        rests.append(world.only_turn().not_before - world.clock())
        world.clock.advance(rests[-1])
    assert rests == [60.0, 120.0]


def test_waiting_for_a_text_is_bounded_but_not_while_the_bot_was_away(world: World) -> None:
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    world.run(rounds=1)
    world.clock.advance(7200)
    turn = world.only_turn()
    assert turn.request is not None
    world.switchboard.finish(turn.request.id)
    world.driver.round()
    world.clock.advance(60)
    world.driver.round()
    assert world.only_turn().state is TurnState.POSTED


def test_a_text_that_does_not_come_is_given_up_and_cancelled(world: World) -> None:
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    world.run(rounds=1)
    world.clock.advance(1801)
    world.driver.round()
    assert world.only_turn().state is TurnState.FOUND
    assert "no result within 1800 s" in (world.only_turn().reason or "")
    world.driver.round()
    assert len(world.switchboard.cancelled) == 2


def test_a_forgotten_job_is_submitted_once_more_under_the_same_id(world: World) -> None:
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    world.run(rounds=1)
    turn = world.only_turn()
    assert turn.request is not None
    world.switchboard.forget()
    world.driver.round()
    assert turn.request.id in world.switchboard.jobs
    world.switchboard.forget()
    world.driver.round()
    assert world.only_turn().state is TurnState.FOUND


class BrokenForAnn(AskHandler):
    """Has a mistake that shows with one asker only."""

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        if turn.who == "ann":
            raise ZeroDivisionError
        return super().compose(turn, chosen)


def test_a_turn_that_nothing_can_be_done_with_does_not_stop_the_others(make_world: MakeWorld) -> None:
    world = make_world(handlers={TurnKind.ASK: BrokenForAnn(settings_for())})
    world.tumblr.ask("soup?", "ann")
    world.tumblr.ask("soup?", "bob")
    world.run(rounds=1)
    ann, bob = world.store.turn(1), world.store.turn(2)
    assert bob.state is TurnState.POSTED
    assert ann.state is TurnState.CHOSEN
    assert ann.reason == "ZeroDivisionError()"
    assert ann.not_before > world.clock()


@pytest.mark.parametrize("error", [Refused("empty"), Forbidden("blocked")])
def test_a_refused_post_is_not_sent_again(world: World, error: TumblrError) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.refuse = error
    world.run(seconds=60)
    assert world.only_turn().state is TurnState.FAILED
    assert world.only_turn().reason == str(error)


@pytest.mark.parametrize("kind", [Refused, Forbidden])
def test_a_refusal_without_a_lasting_reason_is_final_only_after_hours(
    world: World, kind: type[TurnedDown]
) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.refuse = kind("Posting failed. Please try again.", passing=True)
    world.run(seconds=3600)
    assert world.only_turn().state is TurnState.POSTING
    world.tumblr.refuse = None
    world.clock.advance(3600)
    world.driver.round()
    assert world.only_turn().state is TurnState.POSTED


def test_a_refusal_that_goes_on_for_hours_is_final(world: World) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.refuse = Refused("Posting failed. Please try again.", passing=True)
    world.run(seconds=60)
    sent = 0
    while world.only_turn().is_open:
        world.clock.advance(600)
        world.driver.round()
        sent += 1
        assert sent < 100
    assert world.only_turn().state is TurnState.FAILED
    assert sent >= 30  # six hours and a little


def test_a_used_up_limit_is_waited_for(world: World) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.refuse = LimitReached("250 posts today", 1800.0)
    world.run(seconds=1)
    turn = world.only_turn()
    assert turn.state is TurnState.POSTING
    assert turn.attempts == 0
    world.tumblr.refuse = None
    world.clock.advance(1800)
    world.driver.round()
    assert world.only_turn().state is TurnState.POSTED


def test_wrong_keys_stop_the_process_with_a_word_when_they_stay_wrong(world: World) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.refuse = Unauthorized("Unable to authorize")
    world.run(seconds=60, rounds=8)
    assert world.only_turn().state is TurnState.POSTING
    with pytest.raises(FatalError, match=r"tumblr\.base_keys"):
        world.run(seconds=60, rounds=8)
    world.tumblr.refuse = None
    world.clock.advance(60)
    world.driver.round()
    assert world.only_turn().state is TurnState.POSTED


class ClosedSwitchboard(FakeSwitchboard):
    """Refuses all submissions."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def submit_raw_select(self, request: RawSelectRequest) -> SubmitReply:
        raise self.error


def test_a_wrong_token_stops_the_process(make_world: MakeWorld) -> None:
    world = make_world(switchboard=ClosedSwitchboard(SwitchboardForbidden(403, "wrong role")))
    world.tumblr.ask("soup?")
    with pytest.raises(FatalError, match="wrong role"):
        world.run(seconds=60)


def test_a_request_the_switchboard_refuses_is_not_repeated_for_ever(make_world: MakeWorld) -> None:
    world = make_world(switchboard=ClosedSwitchboard(SwitchboardRefused(400, "too long", "texts")))
    world.tumblr.ask("soup?")
    world.run(seconds=3600, rounds=4)
    assert world.only_turn().state is TurnState.FAILED


def test_an_unreachable_switchboard_is_asked_less_and_less(world: World) -> None:
    world.tumblr.ask("soup?")
    world.switchboard.down = True
    world.find()
    for _ in range(120):
        world.driver.round()
        world.clock.advance(1)
    assert 6 <= world.switchboard.tries_while_down <= 8
    world.switchboard.down = False
    world.clock.advance(60)
    world.driver.round()
    assert world.only_turn().state is TurnState.POSTED


def test_an_ask_that_was_deleted_meanwhile_is_skipped(world: World) -> None:
    world.switchboard.automatic = False
    ask = world.tumblr.ask("soup?")
    world.run(rounds=1)
    world.tumblr.remove(ask)
    world.switchboard.automatic = True
    for _ in range(4):
        world.driver.round()
        world.clock.advance(10)
    assert world.only_turn().state is TurnState.SKIPPED
    assert "not in the inbox any more" in (world.only_turn().reason or "")


def test_a_submission_is_remembered_as_skipped(world: World) -> None:
    post_id = world.tumblr.ask("soup?")
    world.tumblr.posts[post_id] = replace(world.tumblr.posts[post_id], type="text", question=None)
    world.run()
    assert world.only_turn().state is TurnState.SKIPPED
    assert world.tumblr.writes == 0


def test_lingering_waits_for_the_oldest_result_only_when_there_is_one(world: World) -> None:
    assert world.driver.linger(0.5) is False
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    world.run(rounds=1)
    assert world.driver.can_linger
    assert world.driver.linger(0.5) is False
    assert world.switchboard.waited == [0.5]
    assert world.driver.linger(-1e-6) is False  # a busy machine may be late
    assert world.driver.linger(100.0) is False
    assert world.switchboard.waited == [0.5, 30.0]
    world.switchboard.automatic = True
    assert world.driver.linger(0.5) is True
    world.switchboard.down = True
    assert world.driver.linger(0.5) is False


def test_writes_that_are_refused_for_hours_while_reading_works_are_tried_once_a_minute(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(queue={"write_when_below": 3})
    tried: list[float] = []

    def refuse() -> None:
        tried.append(world.clock())
        raise TumblrUnavailable("tumblr answered 403 with something that is not JSON")

    monkeypatch.setattr(world.tumblr, "_on_the_way_there", refuse)
    for name in ("ann", "bob", "cid", "dora"):
        world.tumblr.ask(f"hello from {name}", name)
    world.find()
    for _ in range(720):
        world.clock.advance(5)
        world.driver.round()
    assert 20 < len(tried) < 75
    said = "".join(capsys.readouterr())
    assert said.count("tumblr not available") == 1
    assert "available again" not in said
    monkeypatch.undo()
    world.run(seconds=61, rounds=10)
    assert {turn.state for turn in map(world.store.turn, range(1, 6))} == {TurnState.POSTED}
    assert len(world.tumblr.posts) == 5
