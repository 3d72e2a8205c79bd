"""The calls with which the bot reads tumblr, and those that change whom an account follows.

``writer.py`` has what changes posts.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tumblr.api.errors import Forbidden, MalformedAnswer, NotFound, Refused
from tumblr.api.models import (
    Mention,
    Photo,
    PostPage,
    ReadingRules,
    TumblrPost,
    read_blog_names,
    read_mentions,
    read_page,
    read_photos,
)
from tumblr.api.notes import NotePage, read_note_page
from tumblr.api.transport import Reads, UncheckedClient, Writes

PAGE = 50
"""Posts asked for at once; tumblr documents 20 and honours 50."""

MOST_PAGES = 1000
"""Pages after which a list is taken to have no end."""

FOLLOWING_PAGE = 20
"""Followed blogs asked for at once; tumblr gives no more."""

BLOG = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
"""What may stand for a blog in an address."""


def full_blog_name(name: str) -> str:
    """The blog's host name, fit to be put into an address; raises ValueError when it cannot be one."""
    if not BLOG.fullmatch(name):
        raise ValueError(f"not the name of a blog: {name[:40]!r}")
    return name if "." in name else f"{name}.tumblr.com"


class TumblrReader:
    """Reads one blog's posts as its owner. ``npf`` asks for posts as blocks instead of as HTML."""

    def __init__(self, request: Reads, rules: ReadingRules, *, npf: bool = True) -> None:
        self._client = UncheckedClient(request)
        self._rules = rules
        self.blog = full_blog_name(rules.identity.blog)
        self._form = {"npf": "true" if npf else "false", "reblog_info": "true"}

    def inbox(self, offset: int = 0) -> PostPage:
        """A page of asks and submissions, newest first, from the one of this number on."""
        listed = self._client.submission(self.blog, limit=PAGE, offset=offset, **self._form)
        return read_page(listed, self._rules)

    def post(self, post_id: str) -> TumblrPost | None:
        """An own post in any state; None when there is none."""
        try:
            page = read_page(self._client.posts(self.blog, id=post_id, **self._form), self._rules)
        except NotFound:
            return None
        return next((post for post in _whole(page) if post_id in post.ids), None)

    def queue_head(self) -> list[TumblrPost]:
        """The first page of the queue, soonest first."""
        return _whole(read_page(self._client.queue(self.blog, limit=PAGE, **self._form), self._rules))

    def queue(self) -> Iterator[TumblrPost]:
        """All queued posts, soonest first; read page by page."""
        return _pages(
            lambda seen, _: self._client.queue(self.blog, limit=PAGE, offset=seen, **self._form), self._rules
        )

    def drafts(self) -> Iterator[TumblrPost]:
        """All drafts, newest first; read page by page."""

        def page(_: int, last: TumblrPost | None) -> object:
            before = {} if last is None else {"before_id": last.id}
            return self._client.drafts(self.blog, limit=PAGE, **self._form, **before)

        return _pages(page, self._rules)

    def drafts_head(self) -> list[TumblrPost]:
        """The first page of the drafts, newest first."""
        return _whole(read_page(self._client.drafts(self.blog, limit=PAGE, **self._form), self._rules))

    def published_since(self, timestamp: float) -> Iterator[TumblrPost]:
        """The published posts since a moment of our clock (unix seconds), newest first; read page by page.

        Posts carry the time of tumblr's clock; when that is behind ours, so much further back is read.
        """

        def since() -> float:
            return timestamp - max(0.0, float(self._client.request.clock_behind))

        def page(seen: int, last: TumblrPost | None) -> object:
            if last is not None and last.timestamp < since():
                return {"posts": []}
            return self._client.posts(self.blog, limit=PAGE, offset=seen, **self._form)

        return (post for post in _pages(page, self._rules) if post.timestamp >= since())

    def recent(self, number: int) -> Iterator[TumblrPost]:
        """The newest published posts with their newest notes, at most so many; read page by page."""

        def page(seen: int, _: TumblrPost | None) -> object:
            limit = min(PAGE, number - seen)
            if limit <= 0:
                return {"posts": []}
            return self._client.posts(self.blog, limit=limit, offset=seen, notes_info="true", **self._form)

        return itertools.islice(_pages(page, self._rules, tolerant=True), number)

    def published_page(self, offset: int, limit: int) -> PostPage:
        """A page of published posts, newest first, without their notes."""
        return read_page(self._client.posts(self.blog, limit=limit, offset=offset, **self._form), self._rules)

    def all_notes(self, post_id: str, before: str | None = None) -> NotePage:
        """A page of all notes of an own post's tree, from the place on that the last page named."""
        place = {} if before is None else {"before_timestamp": before}
        return read_note_page(
            self._get(f"/v2/blog/{self.blog}/notes", {"id": post_id, "mode": "all", **place})
        )

    def notes(self, post_id: str, before: str | None = None) -> NotePage:
        """A page of the conversation in an own post's notes, from the place on that the last page named."""
        place = {} if before is None else {"before_timestamp": before}
        path = f"/v2/blog/{self.blog}/notes"
        return read_note_page(self._get(path, {"id": post_id, "mode": "conversation", **place}))

    def mentions(self, since: float, most: int | None = None) -> list[Mention]:
        """The posts that mentioned the bot since a moment (unix seconds), newest first.

        All of them, or at most so many of the newest; read page by page. Raises MalformedAnswer for a list
        without end.
        """
        found: dict[str, Mention] = {}
        before: int | None = None
        for _ in range(MOST_PAGES):
            place = {} if before is None else {"before": str(before)}
            path = f"/v2/blog/{self.blog}/notifications"
            page = read_mentions(self._get(path, {"types[0]": "mention_in_post", **place}))
            new = [m for m in page if m.timestamp >= since and m.name not in found]
            found.update((mention.name, mention) for mention in new)
            oldest = min((mention.timestamp for mention in page), default=int(since) - 1)
            goes_nowhere = not new and before is not None and oldest >= before
            if oldest < since or goes_nowhere or (most is not None and len(found) >= most):
                return list(found.values())[:most]
            # Once more the oldest second, which may hold more than the page did; then what is before it.
            before = oldest + 1 if new else oldest
        raise MalformedAnswer(f"tumblr's list goes on after {MOST_PAGES} pages")

    def photos(self, post_id: str) -> list[Photo]:
        """The pictures of an own photo post, in order; raises MalformedAnswer for any other."""
        return read_photos(self._client.posts(self.blog, id=post_id, npf="false"))

    def post_of(self, blog: str, post_id: str) -> TumblrPost | None:
        """A published post of any blog; None when there is none, or it is hidden from us."""
        return read_post_of(self._client, blog, post_id, self._form, self._rules)

    def _get(self, path: str, fields: Mapping[str, str]) -> Any:
        return self._client.send_api_request("get", path, fields)


