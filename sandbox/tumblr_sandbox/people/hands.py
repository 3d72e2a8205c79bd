"""People's deeds done: each in its caller's transaction, by the same code that answers real clients."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Connection

from tumblr_sandbox import acts
from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.limits import Limits
from tumblr_sandbox.markup.content import Content, blog_url
from tumblr_sandbox.markup.html import paragraphs
from tumblr_sandbox.people.deeds import Answer, Ask, Deed, Follow, Like, Reblog, Reply, Unfollow, Write
from tumblr_sandbox.people.liking import like_all
from tumblr_sandbox.posting import Changes, Writer, Written
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog, find_blog
from tumblr_sandbox.store.posts import StoredPost

_MENTION = re.compile(r"@([a-z0-9][a-z0-9-]{0,31})")


class UndoneError(Exception):
    """A deed that could not be done: its blog or post is gone, or the owner does not want it."""


class Hands:
    """Does deeds for people. ``do`` gives the post that came of a deed, or that it was done to."""

    def __init__(self, writer: Writer, limits: Limits) -> None:
        self._writer = writer
        self._limits = limits

    def do(self, connection: Connection, blog: Blog, deed: Deed, now: float) -> StoredPost | None:
        """Do a deed as the owner of a blog; raises ``UndoneError`` when it cannot be done."""
        try:
            return self._do(connection, blog, deed, now)
        except PostingError as error:
            raise UndoneError(str(error)) from None

    def like(
        self, connection: Connection, blog: Blog, post_ids: Sequence[int], now: float
    ) -> list[StoredPost]:
        """Like several posts at once; gives those that are new. Those that may not be liked are left out."""
        wanted = posts.get_many(connection, post_ids)
        return like_all(connection, blog, wanted, self._limits, now)

    def _do(self, connection: Connection, blog: Blog, deed: Deed, now: float) -> StoredPost | None:
        match deed:
            case Write():
                written = Written(content=_content(connection, deed.text), tags=deed.tags)
                return self._writer.create(connection, blog, written, now)
            case Ask():
                asker = None if deed.anonymous else blog
                target = _found(find_blog(connection, deed.blog))
                return self._writer.ask(connection, target, Content(html=paragraphs(deed.text)), asker, now)
            case Answer():
                ask = _found(posts.get(connection, deed.ask_id))
                changes = Changes(_content(connection, deed.text), state="published", tags=deed.tags)
                return self._writer.edit(connection, blog, ask, changes, now)
            case Reblog():
                parent = _found(posts.get(connection, deed.post_id))
                written = Written(content=_content(connection, deed.text), tags=deed.tags)
                return self._writer.reblog(connection, blog, parent, written, now)
            case Reply() | Like():
                return self._note(connection, blog, deed, now)
            case Follow():
                followed = _found(find_blog(connection, deed.blog))
                acts.follow(connection, blog, followed, self._limits, now)
            case Unfollow():
                acts.unfollow(connection, blog, _found(find_blog(connection, deed.blog)))
        return None

    def _note(self, connection: Connection, blog: Blog, deed: Reply | Like, now: float) -> StoredPost:
        post = _found(posts.get(connection, deed.post_id))
        if isinstance(deed, Reply):
            acts.reply(connection, blog, post, deed.text, now)
        else:
            acts.like(connection, blog, post, self._limits, now)
        return post


def _content(connection: Connection, text: str) -> Content:
    """Plain text as a post, ``@name`` of a blog that exists as a mention."""

    def link(match: re.Match[str]) -> str:
        name = match[1]
        if find_blog(connection, name) is None:
            return match[0]
        return f'<a class="tumblelog" href="{blog_url(name)}">@{name}</a>'

    html = paragraphs(text) if text else ""
    return Content(html=_MENTION.sub(link, html) if "@" in html else html)


T = TypeVar("T")


def _found(thing: T | None) -> T:
    if thing is None:
        raise UndoneError("it is gone")
    return thing
