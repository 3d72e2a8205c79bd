"""What every page has around it: the account that is signed in, its counts, the way back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import abort, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.markup.text import COMMUNITY
from tumblr_sandbox.pages import session
from tumblr_sandbox.pages.views import PagePost, page_posts
from tumblr_sandbox.rendering.blog import avatar_url
from tumblr_sandbox.services import communities as service
from tumblr_sandbox.services.community_rules import may_read
from tumblr_sandbox.store import accounts, browsing, communities, posts, social
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import this_world

POSTS_PER_PAGE = 10
SUGGESTED_BLOGS = 5
SUGGESTED_TAGS = 12
RTS, ACCEPT = "rts", "a"
"""The tags that a bot reads on its drafts: answer this again; publish this."""


def page(connection: Connection, template: str, **values: Any) -> str:
    mine = session.me(connection)
    counts, unseen = {}, 0
    if mine is not None:
        counts = browsing.unpublished_counts(connection, mine.id)
        unseen = browsing.count_events(connection, mine.id, session.last_seen_activity(mine))
    return render_template(
        template,
        me=mine,
        waiting=counts,
        unseen=unseen,
        here=here(),
        **values,
        picture=picture,
        token=session.token,
    )


def picture(name: str, size: int = 128) -> str:
    """Where a blog's picture is."""
    return avatar_url("", name, size)


def here() -> str:
    """The address of this page within the sandbox, to come back to."""
    return request.full_path.rstrip("?") if request.method == "GET" else back_path()


def back_path() -> str:
    """Where a form was sent from: a path of this sandbox, never another site."""
    try:
        wanted = request.values.get("next", "")
    except HTTPException:
        # A body that cannot be read: the page that says so is being made.
        wanted = ""
    parts = urlsplit(wanted)
    safe = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc
    return wanted if safe and wanted.isprintable() else "/"


def back(anchor: str = "") -> Response:
    """Back to where a form was sent from."""
    return redirect(back_path() + anchor, code=303)


def ask_who() -> Response:
    """To the page to sign in, and back afterwards."""
    return redirect(url_for("pages.accounts_page", next=here()), code=303)


def hidden(connection: Connection, mine: Blog | None) -> set[int]:
    """The blogs whose posts this viewer may not see."""
    own = set() if mine is None else {mine.id}
    return accounts.hidden(connection) - own


def blog_named(connection: Connection, name: str) -> Blog:
    """The blog of an address, or 404; 403 where it is behind a password and somebody else's."""
    blog = accounts.find_blog(connection, name)
    if blog is None or blog.settings.deactivated:
        abort(404, f"There is no blog called {name}.")
    mine = session.me(connection)
    if blog.settings.password_protected and (mine is None or mine.owner_id != blog.owner_id):
        abort(403, f"The blog {name} is behind a password.")
    return blog


def place_named(connection: Connection, name: str, mine: Blog | None) -> Blog:
    """The blog of an address, or what stands for a community, which the viewer may read; 404 or 403 else."""
    community = communities.find(connection, name) if name.startswith(COMMUNITY) else None
    if community is None:
        return blog_named(connection, name)
    who = service.standing(connection, community, None if mine is None else mine.owner_id)
    if not may_read(community.settings, who):
        abort(403, f"What is posted in {name} is for its members.")
    return community.blog


def post_numbered(connection: Connection, post_id: int) -> StoredPost:
    """A published post, or 404; in a community it is there for those who may see it."""
    post, mine = posts.get(connection, post_id), session.me(connection)
    viewer = None if mine is None else mine.owner_id
    if post is None or post.state != "published" or not service.may_see(connection, post, viewer):
        abort(404, "There is no such post here.")
    return post


def own_post(connection: Connection, post_id: int, mine: Blog) -> StoredPost:
    """A post of the signed-in account in any state, or 404."""
    post = posts.get(connection, post_id)
    if post is None or post.blog_id != mine.id:
        abort(404, "There is no such post of yours.")
    return post


def before() -> int | None:
    """Below which id or moment a page of a list begins; none for a number that there cannot be."""
    number = request.args.get("before", type=int)
    return number if number is None or abs(number) <= posts.MAX_ID else None


def feed_values(
    connection: Connection, found: list[StoredPost], mine: Blog | None
) -> dict[str, list[PagePost] | int | None]:
    """A feed's posts, and the id below which the next page begins; ``found`` has one more than a page."""
    shown = page_posts(connection, found[:POSTS_PER_PAGE], this_world().clock.now(), mine)
    more = shown[-1].id if len(found) > POSTS_PER_PAGE else None
    return {"posts": shown, "more": more}


def beside(connection: Connection, mine: Blog | None, followed: list[int] | None = None) -> dict[str, Any]:
    """What stands beside a feed: blogs one might follow, and what people tag."""
    if followed is None:
        followed = [] if mine is None else social.followed_ids(connection, mine.owner_id)
    known = {*followed} if mine is None else {*followed, mine.id}
    bot = accounts.find_blog(connection, DEMO_BLOG)
    if bot is not None:
        # It has a place of its own.
        known.add(bot.id)
    ids = browsing.busy_blogs(connection, known, limit=SUGGESTED_BLOGS)
    found = accounts.blogs_by_id(connection, set(ids))
    return {
        "suggested": [found[i] for i in ids],
        "busy_tags": browsing.busy_tags(connection, limit=SUGGESTED_TAGS),
        "bot": bot,
    }


def is_bot(blog: Blog) -> bool:
    """Whether programs sign in as a blog: then its drafts have a reader for their tags."""
    return blog.name == DEMO_BLOG or blog.name in this_world().calls.users()
