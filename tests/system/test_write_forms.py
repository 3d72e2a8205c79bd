"""Tumblr closes the endpoints of one form of writing: the bot writes through those of the other."""

from __future__ import annotations

import pytest

from tests.system.cluster import READER, MoveIn, RunningBot
from tests.system.writing import Write
from tumblr_sandbox.faults import Fault, FaultKind

CLOSED = {"blocks": FaultKind.LEGACY_REFUSED, "html": FaultKind.BLOCKS_REFUSED}
"""What is refused while a bot writes in a form that is not."""


def refuse(bot: RunningBot, kind: FaultKind) -> None:
    """Have tumblr refuse one form of this bot's writes, as long as the bot lives."""
    bot.driver.add_fault(Fault(kind=kind, path=f"*/blog/{bot.blog}.tumblr.com/*"))


@pytest.mark.parametrize("form", CLOSED)
def test_either_form_does_without_the_endpoints_of_the_other(form: str, move_in: MoveIn) -> None:
    bot = move_in(f"only-{form}", tumblr={"write_format": form}, queue={"write_when_below": 1})
    refuse(bot, CLOSED[form])
    post = bot.driver.post(bot.blog, "<p>Soup is an idea.</p>")
    said = bot.driver.reblog(READER, post, "<p>i love this, tell me more</p>")
    bot.driver.reply(READER, post, "what kind of soup?")
    bot.driver.ask(bot.blog, "is soup warm?", READER)
    bot.driver.ask(bot.blog, "!mood", "friend")
    bot.lives_until(lambda: bot.settled(5))
    assert bot.answers() == {"is soup warm?": 1}
    assert [one.state for one in bot.posts() if one.parent_id == said] == ["published"]
    assert len(bot.posts("queued")) == 1
    assert {call.status for call in bot.writes()} == {200, 201}
    assert set(bot.written()) >= set(Write)
    assert bot.damages() == []


def test_what_could_not_be_written_is_written_once_in_the_other_form(move_in: MoveIn) -> None:
    bot = move_in("changes-form", tumblr={"write_format": "html"})
    refuse(bot, FaultKind.LEGACY_REFUSED)
    post = bot.driver.post(bot.blog, "<p>Soup is an idea.</p>")
    said = bot.driver.reblog(READER, post, "<p>i love this, tell me more</p>")
    bot.driver.ask(bot.blog, "is soup warm?", READER)
    bot.tumbl.start()
    bot.waits_until(lambda: "choose the other tumblr.write_format" in bot.tumbl.said())
    bot.waits_until(lambda: bot.states()["posting"])
    assert bot.tumbl.stop() == 0
    bot.change("tumblr", write_format="blocks")
    bot.lives_until(lambda: bot.settled(2))
    assert bot.answers() == {"is soup warm?": 1}
    assert len([one for one in bot.posts() if one.parent_id == said]) == 1
    assert bot.damages() == []
