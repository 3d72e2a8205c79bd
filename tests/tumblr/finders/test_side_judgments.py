"""Texts that are judged before there is a turn: once each, across restarts and outages."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from switchboard.errors import SwitchboardForbidden
from switchboard.messages import RawSelectRequest, SpeakerOdds, SpeakerQuestion
from tests.tumblr.fakes import FakeClock, FakeSwitchboard, bot_over, settings_for
from tumblr.finders.dashboard_rules import Judged
from tumblr.finders.side_judgments import Question, SideJudge, Unjudged
from tumblr.store.database import Database

TEXTS = {f"bob:{number}": Question(f"text {number}") for number in range(5)}
X, Y = Question("x"), Question("y")


@pytest.fixture
def switchboard() -> FakeSwitchboard:
    made = FakeSwitchboard()
    made.automatic = False
    return made


def judge_over(switchboard: FakeSwitchboard, database: Database, clock: FakeClock) -> SideJudge:
    """One that asks about two texts at a time."""
    return SideJudge(bot_over(database, clock, switchboard=switchboard), settings_for(dashboard={"batch": 2}))


@pytest.fixture
def side(database: Database, clock: FakeClock, switchboard: FakeSwitchboard) -> SideJudge:
    return judge_over(switchboard, database, clock)


def finish_all(switchboard: FakeSwitchboard) -> None:
    for job in switchboard.jobs:
        switchboard.finish(job)


def test_texts_are_judged_in_batches_and_once(side: SideJudge, switchboard: FakeSwitchboard) -> None:
    assert side.judge(TEXTS) == {}
    assert len(switchboard.jobs) == 3
    finish_all(switchboard)
    assert side.judge(TEXTS) == dict.fromkeys(TEXTS, Judged(0.5, 1.25))
    assert len(switchboard.acknowledged) == 3
    assert len(side.judge(TEXTS)) == 5
    assert switchboard.submissions == 3


def test_each_text_gets_its_own_scores(side: SideJudge, switchboard: FakeSwitchboard) -> None:
    side.judge({"a": X, "b": Y})
    (job,) = switchboard.jobs
    switchboard.finish(job)
    result = switchboard.results[job]
    switchboard.results[job] = result.model_copy(update={"selection_proba": [0.1, 0.9]})  # type: ignore[union-attr]
    assert side.judge({"b": Y, "a": X}) == {"a": Judged(0.1, 1.25), "b": Judged(0.9, 1.25)}


def test_a_restart_asks_for_the_same_job(
    side: SideJudge, switchboard: FakeSwitchboard, database: Database, clock: FakeClock
) -> None:
    side.judge({"a": X})
    clock.advance(7200)
    again = judge_over(switchboard, database, clock)
    finish_all(switchboard)
    assert again.judge({"a": X}) == {"a": Judged(0.5, 1.25)}
    assert len(switchboard.jobs) == 1


def test_what_the_switchboard_never_got_or_has_forgotten_is_sent_again(
    side: SideJudge, switchboard: FakeSwitchboard
) -> None:
    switchboard.down = True
    assert side.judge({"a": X}) == {}
    assert side.judge({"a": X}) == {}
    switchboard.down = False
    side.judge({"a": X})
    switchboard.forget()
    side.judge({"a": X})
    finish_all(switchboard)
    assert side.judge({"a": X}) == {"a": Judged(0.5, 1.25)}


def test_a_job_that_fails_leaves_its_texts_unjudged(side: SideJudge, switchboard: FakeSwitchboard) -> None:
    side.judge({"a": X})
    switchboard.fail(next(iter(switchboard.jobs)))
    assert isinstance(side.judge({"a": X})["a"], Unjudged)


def test_wrong_tokens_are_not_passed_over(side: SideJudge, switchboard: FakeSwitchboard) -> None:
    def refuse(_: object) -> None:
        raise SwitchboardForbidden(403, "no")

    switchboard.submit_raw_select = refuse  # type: ignore[assignment, method-assign]
    with pytest.raises(SwitchboardForbidden):
        side.judge({"a": X})


ASKED = Question("x", SpeakerQuestion(prompt="友bob会hi域"))


def sent(switchboard: FakeSwitchboard) -> RawSelectRequest:
    (request,) = switchboard.jobs.values()
    assert isinstance(request, RawSelectRequest)
    return request


def test_nothing_is_asked_about_speakers_unless_somebody_wants_to_know(
    side: SideJudge, switchboard: FakeSwitchboard
) -> None:
    side.judge({"a": X})
    assert sent(switchboard).next_speaker is None


def test_questions_about_speakers_go_with_their_texts(side: SideJudge, switchboard: FakeSwitchboard) -> None:
    """Two threads may read alike to the heads; each gets what was said about it."""
    other = replace(ASKED, speaker=SpeakerQuestion(prompt="友eve会hi域", form="full"))
    questions = {"a": ASKED, "b": other}
    side.judge(questions)
    assert sent(switchboard).next_speaker == [ASKED.speaker, other.speaker]
    finish_all(switchboard)
    (job,) = switchboard.jobs
    odds = [SpeakerOdds(after_thread=0.2, after_line=0.1), SpeakerOdds(after_thread=0.0, after_line=0.5)]
    result = switchboard.results[job]
    switchboard.results[job] = result.model_copy(  # type: ignore[union-attr]
        update={"next_speaker": odds, "autoreview": [0.25, 0.75]}
    )
    judged = side.judge(questions)
    assert [judged[name].autoreview for name in "ab"] == [0.25, 0.75]  # type: ignore[union-attr]
    shifts = [judged[name].shift for name in "ab"]  # type: ignore[union-attr]
    assert shifts == pytest.approx(
        [math.log(0.20001) - math.log(0.10001), math.log(0.00001) - math.log(0.50001)]
    )


def test_what_was_told_is_remembered_over_a_restart(
    side: SideJudge, switchboard: FakeSwitchboard, database: Database, clock: FakeClock
) -> None:
    switchboard.speaker_odds = SpeakerOdds(after_thread=0.5, after_line=0.5)
    side.judge({"a": ASKED, "b": Y})
    clock.advance(60)
    finish_all(switchboard)
    again = judge_over(switchboard, database, clock)
    expected = {"a": Judged(0.5, 1.25, None, 0.0), "b": Judged(0.5, 1.25)}
    assert again.judge({"a": ASKED, "b": Y}) == expected
    assert again.judge({"a": ASKED, "b": Y}) == expected


def test_a_generator_that_does_not_say_leaves_it_open(side: SideJudge, switchboard: FakeSwitchboard) -> None:
    side.judge({"a": ASKED})
    finish_all(switchboard)
    assert side.judge({"a": ASKED}) == {"a": Judged(0.5, 1.25)}
