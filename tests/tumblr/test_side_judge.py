"""Texts that are judged before there is a turn: once each, across restarts and outages."""

from __future__ import annotations

import pytest

from switchboard.errors import SwitchboardForbidden
from tests.tumblr.fakes import ZONE, FakeClock, FakeSwitchboard
from tumblr.dash_rules import Judged
from tumblr.database import Database
from tumblr.side_judge import SideJudge, Unjudged
from tumblr.store_conversation import ConversationStore

TEXTS = {f"bob:{number}": f"text {number}" for number in range(5)}


@pytest.fixture
def switchboard() -> FakeSwitchboard:
    made = FakeSwitchboard()
    made.automatic = False
    return made


@pytest.fixture
def side(database: Database, clock: FakeClock, switchboard: FakeSwitchboard) -> SideJudge:
    return SideJudge(switchboard, ConversationStore(database, clock), ZONE, clock, batch=2)


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
    side.judge({"a": "x", "b": "y"})
    (job,) = switchboard.jobs
    switchboard.finish(job)
    result = switchboard.results[job]
    switchboard.results[job] = result.model_copy(update={"selection_proba": [0.1, 0.9]})  # type: ignore[union-attr]
    assert side.judge({"b": "y", "a": "x"}) == {"a": Judged(0.1, 1.25), "b": Judged(0.9, 1.25)}


def test_a_restart_asks_for_the_same_job(
    side: SideJudge, switchboard: FakeSwitchboard, database: Database, clock: FakeClock
) -> None:
    side.judge({"a": "x"})
    clock.advance(7200)
    again = SideJudge(switchboard, ConversationStore(database, clock), ZONE, clock, batch=2)
    finish_all(switchboard)
    assert again.judge({"a": "x"}) == {"a": Judged(0.5, 1.25)}
    assert len(switchboard.jobs) == 1


def test_what_the_switchboard_never_got_or_has_forgotten_is_sent_again(
    side: SideJudge, switchboard: FakeSwitchboard
) -> None:
    switchboard.down = True
    assert side.judge({"a": "x"}) == {}
    assert side.judge({"a": "x"}) == {}
    switchboard.down = False
    side.judge({"a": "x"})
    switchboard.forget()
    side.judge({"a": "x"})
    finish_all(switchboard)
    assert side.judge({"a": "x"}) == {"a": Judged(0.5, 1.25)}


def test_a_job_that_fails_leaves_its_texts_unjudged(side: SideJudge, switchboard: FakeSwitchboard) -> None:
    side.judge({"a": "x"})
    switchboard.fail(next(iter(switchboard.jobs)))
    assert isinstance(side.judge({"a": "x"})["a"], Unjudged)


def test_wrong_tokens_are_not_passed_over(side: SideJudge, switchboard: FakeSwitchboard) -> None:
    def refuse(_: object) -> None:
        raise SwitchboardForbidden(403, "no")

    switchboard.submit_raw_select = refuse  # type: ignore[assignment, method-assign]
    with pytest.raises(SwitchboardForbidden):
        side.judge({"a": "x"})
