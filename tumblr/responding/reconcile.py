"""Is it there already? Asked when a post was intended and it is not known what became of it.

After a crash or a time-out this decides whether to post (again), so it errs on the side of finding: it reads
every place to which the post may have gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

from bs4 import BeautifulSoup

from tumblr.api.client import Reader
from tumblr.api.errors import TumblrError
from tumblr.api.models import TumblrPost
from tumblr.responding.branch_testing import MARK as TEST_MARK
from tumblr.responding.halloween import MARK
from tumblr.responding.publisher import Posted
from tumblr.turns.turn import Action, Intent, Turn

CLOCK_SLACK = 3600.0
"""Seconds by which our clock and tumblr's may differ: so much further back published posts are read."""


class TargetGone(TumblrError):  # noqa: N818 - named for what is wrong
    """What the intent was about is not there any more, and it did not become our post either."""


class Reconciler:
    """Looks for the post that an intent should have made."""

    def __init__(self, reader: Reader, logged_post_ids: Callable[[], Set[str]]) -> None:
        self._reader = reader
        self._logged = logged_post_ids

    def locate(self, turn: Turn, intent: Intent) -> Posted | None:
        """The post, or None when it was not made; raises TargetGone when it cannot be made any more."""
        match intent.action:
            case Action.ANSWER_ASK:
                found = self._answer(turn, intent)
            case Action.CREATE_TEXT | Action.CREATE_PHOTO:
                found = self._created(intent)
            case Action.REBLOG:
                found = self._reblogged(turn, intent)
            case Action.FOLLOW | Action.UNFOLLOW | Action.NOTHING:
                return None  # they can be done again
        return (
            None if found is None else Posted(found.id, found.state, {"id": found.id, "state": found.state})
        )

    def _answer(self, turn: Turn, intent: Intent) -> TumblrPost | None:
        """An ask keeps its id in inbox, drafts and queue, and gets another one when it is published."""
        ask_id = turn.input_id
        ask = self._reader.post(ask_id)
        if ask is not None:
            return None if ask.state == "submission" else ask
        for post in self._reader.published_since(intent.stored_at - CLOCK_SLACK):
            if ask_id in post.ids or _answers(post, turn, intent):
                return post
        raise TargetGone(f"the ask {ask_id} is not in the inbox any more, and not answered")

    def _created(self, intent: Intent) -> TumblrPost | None:
        logged = self._logged()
        for post in self._own_posts(intent.stored_at - CLOCK_SLACK):
            if _same_content(post, intent) and not post.ids & logged:
                return post
        return None

    def _reblogged(self, turn: Turn, intent: Intent) -> TumblrPost | None:
        """An own reblog of the post, whoever made it; without one, the post itself must still be there.

        On Halloween there are several, which differ in what they say; and a bot under test makes its own.
        """
        logged, one_of_many = self._logged(), any(MARK in tag for tag in intent.tags)
        for post in self._own_posts(intent.stored_at - CLOCK_SLACK):
            same_bot = (TEST_MARK in post.tags) is (TEST_MARK in intent.tags)
            is_ours = same_bot and post.parent_id == intent.post_id and not post.ids & logged
            if is_ours and (_same_content(post, intent) or not one_of_many):
                return post
        blog = turn.input.get("blog")
        if blog is not None and self._reader.post_of(str(blog), str(intent.post_id)) is None:
            raise TargetGone(f"the post {intent.post_id} of {blog} is not there any more, or hidden")
        return None

    def _own_posts(self, since: float) -> Iterator[TumblrPost]:
        # In the order in which posts move, so that one that moves meanwhile is still met.
        yield from self._reader.queue()
        yield from self._reader.drafts()
        yield from self._reader.published_since(since)


def _answers(post: TumblrPost, turn: Turn, intent: Intent) -> bool:
    """Whether a post without a former id is the answer to this ask."""
    return (
        post.genesis_post_id is None
        and post.is_ask
        and letters(post.question or "") == letters(str(turn.input["question_html"]))
        and (post.asking_name or turn.who) == turn.who
        and _same_content(post, intent)
    )


def _same_content(post: TumblrPost, intent: Intent) -> bool:
    """The same letters, and no other tags (tumblr may have dropped some)."""
    return set(post.tags) <= set(intent.tags) and letters(post.body) == letters(intent.html)


def letters(html: str) -> str:
    """What is written in a post, without markup and white space, which tumblr may change."""
    return "".join(BeautifulSoup(html, "lxml").get_text().split())
