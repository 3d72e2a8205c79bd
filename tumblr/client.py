"""The calls to tumblr that the bot makes, reading and writing kept apart.

A process that must not change anything is given no ``TumblrWriter``, and there is no other way to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from tumblr.errors import MalformedAnswer, NotFound
from tumblr.payload import PostPage, TumblrPost, normal_id, read_page
from tumblr.transport import ReadRequest, UncheckedClient, WriteRequest

PAGE = 50
"""Posts asked for at once; tumblr documents 20 and honours 50."""

BLOG = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
"""What may stand for a blog in an address."""


def full_blog_name(name: str) -> str:
    """The blog's host name, fit to be put into an address; raises ValueError when it cannot be one."""
    if not BLOG.fullmatch(name):
        raise ValueError(f"not the name of a blog: {name[:40]!r}")
    return name if "." in name else f"{name}.tumblr.com"


class Reader(Protocol):
    """What the bot's rules ask of tumblr; every method may raise the errors of ``tumblr.errors``."""

    def inbox(self) -> PostPage:
        """The newest page of asks and submissions, newest first."""
        ...

    def post(self, post_id: str) -> TumblrPost | None:
        """An own post in any state; None when there is none."""
        ...

    def queue_head(self) -> list[TumblrPost]:
        """The first page of the queue, soonest first."""
        ...

    def queue(self) -> Iterator[TumblrPost]:
        """All queued posts, soonest first; read page by page."""
        ...

    def drafts(self) -> Iterator[TumblrPost]:
        """All drafts, newest first; read page by page."""
        ...

    def published_since(self, timestamp: float) -> Iterator[TumblrPost]:
        """The published posts since a moment (unix seconds), newest first; read page by page."""
        ...


class Writer(Protocol):
    """What the bot may change on tumblr. Used by ``post.py`` alone."""

    def edit(self, post_id: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Change fields of an own post or ask; the answer holds its id, as a string."""
        ...

    def create_text(self, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Create a text post; the answer holds its id, as a string, and its state."""
        ...


class TumblrReader:
    """Reads one blog's posts as its owner."""

    def __init__(self, request: ReadRequest, blog: str) -> None:
        self._client = UncheckedClient(request)
        self._blog = full_blog_name(blog)

    def inbox(self) -> PostPage:
        """The newest page of asks and submissions, newest first."""
        return read_page(self._client.submission(self._blog, limit=PAGE, npf="false"))

    def post(self, post_id: str) -> TumblrPost | None:
        """An own post in any state; None when there is none."""
        try:
            page = read_page(self._client.posts(self._blog, id=post_id, npf="false"))
        except NotFound:
            return None
        return next((post for post in _whole(page) if post_id in post.ids), None)

    def queue_head(self) -> list[TumblrPost]:
        """The first page of the queue, soonest first."""
        return _whole(read_page(self._client.queue(self._blog, limit=PAGE, npf="false")))

    def queue(self) -> Iterator[TumblrPost]:
        """All queued posts, soonest first; read page by page."""
        return _pages(lambda seen, _: self._client.queue(self._blog, limit=PAGE, offset=seen, npf="false"))

    def drafts(self) -> Iterator[TumblrPost]:
        """All drafts, newest first; read page by page."""

        def page(_: int, last: TumblrPost | None) -> object:
            before = {} if last is None else {"before_id": last.id}
            return self._client.drafts(self._blog, limit=PAGE, npf="false", **before)

        return _pages(page)

    def published_since(self, timestamp: float) -> Iterator[TumblrPost]:
        """The published posts since a moment (unix seconds), newest first; read page by page."""

        def page(seen: int, last: TumblrPost | None) -> object:
            if last is not None and last.timestamp < timestamp:
                return {"posts": []}
            return self._client.posts(self._blog, limit=PAGE, offset=seen, npf="false")

        return (post for post in _pages(page) if post.timestamp >= timestamp)


class TumblrWriter:
    """Changes one blog's posts. Whoever holds no such object cannot change anything."""

    def __init__(self, request: WriteRequest, blog: str) -> None:
        self._client = UncheckedClient(request)
        self._blog = full_blog_name(blog)

    def edit(self, post_id: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Change fields of an own post or ask; the answer holds its id, as a string."""
        return self._post("post/edit", {"id": post_id, **fields})

    def create_text(self, fields: Mapping[str, str]) -> Mapping[str, Any]:
        """Create a text post; the answer holds its id, as a string, and its state."""
        return self._post("post", {"type": "text", **fields})

    def _post(self, path: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
        # Not by pytumblr's own methods: they send an empty list of tags as the tag "[]".
        return _created(self._client.send_api_request("post", f"/v2/blog/{self._blog}/{path}", fields))


def _created(response: object) -> Mapping[str, Any]:
    if not isinstance(response, Mapping):
        raise MalformedAnswer("tumblr's answer to a write is not an object")
    return {**response, "id": normal_id(response.get("id_string") or response.get("id"))}


def _pages(fetch: Callable[[int, TumblrPost | None], object]) -> Iterator[TumblrPost]:
    """Every post of a paged list, each once.

    ``fetch`` gets the number of posts seen and the last of them. The list ends with a page that brings
    nothing new: tumblr's pages may be short for other reasons.
    """
    seen: set[str] = set()
    raw = 0
    last: TumblrPost | None = None
    while True:
        posts = _whole(read_page(fetch(raw, last)))
        new = [post for post in posts if post.id not in seen]
        if not new:
            return
        yield from new
        seen.update(post.id for post in new)
        raw, last = raw + len(posts), posts[-1]


def _whole(page: PostPage) -> list[TumblrPost]:
    """The posts of a page; raises MalformedAnswer when one could not be read: it must not count as absent."""
    if page.problems:
        raise MalformedAnswer(page.problems[0])
    return list(page.posts)