class TumblrDashReader:
    """Reads as the account that owns the dashboard. ``npf`` asks for posts as blocks instead of as HTML."""

    def __init__(self, request: Reads, rules: ReadingRules, *, npf: bool = True) -> None:
        self._client: Any = UncheckedClient(request)  # pytumblr has no types
        self._rules = rules
        self._form = {"npf": "true" if npf else "false", "reblog_info": "true"}

    def dashboard(self, number: int, offset: int = 0) -> Iterator[TumblrPost]:
        """The posts of followed blogs, newest first, at most so many; read page by page."""

        def page(seen: int, _: TumblrPost | None) -> object:
            limit = min(PAGE, number - seen)
            if limit <= 0:
                return {"posts": []}
            return self._client.dashboard(limit=limit, offset=offset + seen, **self._form)

        return itertools.islice(_pages(page, self._rules, tolerant=True), number)

    def dashboard_after(self, post_id: str, pages: int) -> Iterator[TumblrPost]:
        """The posts that are newer than a post, the oldest page first; at most so many pages."""
        newest = post_id
        for _ in range(pages):
            posts = _whole(
                read_page(self._client.dashboard(limit=PAGE, since_id=newest, **self._form), self._rules)
            )
            new = [post for post in posts if int(post.id) > int(newest)]
            if not new:
                return
            yield from new
            newest = max((post.id for post in new), key=int)

    def following(self) -> Iterator[str]:
        """The names of the blogs that the account follows; read page by page."""
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            names = read_blog_names(self._client.following(limit=FOLLOWING_PAGE, offset=len(seen)))
            new = [name for name in names if name not in seen]
            if not new:
                return
            yield from new
            seen.update(new)
        raise MalformedAnswer(f"tumblr's list goes on after {MOST_PAGES} pages")

    def post_of(self, blog: str, post_id: str) -> TumblrPost | None:
        """A published post of any blog; None when there is none, or it is hidden from the account."""
        return read_post_of(self._client, blog, post_id, self._form, self._rules)


