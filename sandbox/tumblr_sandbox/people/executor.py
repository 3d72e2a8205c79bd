"""People's actions done: each in its caller's transaction, by the same code that answers real clients."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Connection

from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.markup.content import Content, blog_url
from tumblr_sandbox.markup.html import paragraphs
from tumblr_sandbox.media import read_image
from tumblr_sandbox.people.actions import Action, Answer, Ask, Follow, Like, Reblog, Reply, Unfollow, Write
from tumblr_sandbox.rendering.screenshots import screenshot
from tumblr_sandbox.services import events, interactions
from tumblr_sandbox.services.limits import Limits, day_of
from tumblr_sandbox.services.posting import Changes, Writer, Written
from tumblr_sandbox.store import bulk_likes, media, posts, social, usage
from tumblr_sandbox.store.accounts import Blog, find_blog
from tumblr_sandbox.store.posts import StoredPost

_MENTION = re.compile(r"@([a-z0-9][a-z0-9-]{0,31})")


class ActionFailedError(Exception):
    """An action that could not be done: its blog or post is gone, or the owner does not want it."""


class ActionExecutor:
    """Does actions for people. ``do`` gives the post that came of an action, or that it was done to."""

    def __init__(self, writer: Writer, limits: Limits) -> None:
        self._writer = writer
        self._limits = limits

    def do(self, connection: Connection, blog: Blog, action: Action, now: float) -> StoredPost | None:
        """Do an action as the owner of a blog; raises ``ActionFailedError`` when it cannot be done."""
        try:
            return self._do(connection, blog, action, now)
        except PostingError as error:
            raise ActionFailedError(str(error)) from None

    def like(
        self, connection: Connection, blog: Blog, post_ids: Sequence[int], now: float
    ) -> list[StoredPost]:
        """Like several posts at once; gives those that are new. Those that may not be liked are left out."""
        wanted = posts.get_many(connection, post_ids)
        return like_all(connection, blog, wanted, self._limits, now)

    def _do(self, connection: Connection, blog: Blog, action: Action, now: float) -> StoredPost | None:
        match action:
            case Write():
                shown = _picture(connection, blog.name, action.text) if action.is_picture else None
                written = Written(content=shown or _content(connection, action.text), tags=action.tags)
                return self._writer.create(connection, blog, written, now)
            case Ask():
                asker = None if action.anonymous else blog
                target = _found(find_blog(connection, action.blog))
                question = paragraphs(action.text)
                if action.pictured:
                    question += _picture(connection, blog.name, action.pictured).html
                return self._writer.ask(connection, target, Content(html=question), asker, now)
            case Answer():
                ask = _found(posts.get(connection, action.ask_id))
                changes = Changes(_content(connection, action.text), state="published", tags=action.tags)
                return self._writer.edit(connection, blog, ask, changes, now)
            case Reblog():
                parent = _found(posts.get(connection, action.post_id))
                written = Written(content=_content(connection, action.text), tags=action.tags)
                return self._writer.reblog(connection, blog, parent, written, now)
            case Reply() | Like():
                return self._note(connection, blog, action, now)
            case Follow():
                followed = _found(find_blog(connection, action.blog))
                interactions.follow(connection, blog, followed, self._limits, now)
            case Unfollow():
                interactions.unfollow(connection, blog, _found(find_blog(connection, action.blog)))
        return None

    def _note(self, connection: Connection, blog: Blog, action: Reply | Like, now: float) -> StoredPost:
        post = _found(posts.get(connection, action.post_id))
        if isinstance(action, Reply):
            interactions.reply(connection, blog, post, action.text, now)
        else:
            interactions.like(connection, blog, post, self._limits, now)
        return post


def like_all(
    connection: Connection, blog: Blog, wanted: Sequence[StoredPost], limits: Limits, now: float
) -> list[StoredPost]:
    """What ``interactions.like`` does for one post, for all that somebody likes on a visit.

    Lets the owner of ``blog`` like posts; gives those that were not liked yet and may be.
    """
    user, day = blog.owner_id, day_of(now)
    left = max(0, limits.likes_per_day - usage.used_today(connection, user, day, "likes"))
    liked = social.liked_among(connection, user, [post.id for post in wanted])
    closed = bulk_likes.unlikable(connection, user, blog.id)
    new = {post.id: post for post in wanted if post.id not in liked and post.blog_id not in closed}
    found = list(new.values())[:left]
    if not found:
        return []
    bulk_likes.add_likes(connection, user, [post.id for post in found], now)
    usage.use(connection, user, day, "likes", len(found))
    bulk_likes.add_notes(connection, blog.id, [(post.tree_id, post.id) for post in found], now)
    told = [(post.blog_id, events.like_news(blog, post, now)) for post in found]
    news = [(blog_id, data) for blog_id, data in told if data is not None]
    if news:
        bulk_likes.add_notifications(connection, news, now)
    return found


def _picture(connection: Connection, name: str, words: str) -> Content:
    """Words as a post that is a picture of them, which is kept as an uploaded file."""
    upload = read_image(screenshot(name, words, f"{name} {words}"))
    media.add(connection, upload)
    medium = upload.medium
    size = f'data-orig-height="{medium.height}" data-orig-width="{medium.width}"'
    return Content(html=f'<figure {size}><img src="{medium.url}" {size}/></figure>')


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
        raise ActionFailedError("it is gone")
    return thing
