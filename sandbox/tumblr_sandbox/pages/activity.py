"""What happened to the signed-in blog: likes, reblogs, replies, mentions, asks, answers, followers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from flask import request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from tumblr_sandbox.pages import layout, session
from tumblr_sandbox.pages.views import ago, day_name
from tumblr_sandbox.store import browsing, posts, social
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.store.social import Notification
from tumblr_sandbox.world import this_world

EVENTS_PER_PAGE = 40
KINDS: dict[str, tuple[str, ...]] = {
    "all": (),
    "asks": ("ask", "answered_ask"),
    "replies": ("reply", "mention_in_reply", "user_mention"),
    "reblogs": ("reblog", "reblog_naked"),
    "likes": ("like",),
    "follows": ("follower",),
}
"""What can be looked at, and which notifications that is."""
SAYINGS = {
    "like": "liked your post",
    "reply": "replied to your post",
    "follower": "started following you",
    "user_mention": "mentioned you in a post",
    "mention_in_reply": "mentioned you in a reply",
    "reblog": "reblogged your post and said",
    "reblog_naked": "reblogged your post",
    "ask": "asked you",
    "answered_ask": "answered your question",
}
SAYS_WORDS = {"reply": "reply_text", "mention_in_reply": "reply_text", "reblog": "added_text"}
"""Which notifications quote what was said, and where they keep it."""


@dataclass(frozen=True)
class PageEvent:
    """One line of the page: who did what, when, and to what; ``others`` did the same before."""

    who: str
    kind: str
    saying: str
    words: str
    summary: str
    path: str
    moment: str
    day: str
    new: bool
    others: tuple[str, ...] = ()


def activity_page() -> Response | str:
    """What happened, newest first, by day; what had not been seen before is marked."""
    chosen = request.args.get("show", "all")
    chosen = chosen if chosen in KINDS else "all"
    with this_world().database.read() as connection:
        mine = session.me(connection)
        if mine is None:
            return layout.ask_who()
        found = social.notifications_of(
            connection, mine.id, kinds=KINDS[chosen], before=layout.before(), limit=EVENTS_PER_PAGE + 1
        )
        seen = session.last_seen_activity(mine)
        listed = _listed(connection, found[:EVENTS_PER_PAGE], seen)
        if chosen == "all" and layout.before() is None:
            session.seen_activity(mine, max((event.moment for event in found), default=seen))
        return layout.page(
            connection,
            "activity.html",
            days=[(day, list(events)) for day, events in groupby(listed, key=lambda event: event.day)],
            kinds=KINDS,
            chosen=chosen,
            more=found[EVENTS_PER_PAGE - 1].moment if len(found) > EVENTS_PER_PAGE else None,
        )


def _listed(connection: Connection, found: Sequence[Notification], seen: int) -> list[PageEvent]:
    now = this_world().clock.now()
    numbers = {int(event.data["post_id"]) for event in found if event.data.get("post_id")}
    known = posts.several(connection, list(numbers))
    named = browsing.names_of(connection, {post.blog_id for post in known})
    by_id = {post.id: (post, named[post.blog_id]) for post in known}
    return _together([_page_event(event, by_id, seen, now) for event in found])


def _together(events: Sequence[PageEvent]) -> list[PageEvent]:
    """The likes of one post on one day as one line, where the newest stands."""
    lines: dict[object, PageEvent] = {}
    for number, event in enumerate(events):
        key = (event.day, event.path) if event.kind == "like" and event.path else number
        line = lines.setdefault(key, event)
        if event.who not in (line.who, *line.others):
            lines[key] = replace(line, others=(*line.others, event.who), new=line.new or event.new)
    return list(lines.values())


def _page_event(
    event: Notification, by_id: dict[int, tuple[StoredPost, str]], seen: int, now: float
) -> PageEvent:
    found = by_id.get(int(event.data.get("post_id") or 0))
    words = str(event.data.get(SAYS_WORDS.get(event.kind, ""), ""))
    return PageEvent(
        who=event.data.get("from") or "",
        kind=event.kind,
        saying=SAYINGS.get(event.kind, event.kind.replace("_", " ")),
        words=words,
        summary="" if found is None else found[0].summary,
        path="" if found is None else _path(*found),
        moment=ago(event.timestamp, now),
        day=day_name(event.timestamp, now),
        new=event.moment > seen,
    )


def _path(post: StoredPost, blog: str) -> str:
    if post.state == "published":
        return f"/blog/{blog}/post/{post.id}"
    return {"submission": "/inbox", "draft": "/drafts", "queued": "/queue"}.get(post.state, "")
