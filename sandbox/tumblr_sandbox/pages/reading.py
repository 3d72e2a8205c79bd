"""Pages to read: the dashboard, everything new, tags, blogs, posts with their notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, abort, jsonify, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.pages.layout import POSTS_PER_PAGE, page
from tumblr_sandbox.pages.views import ago, page_posts
from tumblr_sandbox.store import accounts, browsing, notes, posts, social
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.notes import NoteFilter
from tumblr_sandbox.store.posts import Selection, StoredPost, Timeline
from tumblr_sandbox.world import this_world

NOTES_PER_PAGE = 50
NOTE_KINDS = {
    "all": NoteFilter(),
    "replies": NoteFilter(("reply",)),
    "reblogs": NoteFilter(("reblog",)),
    "likes": NoteFilter(("like",)),
}
TUMBLR_HOST = ".tumblr.com"
TUMBLRS_OWN = frozenset({"www", "api"})
"""Names before it that are no blogs."""


def front() -> str:
    """The dashboard: posts of the blogs one follows, or everything for a guest."""
    name = blog_of_host()
    if name is not None:
        return blog_page(name)
    with this_world().database.read() as connection:
        mine = session.me(connection)
        if mine is None:
            return _feed(connection, "dashboard.html", _everything(connection, mine))
        followed = social.followed_ids(connection, mine.owner_id)
        sources = [*set(followed) - layout.hidden(connection, mine), mine.id]
        part = Timeline(before_id=layout.before())
        found = posts.timeline(connection, sources, part, limit=POSTS_PER_PAGE + 1)
        return _feed(connection, "dashboard.html", found, followed)


def blog_of_host() -> str | None:
    """The blog whose own address the caller came by; none for tumblr's other hosts and this machine."""
    host = request.host.split(":")[0].lower()
    name = host.removesuffix(TUMBLR_HOST)
    return name if host.endswith(TUMBLR_HOST) and "." not in name and name not in TUMBLRS_OWN else None


def explore() -> str:
    """Everything new in the sandbox."""
    with this_world().database.read() as connection:
        found = _everything(connection, session.me(connection))
        return _feed(connection, "explore.html", found)


def _everything(connection: Connection, mine: Blog | None) -> list[StoredPost]:
    hidden = layout.hidden(connection, mine)
    return browsing.everything(connection, layout.before(), limit=POSTS_PER_PAGE + 1, hidden=hidden)


def tag_page(tag: str) -> str:
    with this_world().database.read() as connection:
        hidden = layout.hidden(connection, session.me(connection))
        found = posts.tagged(connection, tag, before=layout.before(), limit=POSTS_PER_PAGE + 1, hidden=hidden)
        older = found[POSTS_PER_PAGE - 1].timestamp if len(found) > POSTS_PER_PAGE else None
        return _feed(connection, "tag.html", found, tag=tag, older=older)


def search() -> AnyResponse:
    """To the blog or the tag that was typed in."""
    wanted = request.args.get("q", "").strip().lstrip("#@").strip()
    with this_world().database.read() as connection:
        is_blog = accounts.find_blog(connection, wanted.lower()) is not None
    if is_blog:
        return redirect(url_for("pages.blog_page", name=wanted.lower()))
    return redirect(url_for("pages.tag_page", tag=wanted) if wanted else url_for("pages.explore"))


def _feed(
    connection: Connection,
    template: str,
    found: list[StoredPost],
    followed: list[int] | None = None,
    **values: Any,
) -> str:
    mine = session.me(connection)
    values |= layout.feed_values(connection, found, mine) | layout.beside(connection, mine, followed)
    newest = found[0].id if found and layout.before() is None else None
    return page(connection, template, newest=newest, following=followed, **values)


def news() -> Response:
    """How many posts came since an id, for the page's script."""
    since = request.args.get("since", 0, type=int)
    with this_world().database.read() as connection:
        mine = session.me(connection)
        sources = None
        if mine is not None and request.args.get("feed") == "dashboard":
            sources = [*social.followed_ids(connection, mine.owner_id), mine.id]
        number = browsing.count_newer(connection, min(since, posts.MAX_ID), sources)
    answer = jsonify(posts=number)
    answer.cache_control.no_store = True
    return answer


