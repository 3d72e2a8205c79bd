"""What the bot of 2021 lost or repeated when a process died, continued: commands, and drafts sent back."""

from __future__ import annotations

import pytest

from tests.system.cluster import READER, MoveIn, RunningBot
from tumblr.turns.fail_points import FailPoint

ACTING = (FailPoint.AFTER_INTENT, FailPoint.AFTER_POST, FailPoint.DURING_RECORD, FailPoint.AFTER_CHORE)
"""The moments around what a command does, and around the deletion of its ask."""


def inbox(bot: RunningBot) -> list[str]:
    """The questions that are left in the inbox."""
    return [post.question or "" for post in bot.posts("submission")]


def name_of(point: FailPoint) -> str:
    """A fail point as part of a blog's name."""
    return point.name.lower().replace("_", "-")


@pytest.mark.parametrize("point", [FailPoint.AFTER_SENT_BACK, FailPoint.AFTER_CHORE])
def test_c05_a_draft_sent_back_is_undone_once_and_answered_once_more(
    point: FailPoint, move_in: MoveIn
) -> None:
    """2021: un-marked and deleted apart, it was lost or undone twice. Here what is due is stored as one."""
    bot = move_in(f"c05-{name_of(point)}", tumblr={"publishing": "drafts"})
    bot.driver.ask(bot.blog, "what do you say?", READER)
    bot.lives_until(lambda: bot.settled(1))
    (first,) = bot.posts("draft")
    bot.tag(first.id, "rts")
    bot.dies_at(point)
    bot.lives_until(lambda: bot.settled(1) and bot.posts("draft") and "rts" not in bot.posts("draft")[0].tags)
    (second,) = bot.posts()
    assert second.question == "what do you say?"
    assert second.text != first.text
    assert len(bot.query("SELECT * FROM post_log")) == 2, "one entry for each answer"
    assert bot.query("SELECT count(*) FROM mood_inputs") == [(1,)], "the first kick wins"
    assert inbox(bot) == []


@pytest.mark.parametrize("point", [FailPoint.AFTER_SENT_BACK, FailPoint.AFTER_CHORE])
def test_c05_a_reblog_sent_back_leaves_one_draft(point: FailPoint, move_in: MoveIn) -> None:
    """2021: the mark was gone and the draft not, or the other way. Here one draft takes the other's place."""
    bot = move_in(f"c05r-{name_of(point)}", tumblr={"publishing": "drafts"})
    said = bot.driver.reblog(READER, bot.driver.post(bot.blog, "<p>Soup.</p>"), "<p>and what of tea?</p>")
    bot.lives_until(lambda: bot.settled(1))
    (first,) = bot.posts("draft")
    bot.tag(first.id, "rts")
    bot.dies_at(point)
    assert bot.query("SELECT post_id FROM outbox WHERE done_at IS NULL") == [(first.id,)]
    bot.lives_until(lambda: bot.settled(1) and first.id not in {post.id for post in bot.posts("draft")})
    (second,) = bot.posts("draft")
    assert (first.parent_id, second.parent_id) == (said, said)
    assert second.text != first.text
    assert len(bot.query("SELECT * FROM post_log")) == 2, "one entry for each answer"
    assert bot.query("SELECT count(*) FROM mood_inputs") == [(1,)], "the first kick wins"


@pytest.mark.parametrize("point", [FailPoint.AFTER_SENT_BACK, FailPoint.AFTER_CHORE])
def test_c05_a_draft_that_was_accepted_is_published_once(point: FailPoint, move_in: MoveIn) -> None:
    """Later than 2021: a draft tagged ``a`` is published, once, without the tag."""
    bot = move_in(f"c05a-{name_of(point)}", tumblr={"publishing": "drafts"})
    bot.driver.ask(bot.blog, "may it be published?", READER)
    bot.lives_until(lambda: bot.settled(1))
    (draft,) = bot.posts("draft")
    bot.tag(draft.id, "soup", "a")
    bot.dies_at(point)
    bot.lives_until(lambda: bot.posts("published"))
    (published,) = bot.posts()
    assert (published.genesis_id, published.text, published.tags) == (draft.id, draft.text, ["soup"])
    assert bot.states() == {"posted": 1}


def test_c15_a_follow_is_made_and_its_ask_deleted(move_in: MoveIn) -> None:
    """2021: died after the follow, it was made again. Here it may be, harmlessly; then the ask is gone."""
    bot = move_in("c15")
    bot.driver.create_user("c15-fan")  # who writes nothing that the bot would then read
    bot.driver.ask(bot.blog, "!follow", "c15-fan")
    bot.dies_at(*ACTING)
    bot.lives_until(lambda: bot.settled(1) and not inbox(bot))
    assert bot.states() == {"done": 1}
    assert following(bot) == ["c15-fan"]
    bot.driver.ask(bot.blog, "!unfollow", "c15-fan")
    bot.dies_at(*ACTING)
    bot.lives_until(lambda: bot.settled(2) and not inbox(bot))
    assert following(bot) == []
    assert bot.posts() == []


def following(bot: RunningBot) -> list[str]:
    """Whom the bot's second account follows, as tumblr says."""
    answer = bot.dash_owner.send_api_request("get", "/v2/user/following", {}, [])
    return sorted(blog["name"] for blog in answer["blogs"])


@pytest.mark.parametrize("command", ["!review Soup, A. Cook, 4", "!mood"])
def test_c16_what_a_command_ordered_is_posted_once(command: str, move_in: MoveIn) -> None:
    """2021: died before the ask was deleted, it was posted again. Here the post is looked for first."""
    name = command[1:].split()[0]
    bot = move_in(f"c16-{name}", commands={"draft_reviews": False})
    bot.driver.ask(bot.blog, command, READER)
    bot.dies_at(*ACTING)
    bot.lives_until(lambda: bot.settled(1) and not inbox(bot))
    (post,) = bot.posts()
    assert post.state == "published"
    assert READER in post.html
    assert bot.states() == {"posted": 1}
    assert bot.damages() == []
