"""What a post says, whatever form it was made in, and the copies of it that reblogs carry."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from tumblr_sandbox.markup.html import truncated
from tumblr_sandbox.markup.html_from_npf import npf_to_html
from tumblr_sandbox.markup.npf_from_html import Block, Mentioned, NpfContent, html_to_npf, nobody
from tumblr_sandbox.markup.text import COMMUNITY, has_text, plain_text


@dataclass(frozen=True)
class Content:
    """One author's own words: sanitised HTML, or NPF blocks when ``blocks`` is given.

    Each form is made from the other when it is asked for; what was posted is kept as it was posted.
    """

    html: str = ""
    blocks: tuple[Block, ...] | None = None
    truncate_after: int | None = None
    rows: tuple[Block, ...] | None = None

    @property
    def made_in_npf(self) -> bool:
        """Whether the post was made as NPF blocks."""
        return self.blocks is not None

    def is_empty(self) -> bool:
        """Whether there is nothing to read or see in it."""
        return not self.blocks if self.blocks is not None else not _says_anything(self.html)

    def as_html(self) -> str:
        """The legacy form."""
        return self.html if self.blocks is None else npf_to_html(self.blocks, self.truncate_after, self.rows)

    def as_npf(self, mentioned: Mentioned = nobody) -> NpfContent:
        """The NPF form."""
        if self.blocks is None:
            return html_to_npf(self.html, mentioned)
        return NpfContent(
            list(self.blocks), self.truncate_after, None if self.rows is None else list(self.rows)
        )

    def as_text(self) -> str:
        """Plain text, a line for each paragraph."""
        return plain_text(self.as_html())

    def to_json(self) -> dict[str, Any]:
        """The form the store keeps."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Content:
        """Read what ``to_json`` wrote."""
        blocks, rows = value["blocks"], value.get("rows")
        return cls(
            value["html"],
            None if blocks is None else tuple(blocks),
            value["truncate_after"],
            None if rows is None else tuple(rows),
        )


def _says_anything(html: str) -> bool:
    return has_text(html) or "<img" in html or "data-npf" in html


@dataclass(frozen=True)
class PostRef:
    """Where a post was when it was reblogged; the copy outlives the post."""

    id: int
    blog_name: str
    blog_uuid: str
    blog_title: str
    slug: str

    @property
    def url(self) -> str:
        """The post's address on tumblr."""
        return post_url(self.blog_name, self.id, self.slug)

    def to_json(self) -> dict[str, Any]:
        """The form the store keeps."""
        return dict(vars(self))


@dataclass(frozen=True)
class TrailItem:
    """One contribution to a reblog chain: a copy, made when it was reblogged."""

    post: PostRef
    timestamp: int
    content: Content
    title: str | None
    is_root: bool

    def own_html(self) -> str:
        """What this contributor added, in the legacy form; a title stands before it as a heading."""
        return self.content.as_html()

    def to_json(self) -> dict[str, Any]:
        """The form the store keeps."""
        return {
            "post": self.post.to_json(),
            "timestamp": self.timestamp,
            "content": self.content.to_json(),
            "title": self.title,
            "is_root": self.is_root,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> TrailItem:
        """Read what ``to_json`` wrote."""
        return cls(
            post=PostRef(**value["post"]),
            timestamp=value["timestamp"],
            content=Content.from_json(value["content"]),
            title=value["title"],
            is_root=value["is_root"],
        )


def post_url(blog_name: str, post_id: int, slug: str) -> str:
    """A post's address on tumblr; without a slug it ends in the id."""
    address = f"{blog_url(blog_name)}post/{post_id}"
    return f"{address}/{slug}" if slug else address


def blog_url(blog_name: str) -> str:
    """A blog's address on tumblr; that of a community, whose name has two ``@`` before it, is the site's."""
    if blog_name.startswith(COMMUNITY):
        return f"https://www.tumblr.com/communities/{blog_name.removeprefix(COMMUNITY)}/"
    return f"https://{blog_name}.tumblr.com/"


def contributors(trail: Sequence[TrailItem], *, root_speaks: bool = False) -> list[TrailItem]:
    """The trail without those who added nothing of their own; a root may be empty, unless what it says is
    among the fields of its type."""
    return [item for item in trail if not item.content.is_empty() or (item.is_root and root_speaks)]


def quoted_chain(trail: Sequence[TrailItem], gone: Collection[str] = (), *, root_speaks: bool = False) -> str:
    """The whole trail as one quotation of its last contributor; empty when nobody added anything.

    Let c0 (root), c1 ... ck be the posts on the way from the root that added content. Then
    ``quote(i)`` = attribution of ci + blockquote of ``full(i)``, ``full(0)`` = own(c0) and
    ``full(i)`` = ``quote(i-1)`` + own(ci). Blogs that are ``gone``, by their uuids, are not named.
    """
    quoted = ""
    for item in contributors(trail, root_speaks=root_speaks):
        full = quoted + truncated(item.own_html(), item.post.url)
        name = "" if item.post.blog_uuid in gone else html.escape(item.post.blog_name)
        address = html.escape(item.post.url)
        quoted = f'<p><a class="tumblr_blog" href="{address}">{name}</a>:</p><blockquote>{full}</blockquote>'
    return quoted
