"""What the bot of 2021 lost or repeated when a process died, continued: reblogs, replies and mentions."""

from __future__ import annotations

import pytest

from tests.system.cluster import READER, MoveIn, RunningBot
from tests.system.writing import Write, in_both_forms
from tumblr.turns.fail_points import FailPoint
from tumblr_sandbox.faults import Fault, FaultKind
from tumblr_sandbox.records import PostRecord

EVERYWHERE = (
    FailPoint.DURING_FOUND,
    FailPoint.AFTER_FOUND,
    FailPoint.AFTER_REQUEST,
    FailPoint.AFTER_SUBMIT,
    FailPoint.AFTER_RESULT,
    FailPoint.AFTER_CHOICE,
    FailPoint.AFTER_INTENT,
    FailPoint.AFTER_POST,
    FailPoint.DURING_RECORD,
    FailPoint.AFTER_RECORD,
)
"""A turn's whole life."""

SORTS = ("reblog", "reply", "mention")
COMMENT = "i love this, tell me more"


def say(bot: RunningBot, sort: str) -> str:
    """Let somebody say something to the bot; the answer is the id of the post they said it in or under."""
    if sort == "mention":
        link = f'<a class="tumblelog" href="https://{bot.blog}.tumblr.com/">@{bot.blog}</a>'
        return bot.driver.post(READER, f"<p>{link} {COMMENT}</p>")
    post = bot.driver.post(bot.blog, "<p>Soup is an idea.</p>")
    if sort == "reply":
        bot.driver.reply(READER, post, COMMENT)
        return post
    return bot.driver.reblog(READER, post, f"<p>{COMMENT}</p>")


def answers(bot: RunningBot, sort: str, said: str) -> list[PostRecord]:
    """The bot's posts about it."""
    if sort == "reply":
        return [post for post in bot.posts() if post.id != said and COMMENT in post.text]
    return [post for post in bot.posts() if post.parent_id == said]


def writes(bot: RunningBot) -> list[tuple[str, str]]:
    """What the bot wanted to change on tumblr, and the state that was asked for."""
    states = [call.parameters.get("state", "") for call in bot.writes()]
    return list(zip(bot.written(), states, strict=True))


@pytest.mark.parametrize("sort", SORTS)
def test_c01_no_draft_is_ever_made_to_see_a_thread(sort: str, move_in: MoveIn) -> None:
    """2021: a nonsense draft showed how tumblr renders the thread. Here it is read; no draft is made."""
    bot = move_in(f"c01-{sort}")
    said = say(bot, sort)
    bot.dies_at(*EVERYWHERE)
    bot.lives_until(lambda: bot.settled(1))
    (answer,) = answers(bot, sort, said)
    assert answer.state == "published"
    made = Write.CREATE if sort == "reply" else Write.REBLOG
    assert [(where, state or "published") for where, state in writes(bot)] == [(made, "published")]
    assert bot.posts("draft", "queued") == []


@pytest.mark.parametrize("sort", SORTS)
def test_c02_an_answer_is_remembered_though_the_bot_dies_after_it(sort: str, move_in: MoveIn) -> None:
    """2021: marks were saved after all were answered, so they were answered again. Here each is its own."""
    bot = move_in(f"c02-{sort}")
    said = say(bot, sort)
    bot.dies_at(FailPoint.AFTER_POST, FailPoint.DURING_RECORD, FailPoint.AFTER_RECORD)
    bot.lives_until(lambda: bot.settled(1))
    assert len(answers(bot, sort, said)) == 1
    assert len(writes(bot)) == 1
    assert len(bot.query("SELECT * FROM mood_inputs")) == 1
    assert bot.damages() == []


TROUBLES = (
    Fault(kind=FaultKind.TIMEOUT, seconds=1.0, count=1),
    Fault(kind=FaultKind.MALFORMED, count=1),
    Fault(kind=FaultKind.CUT, after_work=True, count=1),
)


@in_both_forms("trouble", TROUBLES, ids=lambda value: getattr(value, "kind", value))
def test_c20_an_answer_whose_confirmation_got_lost_is_not_given_again(
    trouble: Fault, form: str, move_in: MoveIn
) -> None:
    """2021: a reblog that timed out was made again, though it had worked. Here tumblr is looked at first."""
    bot = move_in(f"c20-talk-{trouble.kind}-{form}", tumblr={"write_format": form})
    for write in (Write.REBLOG, Write.CREATE):
        bot.add_fault(trouble, write)
    said = {sort: say(bot, sort) for sort in ("reblog", "reply")}
    bot.lives_until(lambda: bot.settled(2))
    assert bot.driver.faults() == {}
    assert {sort: len(answers(bot, sort, said[sort])) for sort in said} == {"reblog": 1, "reply": 1}
    assert bot.tumbl.said().count("found to be posted already") == 2
    assert bot.damages() == []


def test_c18_a_dashboard_post_that_was_rejected_is_not_written_about_again(move_in: MoveIn) -> None:
    """2021: rejected by the threshold, it was written and judged again after a crash. Here once is enough."""
    bot = move_in("c18", dashboard={"continuation_cutoff": 0.99})
    bot.driver.create_user("soup-friend")
    bot.driver.follow(f"{bot.blog}-dash", "soup-friend")
    bot.driver.post("soup-friend", "<p>A long thought about soup that nobody has had before.</p>")
    bot.dies_at(FailPoint.AFTER_SUBMIT, FailPoint.AFTER_RESULT, FailPoint.AFTER_CHOICE)
    bot.lives_until(lambda: bot.settled(1))
    ((state, reason),) = bot.query("SELECT state, reason FROM turns")
    assert state == "skipped", reason
    bot.tumbl.start()
    bot.passes(3)
    assert bot.tumbl.stop() == 0
    assert bot.submissions() == 1
    assert bot.writes() == []
    assert bot.posts() == []
