"""What the views need to know beside the post: who looks, what they asked for, and the world around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection

from tumblr_sandbox.markup.npf_from_html import Block, Mentioned, nobody
from tumblr_sandbox.rendering.notes import note_authors, note_json
from tumblr_sandbox.services.events import mentionable
from tumblr_sandbox.store import accounts, notes, posts, social
from tumblr_sandbox.store.accounts import Blog, User, blogs_by_id, bylines
from tumblr_sandbox.store.posts import StoredPost

NOTES_IN_POST = 50
"""How many notes a post carries when they are asked for."""


@dataclass(frozen=True)
class Viewer:
    """Who looks at posts: a signed-in user with their blogs, or nobody."""

    user: User | None = None
    own_blogs: frozenset[int] = frozenset()

    def owns(self, blog_id: int) -> bool:
        """Whether the blog is the viewer's."""
        return blog_id in self.own_blogs


@dataclass(frozen=True)
class ViewOptions:
    """How posts are wanted. ``base_url`` is where this sandbox is reached, for avatars."""

    base_url: str
    npf: bool = False
    reblog_info: bool = False
    notes_info: bool = False
    plain: bool = False


@dataclass(frozen=True)
class Surroundings:
    """All that a list of posts needs from the store, fetched at once. Posts of a tree share its notes.

    ``gone`` are the uuids of blogs that were deactivated.
    """

    viewer: Viewer
    options: ViewOptions
    blogs: dict[int, Blog]
    updated: dict[int, int]
    note_counts: dict[int, int]
    liked: set[int] = field(default_factory=set)
    followed: set[int] = field(default_factory=set)
    note_lists: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    mentioned: Mentioned = nobody
    gone: frozenset[str] = frozenset()


def gather(
    connection: Connection, found: Sequence[StoredPost], viewer: Viewer, options: ViewOptions
) -> Surroundings:
    """Fetch what the views of these posts need."""
    trees = {post.tree_id for post in found}
    authors = {post.blog_id for post in found} | {p.author_id for p in found if p.author_id is not None}
    user = viewer.user
    followed = set() if user is None else set(social.followed_ids(connection, user.id))
    mentioned = mentions_by(connection)
    return Surroundings(
        viewer=viewer,
        options=options,
        blogs=blogs_by_id(connection, authors),
        updated=posts.newest_time(connection, list(authors)),
        note_counts=notes.counts(connection, trees),
        liked=set() if user is None else social.liked_among(connection, user.id, [p.id for p in found]),
        followed=followed,
        note_lists=_note_lists(connection, trees, options, followed, mentioned),
        mentioned=mentioned,
        gone=frozenset(accounts.gone(connection).values()),
    )


def _note_lists(
    connection: Connection, trees: set[int], options: ViewOptions, followed: set[int], mentioned: Mentioned
) -> dict[int, list[dict[str, Any]]]:
    """The newest notes of each tree, where they are asked for."""
    if not options.notes_info:
        return {}
    found = notes.newest_of_trees(connection, trees, limit=NOTES_IN_POST)
    blogs = bylines(connection, {note.blog_id for some in found.values() for note in some})
    author = note_authors(blogs, followed=followed, base_url=options.base_url)
    return {
        tree: [note_json(note, author(note.blog_id), mentioned) for note in some]
        for tree, some in found.items()
    }


def mentions_by(connection: Connection) -> Mentioned:
    """Looks blogs up by name, each once."""

    @cache
    def mentioned(name: str) -> Block | None:
        return mentionable(connection, name)

    return mentioned
