"""What the pages show of posts: plain values for the templates, HTML that is safe to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from markupsafe import Markup
from sqlalchemy import Connection

from tumblr_sandbox.markup.content import Content, TrailItem
from tumblr_sandbox.media import Medium
from tumblr_sandbox.pages.render import own_media, shown
from tumblr_sandbox.rendering.blog import ANONYMOUS, avatar_url
from tumblr_sandbox.rendering.render import UNREADABLE
from tumblr_sandbox.store import accounts, notes, social
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost

log = structlog.get_logger()

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800
PICTURE = 128
PAGE_PICTURE_WIDTH = 1280
UNFOLDED = 8
"""A chain that is longer is folded in the middle, where it stands among other posts."""
FIRST, LAST = 2, 4
"""How much of a folded chain shows at its ends."""

FATES = {"submission": "waiting", "draft": "held", "queued": "queued", "private": "private"}
"""What became of an ask in each state; published is ``answered``, no such post ``gone``."""


@dataclass(frozen=True)
class Lead:
    """What a post of some type shows before its words; ``kind`` names the template's way of showing it."""

    kind: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Voice:
    """Who speaks, and what they say."""

    name: str
    html: Markup
    is_blog: bool = True
    title: str | None = None
    lead: Lead | None = None
    moment: str = ""
    path: str = ""

    @property
    def picture(self) -> str:
        """Where their picture is."""
        return avatar_url("", self.name if self.is_blog else ANONYMOUS, PICTURE)


@dataclass(frozen=True)
class PagePost:
    """A post as a page shows it. ``chain`` holds every contribution, the post's own last.

    ``submitter`` is who handed it in that is not its blog: a name, empty for nobody known, none for others. A
    post of a community is its author's to change by the API alone.
    """

    id: int
    blog: str
    type: str
    question: Voice | None
    chain: tuple[Voice, ...]
    reblogged_from: str | None
    tags: tuple[str, ...]
    notes: int
    moment: str
    date: str
    state: str
    liked: bool = False
    mine: bool = False
    scheduled: str = ""
    pinned: bool = False
    submitter: str | None = None
    folded: range = field(default_factory=lambda: range(0))

    @property
    def path(self) -> str:
        return f"/blog/{self.blog}/post/{self.id}"

    @property
    def picture(self) -> str:
        """Where its blog's picture is."""
        return avatar_url("", self.blog, PICTURE)

    @property
    def is_chain(self) -> bool:
        """Whether its words must say whose they are."""
        return len(self.chain) > 1 or self.reblogged_from is not None


def page_posts(
    connection: Connection,
    found: Sequence[StoredPost],
    now: float,
    viewer: Blog | None = None,
    *,
    whole: bool = False,
) -> list[PagePost]:
    """Posts ready to show to a viewer; ``whole`` unfolds what lists shorten."""
    authors = {post.author_id for post in found if post.author_id is not None}
    blogs = accounts.blogs_by_id(connection, {post.blog_id for post in found} | authors)
    counts = notes.counts(connection, {post.tree_id for post in found})
    liked = (
        set()
        if viewer is None
        else social.liked_among(connection, viewer.owner_id, [post.id for post in found])
    )
    shown_posts = []
    for post in found:
        blog, author = blogs[post.blog_id], blogs.get(post.author_id or 0)
        try:
            one = _page_post(
                post,
                blog,
                now,
                note_count=counts.get(post.tree_id, 0),
                liked=post.id in liked,
                viewer=viewer,
                whole=whole,
                author=author,
            )
        except UNREADABLE as error:
            log.warning("a post cannot be shown", post=post.id, error=type(error).__name__)
            one = _unreadable(post, blog, now)
        shown_posts.append(one)
    return shown_posts


def _unreadable(post: StoredPost, blog: Blog, now: float) -> PagePost:
    """What stands for a post that cannot be shown, so that the page around it can."""
    words = Voice(blog.name, Markup("<p>This post cannot be shown.</p>"))
    moment, date = ago(post.timestamp, now), in_full(post.timestamp)
    return PagePost(post.id, blog.name, post.type, None, (words,), None, (), 0, moment, date, post.state)


def _page_post(
    post: StoredPost,
    blog: Blog,
    now: float,
    *,
    note_count: int,
    liked: bool,
    viewer: Blog | None,
    whole: bool,
    author: Blog | None,
) -> PagePost:
    chain = _chain(post, blog, now, whole=whole)
    fold = not whole and len(chain) > UNFOLDED
    return PagePost(
        id=post.id,
        blog=blog.name,
        type=post.type,
        question=question_of(post),
        chain=chain,
        folded=range(FIRST, len(chain) - LAST) if fold else range(0),
        reblogged_from=None if post.parent is None else post.parent.blog_name,
        tags=post.tags,
        notes=note_count,
        moment=ago(post.timestamp, now),
        date=in_full(post.timestamp),
        state=post.state,
        liked=liked,
        mine=viewer is not None and viewer.owner_id == blog.owner_id and author is None,
        pinned=post.id == blog.settings.pinned_post,
        submitter=_submitter(post) if author is None else author.name,
        scheduled="" if post.scheduled is None else in_full(post.scheduled),
    )


