"""What is not published: the inbox, the drafts and the queue of one's blog, and what to do with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import abort, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from tumblr_sandbox.errors import PostingError
from tumblr_sandbox.pages import session, show
from tumblr_sandbox.pages.show import ACCEPT, POSTS_PER_PAGE, RTS
from tumblr_sandbox.pages.views import PagePost, page_posts
from tumblr_sandbox.posting import Changes
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import this_world

Page = Response | str


@dataclass(frozen=True)
class Tray:
    """One of the three lists."""

    name: str
    title: str
    state: str


TRAYS = {
    "inbox": Tray("inbox", "Inbox", "submission"),
    "drafts": Tray("drafts", "Drafts", "draft"),
    "queue": Tray("queue", "Queue", "queued"),
}


@dataclass(frozen=True)
class TrayPost:
    """A post in a list, and what its owner may do with it there."""

    shown: PagePost
    can_send_back: bool
    sent_back: bool
    accepted: bool


def inbox() -> Page:
    """Questions that wait for an answer."""
    return _tray(TRAYS["inbox"])


def drafts() -> Page:
    """What is kept for later, or for a human to look at."""
    return _tray(TRAYS["drafts"])


def queue() -> Page:
    """What will be published by itself, soonest first."""
    return _tray(TRAYS["queue"])


def _tray(tray: Tray) -> Page:
    number = min(max(1, request.args.get("page", 1, type=int)), 10**9)
    with this_world().database.read() as connection:
        mine = session.me(connection)
        if mine is None:
            return show.ask_who()
        found = _listed(connection, mine, tray, (number - 1) * POSTS_PER_PAGE)
        now = this_world().clock.now()
        shown = page_posts(connection, found[:POSTS_PER_PAGE], now, mine)
        return show.page(
            connection,
            "desk.html",
            tray=tray,
            trays=TRAYS.values(),
            listed=[_tray_post(post, view) for post, view in zip(found, shown, strict=False)],
            number=number,
            more=len(found) > POSTS_PER_PAGE,
            is_bot=show.is_bot(mine),
        )


def _listed(connection: Connection, mine: Blog, tray: Tray, offset: int) -> list[StoredPost]:
    limit = POSTS_PER_PAGE + 1
    if tray.state == "queued":
        return posts.queue_of(connection, mine.id, limit=limit, offset=offset)
    return posts.by_newest_id(connection, mine.id, tray.state, limit=limit, offset=offset)


def _tray_post(post: StoredPost, shown: PagePost) -> TrayPost:
    return TrayPost(
        shown=replace(shown, tags=tuple(tag for tag in shown.tags if tag not in (RTS, ACCEPT))),
        can_send_back=post.is_ask or post.is_reblog,
        sent_back=RTS in post.tags,
        accepted=ACCEPT in post.tags,
    )


def move(post_id: int, deed: str) -> Response:
    """Do something with a post of one's own, and go back to the list."""
    if deed not in DEEDS:
        abort(404)
    world = this_world()
    try:
        with world.database.write() as connection:
            mine = session.me(connection)
            if mine is None:
                return show.ask_who()
            post = show.own_post(connection, post_id, mine)
            changed = world.writer.edit(connection, mine, post, _changes(post, deed), world.clock.now())
    except PostingError as error:
        session.tell(f"That did not work: {error}")
        return show.back()
    place = f"/blog/{mine.name}/post/{changed.id}" if changed.state == "published" else ""
    session.tell(DEEDS[deed], place)
    return show.back()


DEEDS = {
    "publish": "Published.",
    "queue": "Added to the queue.",
    "draft": "Moved to the drafts.",
    "unanswer": "Put back into the inbox.",
    "send-back": "Sent back. The bot takes it at its next look, and answers anew.",
    "accept": "Accepted. The bot publishes it at its next look.",
    "keep": "Kept as it is.",
}
"""What can be done, and what is said when it is done."""
STATES = {"publish": "published", "queue": "queued", "draft": "draft", "unanswer": "submission"}


def _changes(post: StoredPost, deed: str) -> Changes:
    if deed in STATES:
        return Changes(state=STATES[deed])
    if post.state != "draft":
        abort(409, "Only a draft can be sent back or accepted.")
    plain = tuple(tag for tag in post.tags if tag not in (RTS, ACCEPT))
    more = {"send-back": (RTS,), "accept": (ACCEPT,), "keep": ()}[deed]
    return Changes(tags=plain + more)


def delete(post_id: int) -> Page:
    """Ask whether to delete a post of one's own; delete it when the answer is yes."""
    world = this_world()
    with world.database.write() as connection:
        mine = session.me(connection)
        if mine is None:
            return show.ask_who()
        post = show.own_post(connection, post_id, mine)
        if request.method == "POST":
            world.writer.delete(connection, post)
            session.tell("Deleted.")
            return show.back()
        shown = page_posts(connection, [post], world.clock.now(), mine)[0]
        return show.page(connection, "delete.html", post=shown, back=show.back_path())
