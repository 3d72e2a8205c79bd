"""Reviewing by forms: what is decided happens once, as it was seen, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from switchboard.messages import AnswerRequest
from tests.operator_console.stage import Browser, Stage, fields_of
from tumblr.turns.kinds import TurnState

DECIDE, REVISE = "/review/1/decide", "/review/1/revise"


def approval(browser: Browser, turn: int = 1) -> dict[str, str]:
    return browser.form(f"/review/{turn}", f"/review/{turn}/decide", 'value="approve"') | {
        "action": "approve"
    }


def revision(browser: Browser) -> dict[str, str]:
    return browser.form("/review/1", REVISE, "textarea")


def test_the_queue_shows_what_waits_with_all_that_an_operator_wants_to_know(stage: Stage) -> None:
    page = stage.browser().get("/review/").text
    for words in ("reader-1", "what do you eat?", "I have opinions about soup", "3 candidates", "1 waiting"):
        assert words in page
    assert "&#39;soup&#39; in" in page


def test_an_approval_is_posted_after_the_time_to_undo_it(stage: Stage) -> None:
    browser = stage.browser()
    assert browser.post(DECIDE, approval(browser)).status_code == 302
    stage.later(10)
    assert stage.published() == []
    stage.later()
    assert len(stage.published()) == 1
    assert "Nothing waits" in browser.get("/review/").text


def test_it_can_be_undone(stage: Stage) -> None:
    browser = stage.browser()
    browser.post(DECIDE, approval(browser))
    undo = browser.form("/review/", "/review/undo/1")
    assert "Taken back" in browser.post("/review/undo/1", undo, follow_redirects=True).text
    stage.later()
    assert stage.published() == []


def test_two_clicks_and_a_lost_answer_are_one_approval(stage: Stage) -> None:
    browser = stage.browser()
    form = approval(browser)
    stage.link.lose_answers = 1
    lost = browser.post(DECIDE, form)
    assert lost.status_code == 503
    assert fields_of(lost.text)["key"] == form["key"]
    for _ in range(2):
        assert browser.post(DECIDE, form).status_code == 302
    stage.later()
    stage.later()
    assert len(stage.published()) == 1


def test_a_text_that_has_changed_is_shown_and_not_approved(stage: Stage) -> None:
    first, second = stage.browser(), stage.browser("helper")
    seen = approval(first)
    second.post(REVISE, revision(second) | {"text": "Stew with soup.", "tags": "stew"})
    answer = first.post(DECIDE, seen)
    assert answer.status_code == 409
    assert "the text has changed since it was shown" in answer.text
    assert "Stew with soup." in answer.text
    stage.later()
    assert stage.published() == []


def test_one_tab_may_save_twice_and_approve(stage: Stage) -> None:
    browser = stage.browser()
    for words in ("Stew.", "Stew, and soup."):
        browser.post(REVISE, revision(browser) | {"text": words, "tags": "stew"})
    browser.post(DECIDE, approval(browser))
    stage.later()
    (post,) = stage.published()
    assert "Stew, and soup." in post


def test_save_and_approve_is_one_step_when_nothing_new_is_found(stage: Stage) -> None:
    browser = stage.browser()
    form = revision(browser) | {"text": "A stew.", "tags": "stew", "then": "approve"}
    assert browser.post(REVISE, form).status_code == 302
    stage.later()
    assert len(stage.published()) == 1


def test_what_the_screening_finds_in_new_words_is_shown_first(stage: Stage) -> None:
    browser = stage.browser()
    form = revision(browser) | {"text": "By the sea.", "tags": "x", "then": "approve"}
    answer = browser.post(REVISE, form)
    assert answer.status_code == 409
    assert "not approved" in answer.text
    stage.later()
    assert stage.published() == []


def test_words_outlive_a_bot_that_does_not_answer(stage: Stage) -> None:
    browser = stage.browser()
    form = revision(browser) | {"text": "An hour's work.", "tags": "work"}
    stage.link.away = True
    answer = browser.post(REVISE, form)
    assert answer.status_code == 503
    assert "An hour&#39;s work." in answer.text
    stage.link.away = False
    again = fields_of(answer.text) | {"text": "An hour's work.", "tags": "work"}
    assert browser.post(REVISE, again).status_code == 302
    assert "An hour&#39;s work." in browser.get("/review/1").text


def test_another_candidate_takes_its_place(stage: Stage) -> None:
    browser = stage.browser()
    form = browser.form("/review/1", REVISE, 'name="candidate"')
    browser.post(REVISE, form)
    assert "dreams of a station" in browser.get("/review/1").text
    browser.post(DECIDE, approval(browser))
    stage.later()
    (post,) = stage.published()
    assert ("dreams of a station" in post) == (form["candidate"] == "1")


@pytest.mark.parametrize(
    ("action", "state"),
    [("reject", TurnState.SKIPPED), ("draft", TurnState.DRAFTED), ("again", TurnState.HELD)],
)
def test_the_other_decisions(stage: Stage, action: str, state: TurnState) -> None:
    browser = stage.browser()
    browser.post(DECIDE, approval(browser) | {"action": action, "reason": "not now"})
    stage.later()
    assert stage.world.only_turn().state is state
    assert stage.published() == []


@pytest.mark.parametrize("length", ["", "shorter", "longer"])
def test_another_text_may_be_asked_for_by_its_length(stage: Stage, length: str) -> None:
    """The hint outlives the time to undo it, and a restart; it is in the audit log."""
    browser = stage.browser()
    seen = stage.world.only_turn().result
    assert seen is not None
    words = len(seen.post.split())
    again = browser.form("/review/1", DECIDE, 'name="length"')
    browser.post(DECIDE, again | {"length": length})
    stage.later()
    assert stage.world.only_turn().state is TurnState.HELD  # screened as ever
    asked = [job for job in stage.world.switchboard.jobs.values() if isinstance(job, AnswerRequest)][-1]
    shorter, longer = (None, words * 2 // 3), (-(-words * 3 // 2), None)
    wanted = {"": (None, None), "shorter": shorter, "longer": longer}
    assert (asked.least_words, asked.most_words) == wanted[length]
    assert length in browser.get("/audit").text
    browser.post(DECIDE, browser.form("/review/1", DECIDE, 'name="length"') | {"length": "any"})
    assert stage.world.only_turn().state is TurnState.HELD  # a length of nobody's is refused
    browser.post(DECIDE, browser.form("/review/1", DECIDE, 'name="length"'))
    stage.later()
    assert stage.world.only_turn().words is None


def test_many_at_once_are_decided_one_by_one(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(asks=4, console={"confirm_above": 3})
    browser = stage.browser()
    chosen = [f"{n}:{approval(browser, n)['version']}" for n in (1, 2, 3)]
    browser.post("/review/2/decide", approval(browser, 2) | {"action": "reject"})
    browser.post(
        "/review/3/revise", browser.form("/review/3", "/review/3/revise", "textarea") | {"text": "Soup"}
    )
    bulk = browser.form("/review/", "/review/bulk") | {"action": "approve", "post": chosen}
    answer = browser.post("/review/bulk", bulk).text
    for said in ("1</a>: Approved", "2</a>: not done", "3</a>: not done: the text has changed"):
        assert f"post {said}" in answer
    browser.post("/review/bulk", bulk)
    stage.later()
    assert len(stage.published()) == 1
    states = [turn.state for turn in map(stage.world.store.turn, (1, 2, 3, 4))]
    assert states == [TurnState.POSTED, TurnState.SKIPPED, TurnState.HELD, TurnState.HELD]


def test_many_more_have_to_be_confirmed_by_their_number(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(asks=4, console={"confirm_above": 3})
    browser = stage.browser()
    chosen = [f"{n}:{approval(browser, n)['version']}" for n in (1, 2, 3, 4)]
    bulk = browser.form("/review/", "/review/bulk") | {"action": "approve", "post": chosen}
    asked = browser.post("/review/bulk", bulk)
    assert "Approve 4 posts?" in asked.text
    assert stage.world.bot.reviews.pending() == []
    browser.post("/review/bulk", fields_of(asked.text) | {"post": chosen, "confirm": "4"})
    assert len(stage.world.bot.reviews.pending()) == 4