def blog_page(name: str) -> str:
    """A blog's posts, newest first, some to the page."""
    number = min(max(1, request.args.get("page", 1, type=int)), 10**9)
    tag = request.args.get("tag", "")
    world = this_world()
    with world.database.read() as connection:
        blog, mine = layout.blog_named(connection, name), session.me(connection)
        found = _blog_posts(connection, blog, tag, (number - 1) * POSTS_PER_PAGE)
        return page(
            connection,
            "blog.html",
            blog=blog,
            posts=page_posts(connection, found[:POSTS_PER_PAGE], world.clock.now(), mine),
            number=number,
            tag=tag,
            own_host=blog_of_host() is not None,
            more=len(found) > POSTS_PER_PAGE,
            about=_about(connection, blog, mine),
            **layout.beside(connection, mine),
        )


def _blog_posts(connection: Connection, blog: Blog, tag: str, start: int) -> list[StoredPost]:
    """A page of a blog's posts and one more; of the whole list the pinned one comes first."""
    limit, pinned_id = POSTS_PER_PAGE + 1, blog.settings.pinned_post
    pinned = None if tag or pinned_id is None else posts.get(connection, pinned_id)
    if pinned is None or pinned.blog_id != blog.id or pinned.state != "published":
        chosen = Selection(tags=(tag,) if tag else ())
        return posts.of_blog(connection, blog.id, chosen, limit=limit, offset=start)
    on_top = [] if start else [pinned]
    chosen, room = Selection(without=pinned.id), limit - len(on_top)
    return on_top + posts.of_blog(connection, blog.id, chosen, limit=room, offset=max(0, start - 1))


@dataclass(frozen=True)
class About:
    """What stands on top of a blog, beside its name."""

    posts: int
    followers: int
    waiting: int
    mine: bool
    followed: bool


def _about(connection: Connection, blog: Blog, mine: Blog | None) -> About:
    return About(
        posts=posts.count(connection, blog.id, Selection()),
        followers=social.follower_count(connection, blog.id),
        waiting=browsing.unpublished_counts(connection, blog.id).get("submission", 0),
        mine=mine is not None and mine.owner_id == blog.owner_id,
        followed=mine is not None and social.follows(connection, mine.owner_id, blog.id),
    )


def post_page(name: str, post_id: int, slug: str = "") -> str:  # noqa: ARG001 - the slug is decoration
    kind = request.args.get("notes", "all")
    world = this_world()
    with world.database.read() as connection:
        mine = session.me(connection)
        blog = layout.place_named(connection, name, mine)
        post = layout.post_numbered(connection, post_id)
        if post.blog_id != blog.id:
            abort(404, "There is no such post here.")
        now = world.clock.now()
        shown = page_posts(connection, [post], now, mine, whole=True)[0]
        listed, more = _notes(connection, post, kind, now)
        counts = notes.counts_by_kind(connection, post.tree_id)
        return page(
            connection,
            "post.html",
            blog=blog,
            post=shown,
            notes=listed,
            more=more,
            kind=kind if kind in NOTE_KINDS else "all",
            counts={
                "all": shown.notes,
                "replies": counts.get("reply", 0),
                "reblogs": counts.get("reblog", 0),
                "likes": counts.get("like", 0),
            },
            **layout.beside(connection, mine),
        )


def _notes(
    connection: Connection, post: StoredPost, kind: str, now: float
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of a post's notes, and below which moment the next begins."""
    chosen = NOTE_KINDS.get(kind, NOTE_KINDS["all"])
    which = NoteFilter(chosen.kinds, before=layout.before())
    found = notes.of_tree(connection, post.tree_id, which, limit=NOTES_PER_PAGE + 1)
    blogs = accounts.bylines(connection, {note.blog_id for note in found})
    listed = [
        {
            "kind": note.kind,
            "name": blogs[note.blog_id].name,
            "text": note.text,
            "tags": note.tags if note.kind == "reblog" else (),
            "parent": note.parent_blog or "",
            "post_id": note.post_id if note.kind == "reblog" else None,
            "moment": ago(note.timestamp, now),
        }
        for note in found[:NOTES_PER_PAGE]
    ]
    return listed, found[NOTES_PER_PAGE - 1].moment if len(found) > NOTES_PER_PAGE else None
