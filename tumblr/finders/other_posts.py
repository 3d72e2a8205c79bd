"""Posts of other blogs, each read from tumblr once, and the turns that are made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bs4 import BeautifulSoup

from munging.thread import Thread
from tumblr.api.models import TumblrPost, post_name
from tumblr.bot import Tumblr
from tumblr.bot_settings import BotSettings
from tumblr.finders.conversation_rules import tip
from tumblr.turns.inputs import ThreadInput, ThreadKind
from tumblr.turns.threads import prompt_of, said_since_bot
from tumblr.turns.turn import NewTurn

KEPT = 500
"""Posts that are kept in memory; those of the last passes, which wait to be answered."""


class OtherPosts:
    """Reads posts of others."""

    def __init__(self, tumblr: Tumblr) -> None:
        self._tumblr = tumblr
        self._kept: dict[str, TumblrPost] = {}

    def get(self, blog: str, post_id: str) -> TumblrPost | None:
        """A post, or None when no account may see it; raises the errors of ``tumblr.api.errors``."""
        name = post_name(blog, post_id)
        if name not in self._kept:
            found = self._tumblr.post_of(blog, post_id)
            if found is None:
                return None
            # A blog that was renamed answers under its new name; here a post keeps the one it was found by.
            self.keep(replace(found, blog=blog))
        return self._kept[name]

    def keep(self, post: TumblrPost) -> None:
        """Remember a post that was read some other way."""
        self._kept[post.name] = post
        for oldest in list(self._kept)[:-KEPT]:
            del self._kept[oldest]


def plain_text(html: str) -> str:
    """What is written in a piece of HTML, each paragraph on a line."""
    return BeautifulSoup(html, "lxml").get_text("\n").strip()


def turn_about(
    kind: ThreadKind,
    post: TumblrPost,
    thread: Thread,
    *,
    settings: BotSettings,
    text: str,
    timestamp: int,
    why: str,
    more: dict[str, Any] | None = None,
) -> NewTurn:
    """The turn of somebody's post, with all that reblogging it needs.

    It speaks for the post, and for the last words in its thread when those are another post's.
    """
    last = tip(post, settings)
    return NewTurn(
        kind=kind,
        input_id=post.name,
        who=post.blog,
        input=ThreadInput(
            kind=kind,
            blog=post.blog,
            post_id=post.id,
            reblog_key=post.reblog_key,
            url=post.url,
            timestamp=timestamp,
            text=text,
            said=said_since_bot(thread) or text,
            prompt=prompt_of(thread, settings.identity),
            why=why,
            **(more or {}),
        ),
        handles=tuple(dict.fromkeys([post.name, *([last] if last else [])])),
    )
