"""What a blog has not published: inbox, drafts and queue, and what its owner can do with each post."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import abort, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.pages.layout import ACCEPT, POSTS_PER_PAGE, RTS
from tumblr_sandbox.pages.views import PagePost, page_posts
from tumblr_sandbox.services.posting import Changes
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import this_world

Page = Response | str


@dataclass(frozen=True)
class PostList:
    name: str
    title: str
    state: str


POST_LISTS = {
    "inbox": PostList("inbox", "Inbox", "submission"),
    "drafts": PostList("drafts", "Drafts", "draft"),
    "queue": PostList("queue", "Queue", "queued"),
}


@dataclass(frozen=True)
class ListedPost:
    """A post in a list, and what its owner may do with it there."""

    shown: PagePost
    can_send_back: bool
    sent_back: bool
    accepted: bool


def inbox() -> Page:
    """Questions that wait for an answer."""
    return _post_list(POST_LISTS["inbox"])


def drafts() -> Page:
    """What is kept for later, or for a human to look at."""
    return _post_list(POST_LISTS["drafts"])


def queue() -> Page:
    """What will be published by itself, soonest first."""
    return _post_list(POST_LISTS["queue"])


def _post_list(post_list: PostList) -> Page:
    number = min(max(1, request.args.get("page", 1, type=int)), 10**9)
    with this_world().database.read() as connection:
        mine = session.me(connection)
        if mine is None:
            return layout.ask_who()
        found = _listed(connection, mine, post_list, (number - 1) * POSTS_PER_PAGE)
        now = this_world().clock.now()
        shown = page_posts(connection, found[:POSTS_PER_PAGE], now, mine)
        return layout.page(
            connection,
            "manage_posts.html",
            post_list=post_list,
            post_lists=POST_LISTS.values(),
            listed=[_listed_post(post, view) for post, view in zip(found, shown, strict=False)],
            number=number,
            more=len(found) > POSTS_PER_PAGE,
            is_bot=layout.is_bot(mine),
        )


def _listed(connection: Connection, mine: Blog, post_list: PostList, offset: int) -> list[StoredPost]:
    limit = POSTS_PER_PAGE + 1
    if post_list.state == "queued":
        return posts.queue_of(connection, mine.id, limit=limit, offset=offset)
    return posts.by_newest_id(connection, mine.id, post_list.state, limit=limit, offset=offset)


def _listed_post(post: StoredPost, shown: PagePost) -> ListedPost:
    return ListedPost(
        shown=replace(shown, tags=tuple(tag for tag in shown.tags if tag not in (RTS, ACCEPT))),
        can_send_back=post.is_ask or post.is_reblog,
        sent_back=RTS in post.tags,
        accepted=ACCEPT in post.tags,
    )


def move(post_id: int, action: str) -> Response:
    """Do something with a post of the signed-in account, and go back to the list."""
    if action not in ACTIONS:
        abort(404)
    world = this_world()
    try:
        with world.database.write() as connection:
            mine = session.me(connection)
            if mine is None:
                return layout.ask_who()
            post = layout.own_post(connection, post_id, mine)
            changed = world.writer.edit(connection, mine, post, _changes(post, action), world.clock.now())
    except PostingError as error:
        session.tell(f"That did not work: {error}")
        return layout.back()
    place = f"/blog/{mine.name}/post/{changed.id}" if changed.state == "published" else ""
    session.tell(ACTIONS[action], place)
    return layout.back()


ACTIONS = {
    "publish": "Published.",
    "queue": "Added to the queue.",
    "draft": "Moved to the drafts.",
    "unanswer": "Put back into the inbox.",
    "send-back": "Sent back. The bot takes it at its next look, and answers again.",
    "accept": "Accepted. The bot publishes it at its next look.",
    "keep": "Kept as it is.",
}
"""What can be done, and what is said when it is done."""
STATES = {"publish": "published", "queue": "queued", "draft": "draft", "unanswer": "submission"}


def _changes(post: StoredPost, action: str) -> Changes:
    if action in STATES:
        return Changes(state=STATES[action])
    if post.state != "draft":
        abort(409, "Only a draft can be sent back or accepted.")
    plain = tuple(tag for tag in post.tags if tag not in (RTS, ACCEPT))
    more = {"send-back": (RTS,), "accept": (ACCEPT,), "keep": ()}[action]
    return Changes(tags=plain + more)


def delete(post_id: int) -> Page:
    """Ask whether to delete a post; delete it when the answer is yes."""
    world = this_world()
    with world.database.write() as connection:
        mine = session.me(connection)
        if mine is None:
            return layout.ask_who()
        post = layout.own_post(connection, post_id, mine)
        if request.method == "POST":
            world.writer.delete(connection, post)
            session.tell("Deleted.")
            return layout.back()
        shown = page_posts(connection, [post], world.clock.now(), mine)[0]
        return layout.page(connection, "delete.html", post=shown, back=layout.back_path())