def _submitter(post: StoredPost) -> str | None:
    """Who handed a post in, where it is no ask."""
    if post.is_reblog or "submitter" not in post.details:
        return None
    return post.details["submitter"] or ""


def question_of(post: StoredPost) -> Voice | None:
    """The question of an ask, or of a reblog of one."""
    if "question" not in post.details:
        return None
    asker = post.details["asker"]
    html = shown(Content.from_json(post.details["question"]))
    return Voice(ANONYMOUS.title(), html, is_blog=False) if asker is None else Voice(asker["name"], html)


def _chain(post: StoredPost, blog: Blog, now: float, *, whole: bool) -> tuple[Voice, ...]:
    said = [_voice(item, post, now, whole=whole) for item in post.trail]
    path = f"/blog/{blog.name}/post/{post.id}"
    said.append(
        Voice(
            blog.name,
            _words(post.content, post, path, whole=whole, is_root=not post.is_reblog),
            title=None if post.is_reblog else post.title,
            lead=None if post.is_reblog else lead_of(post),
            moment=ago(post.timestamp, now),
            path=path,
        )
    )
    return tuple(voice for voice in said if voice.html or voice.lead or voice.title)


def _voice(item: TrailItem, post: StoredPost, now: float, *, whole: bool) -> Voice:
    path = f"/blog/{item.post.blog_name}/post/{item.post.id}"
    return Voice(
        item.post.blog_name,
        _words(item.content, post, path, whole=whole, is_root=item.is_root),
        title=item.title if item.is_root else None,
        lead=lead_of(post) if item.is_root else None,
        moment=ago(item.timestamp, now),
        path=path,
    )


def _words(content: Content, post: StoredPost, path: str, *, whole: bool, is_root: bool) -> Markup:
    """A contribution's words; the lines of a chat are in its lead."""
    if content.is_empty() or (is_root and post.type == "chat"):
        return Markup("")
    return shown(content, "" if whole else path)


def lead_of(post: StoredPost) -> Lead | None:
    """What the root of a post's tree shows before its words."""
    details = post.details
    match post.type:
        case "quote":
            return Lead("quote", {"text": details["text"]})
        case "link":
            return Lead("link", _link(details))
        case "chat":
            return Lead("chat", {"lines": _dialogue(post)})
        case "photo":
            return Lead("photos", {"pictures": [_picture(Medium(**one)) for one in details["photos"]]})
        case "audio" | "video":
            return Lead(post.type, _recording(post))
    return None


def _link(details: dict[str, Any]) -> dict[str, str]:
    """Where a link leads, if that is a place, and what it says."""
    url = str(details["url"])
    parts = urlsplit(url)
    web = parts.scheme in ("http", "https")
    return {
        "url": url if web else "",
        "title": str(details.get("title") or url),
        "excerpt": str(details.get("excerpt") or ""),
        "host": parts.netloc if web else "",
    }


def _picture(medium: Medium) -> dict[str, Any]:
    """A picture in the largest size that a page has room for."""
    fitting = [size for size in medium.sizes() if size.width <= PAGE_PICTURE_WIDTH and "_c1/" not in size.url]
    size = max(fitting, key=lambda one: one.width) if fitting else medium.sizes()[0]
    return {"url": own_media(size.url), "width": size.width, "height": size.height, "alt": "a picture"}


def _recording(post: StoredPost) -> dict[str, Any]:
    """A sound or film: played where it lies here, named where it lies elsewhere."""
    url = str(post.details["url"])
    return {
        "own": own_media(url),
        "title": url,
        "host": urlsplit(url).netloc,
        "url": _link(post.details)["url"],
    }


def _dialogue(post: StoredPost) -> list[tuple[str, str]]:
    """The lines of a chat, as (who, what); lines without a name have none."""
    root = next((item.content for item in post.trail if item.is_root), post.content)
    lines = (line.partition(":") for line in root.as_text().splitlines())
    return [(name, phrase.strip()) if colon else ("", name) for name, colon, phrase in lines]


def in_full(timestamp: float) -> str:
    """A time in words."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%A, %-d %B %Y, %H:%M UTC")


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


def day_name(timestamp: float, now: float) -> str:
    """The day of a time, as somebody says it who looks back from now (both in unix seconds, days in UTC)."""
    day, today = (datetime.fromtimestamp(moment, UTC).date() for moment in (timestamp, now))
    if day == today:
        return "Today"
    return "Yesterday" if (today - day).days == 1 else day.strftime("%A, %-d %B %Y")
