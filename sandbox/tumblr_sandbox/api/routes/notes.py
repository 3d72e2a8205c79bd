"""The endpoint that lists the notes of a post's tree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.communities import place_to_read
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.rendering.context import mentions_by
from tumblr_sandbox.rendering.notes import note_authors, note_json
from tumblr_sandbox.store import accounts, notes, posts, social
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.notes import Note, NoteFilter
from tumblr_sandbox.store.posts import StoredPost

PAGE = 50

MODES: dict[str, NoteFilter] = {
    "all": NoteFilter(),
    "likes": NoteFilter(kinds=("like",)),
    "conversation": NoteFilter(kinds=("reblog", "reply", "posted"), reblogs_with_text=True),
    "rollup": NoteFilter(kinds=("like", "reblog")),
    "reblogs_with_tags": NoteFilter(kinds=("reblog",)),
}
REST_OF_CONVERSATION = NoteFilter(kinds=("like", "reblog"), reblogs_with_text=False)


def list_notes(identifier: str) -> Response:
    """Notes of a post's whole tree, newest first."""
    support.need_key()
    asked = support.parameters()
    mode = asked.text("mode") or "all"
    if mode not in MODES:
        raise envelope.bad_parameter(f"unknown mode {mode}")
    before = links.read_moment("before_timestamp", asked.text("before_timestamp"))
    which = replace(MODES[mode], before=before)
    with support.reading() as connection:
        blog = place_to_read(connection, identifier)
        post = _post_of(connection, blog, asked)
        found = notes.of_tree(connection, post.tree_id, which, limit=PAGE + 1)
        page = found[:PAGE]
        answer: dict[str, Any] = {"notes": _views(connection, page, mode), **_totals(connection, post, mode)}
        if mode == "conversation":
            rest = notes.of_tree(connection, post.tree_id, REST_OF_CONVERSATION, limit=PAGE)
            answer["rollup_notes"] = _views(connection, rest, mode)
        if len(found) > PAGE:
            answer |= _next_page(blog, post, mode, page[-1], found[PAGE])
    return envelope.answer(answer)


def _post_of(connection: Connection, blog: Blog, asked: Parameters) -> StoredPost:
    post = posts.get(connection, asked.whole("id") or 0)
    if post is None or post.blog_id != blog.id or post.state != "published":
        raise envelope.not_found()
    return post


def _next_page(blog: Blog, post: StoredPost, mode: str, last: Note, following: Note) -> dict[str, Any]:
    """The link to the next page; in conversation mode places are in microseconds."""
    place = str(last.moment) if mode == "conversation" else links.place_between(last.moment, following.moment)
    query = {"id": str(post.id), "before_timestamp": place}
    if mode != "all":
        query["mode"] = mode
    return links.next_link(f"/v2/blog/{blog.name}.tumblr.com/notes", query)


def _totals(connection: Connection, post: StoredPost, mode: str) -> dict[str, Any]:
    counts = notes.counts_by_kind(connection, post.tree_id)
    total = sum(number for kind, number in counts.items() if kind != "posted")
    if mode != "conversation":
        return {"total_notes": total}
    return {
        "total_notes": total,
        "total_likes": counts.get("like", 0),
        "total_reblogs": counts.get("reblog", 0),
        "is_subscribed": False,
        "can_subscribe": False,
        "can_hide_or_delete_notes": False,
    }


def _views(connection: Connection, found: list[Note], mode: str) -> list[dict[str, Any]]:
    blogs = accounts.bylines(connection, {note.blog_id for note in found})
    user = support.caller().user
    followed = set() if user is None else set(social.followed_ids(connection, user.id))
    author = note_authors(blogs, followed=followed, base_url=support.base_url())
    mentioned, with_tags = mentions_by(connection), mode == "reblogs_with_tags"
    return [note_json(note, author(note.blog_id), mentioned, with_tags=with_tags) for note in found]


ROUTES: tuple[Route, ...] = (("GET", "/blog/<identifier>/notes", list_notes),)