def read_post_of(
    client: UncheckedClient, blog: str, post_id: str, form: Mapping[str, str], rules: ReadingRules
) -> TumblrPost | None:
    """A published post of any blog; None when it cannot be had."""
    try:
        page = read_page(client.posts(full_blog_name(blog), id=post_id, **form), rules)
    except (NotFound, Forbidden, ValueError):
        return None
    return next((post for post in _whole(page) if post_id == post.id), None)


class AccountWriter:
    """Changes whom an account follows."""

    def __init__(self, request: Writes) -> None:
        self._client = UncheckedClient(request)

    def follow(self, blog: str) -> None:
        """Follow a blog; doing so twice does no harm. Raises Refused if the answer says that it is not so."""
        if self._follows_after("follow", blog) is False:
            raise Refused(f"tumblr answers that {blog} is not followed")

    def unfollow(self, blog: str) -> None:
        """Follow a blog no longer; doing so twice does no harm.

        Raises Refused if the answer says that it is still followed.
        """
        if self._follows_after("unfollow", blog) is True:
            raise Refused(f"tumblr answers that {blog} is still followed")

    def _follows_after(self, verb: str, blog: str) -> object:
        """Whether the answer says that the blog is followed now; None if it says nothing of it."""
        try:
            name = full_blog_name(blog)
        except ValueError as error:
            raise Refused(str(error)) from None
        answer = self._client.send_api_request("post", f"/v2/user/{verb}", {"url": name})
        told = answer.get("blog") if isinstance(answer, Mapping) else None
        return told.get("followed") if isinstance(told, Mapping) else None


def _pages(
    fetch: Callable[[int, TumblrPost | None], object], rules: ReadingRules, *, tolerant: bool = False
) -> Iterator[TumblrPost]:
    """Every post of a paged list, each once.

    ``fetch`` gets the number of posts seen and the last of them. The list ends with a page that brings
    nothing new: tumblr's pages may be short for other reasons. Where none of the rules depends on a post's
    absence, ``tolerant`` leaves out what cannot be read. Raises MalformedAnswer for a list without end.
    """
    seen: set[str] = set()
    raw = 0
    last: TumblrPost | None = None
    for _ in range(MOST_PAGES):
        page = read_page(fetch(raw, last), rules)
        posts = list(page.posts) if tolerant else _whole(page)
        new = [post for post in posts if post.id not in seen]
        if not new:
            return
        yield from new
        seen.update(post.id for post in new)
        raw, last = raw + len(posts) + len(page.problems), posts[-1]
    raise MalformedAnswer(f"tumblr's list goes on after {MOST_PAGES} pages")


def _whole(page: PostPage) -> list[TumblrPost]:
    """The posts of a page; raises MalformedAnswer when one could not be read: it must not count as absent."""
    if page.problems:
        raise MalformedAnswer(page.problems[0])
    return list(page.posts)
