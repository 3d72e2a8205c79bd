"""What the pages show of posts: plain values for the templates, HTML that is safe to show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup
from sqlalchemy import Connection

from sandbox.markup.content import Content, TrailItem
from sandbox.markup.html import READ_MORE
from sandbox.store import accounts, notes
from sandbox.store.accounts import Blog
from sandbox.store.posts import StoredPost
from sandbox.views.blog import ANONYMOUS, avatar_url

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800
_TUMBLR_LINK = re.compile(r'href="https://([a-z0-9-]+)\.tumblr\.com(?:/post/(\d+)[^"]*|/?)"')


@dataclass(frozen=True)
class Voice:
    """Who speaks, and what they say."""

    name: str
    html: Markup
    is_blog: bool = True

    @property
    def picture(self) -> str:
        """Where their picture is."""
        return avatar_url("", self.name if self.is_blog else ANONYMOUS, 64)


@dataclass(frozen=True)
class PagePost:
    """A post as a page shows it. ``chain`` holds every contribution, the post's own last."""

    id: int
    blog: str
    title: str | None
    question: Voice | None
    quotation: str | None
    link: tuple[str, str] | None
    chain: tuple[Voice, ...]
    reblogged_from: str | None
    tags: tuple[str, ...]
    notes: int
    moment: str
    date: str
    state: str

    @property
    def path(self) -> str:
        """Its own page."""
        return f"/blog/{self.blog}/post/{self.id}"

    @property
    def picture(self) -> str:
        """Where its blog's picture is."""
        return avatar_url("", self.blog, 64)


def page_posts(connection: Connection, found: Sequence[StoredPost], now: float) -> list[PagePost]:
    """Posts ready to show."""
    blogs = accounts.blogs_by_id(connection, {post.blog_id for post in found})
    counts = notes.counts(connection, {post.tree_id for post in found})
    return [_page_post(post, blogs[post.blog_id], counts.get(post.tree_id, 0), now) for post in found]


def _page_post(post: StoredPost, blog: Blog, note_count: int, now: float) -> PagePost:
    return PagePost(
        id=post.id,
        blog=blog.name,
        title=post.title,
        question=question_of(post),
        quotation=post.details.get("text") if post.type == "quote" else None,
        link=(post.details["url"], post.details.get("title") or post.details["url"])
        if post.type == "link"
        else None,
        chain=_chain(post, blog),
        reblogged_from=None if post.parent is None else post.parent.blog_name,
        tags=post.tags,
        notes=note_count,
        moment=ago(post.timestamp, now),
        date=datetime.fromtimestamp(post.timestamp, UTC).strftime("%A, %-d %B %Y, %H:%M UTC"),
        state=post.state,
    )


def question_of(post: StoredPost) -> Voice | None:
    """The question of an ask, or of a reblog of one."""
    if "question" not in post.details:
        return None
    asker = post.details["asker"]
    html = shown(Content.from_json(post.details["question"]).as_html())
    return Voice(ANONYMOUS.title(), html, is_blog=False) if asker is None else Voice(asker["name"], html)


def _chain(post: StoredPost, blog: Blog) -> tuple[Voice, ...]:
    said = [_voice(item) for item in post.trail if not item.content.is_empty()]
    if not post.content.is_empty():
        said.append(Voice(blog.name, shown(post.content.as_html())))
    return tuple(said)


def _voice(item: TrailItem) -> Voice:
    return Voice(item.post.blog_name, shown(item.own_html()))


def shown(stored: str) -> Markup:
    """Sanitised HTML for a page: links to tumblr blogs lead to the sandbox's pages of them."""

    def local(match: re.Match[str]) -> str:
        name, post_id = match.groups()
        return f'href="/blog/{name}/post/{post_id}"' if post_id else f'href="/blog/{name}"'

    # Sanitised when it was stored; nothing else comes here.
    return Markup(_TUMBLR_LINK.sub(local, stored.replace(READ_MORE, "<hr>")))  # noqa: S704


def ago(timestamp: float, now: float) -> str:
    """How long ago, in few words; a date after a week."""
    passed = int(now - timestamp)
    if passed < MINUTE:
        return "just now"
    for unit, name, limit in ((MINUTE, "minute", HOUR), (HOUR, "hour", DAY), (DAY, "day", WEEK)):
        if passed < limit:
            number = passed // unit
            return f"{number} {name}{'s' if number > 1 else ''} ago"
    return datetime.fromtimestamp(timestamp, UTC).strftime("%-d %b %Y")
