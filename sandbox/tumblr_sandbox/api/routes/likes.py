"""The endpoints that list what someone likes."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, links, support
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.api.support import Route, view_options
from tumblr_sandbox.rendering.render import render
from tumblr_sandbox.store import posts, social
from tumblr_sandbox.store.social import Like, Span

PAGE = 20
PAGE_CAP = 50
MAX_OFFSET = 1000


def users_likes() -> Response:
    """What the user likes, latest like first."""
    user = support.signed_in()
    with support.reading() as connection:
        return envelope.answer(_page(connection, user.id, "/v2/user/likes"))


def blogs_likes(identifier: str) -> Response:
    """What the owner of a blog likes, if that is shared."""
    support.need_key()
    with support.reading() as connection:
        blog = support.visible_blog(connection, identifier)
        user = support.caller().user
        if not blog.settings.share_likes and (user is None or user.id != blog.owner_id):
            raise envelope.not_shared()
        return envelope.answer(_page(connection, blog.owner_id, f"/v2/blog/{identifier}/likes"))


def _page(connection: Connection, user_id: int, path: str) -> dict[str, Any]:
    asked = support.parameters()
    limit, offset = asked.limit(PAGE, PAGE_CAP), asked.offset()
    found = social.likes_of(connection, user_id, _span(asked), limit=limit + 1, offset=offset)
    page = found[:limit]
    liked = {post.id: post for post in posts.several(connection, [one.post_id for one in page])}
    views = render(connection, list(liked.values()), support.viewer(connection), view_options(asked))
    moments = {one.post_id: one.timestamp for one in page}
    for view in views:
        view["liked_timestamp"] = moments[view["id"]]
    answer = {"liked_posts": views, "liked_count": social.like_count(connection, user_id)}
    return answer | _links(path, asked, found, limit)


def _span(asked: Parameters) -> Span:
    given = [name for name in ("offset", "before", "after") if asked.text(name) not in (None, "", "0")]
    if len(given) > 1:
        raise envelope.bad_parameter(f"{' and '.join(given)} do not go together")
    if asked.offset() > MAX_OFFSET:
        raise envelope.bad_parameter(f"offset may be {MAX_OFFSET} at most")
    after = links.read_moment("after", asked.text("after"))
    if after is not None and after % links.MICROSECONDS == 0:
        # After a second means after its end.
        after += links.MICROSECONDS - 1
    return Span(before=links.read_moment("before", asked.text("before")), after=after)


def _links(path: str, asked: Parameters, found: list[Like], limit: int) -> dict[str, Any]:
    """Links to older likes, if there are any, and to newer ones, if the caller came from there."""
    around: dict[str, Any] = {}
    size = {**links.echoed(asked), "limit": str(limit)}
    if len(found) > limit:
        before = links.place_between(found[limit - 1].moment, found[limit].moment)
        around["next"] = links.link(path, {**size, "before": before})
    if found and (asked.text("before") or asked.offset()):
        around["prev"] = links.link(path, {**size, "after": str(found[0].timestamp)})
    return {"_links": around} if around else {}


ROUTES: tuple[Route, ...] = (
    ("GET", "/user/likes", users_likes),
    ("GET", "/blog/<identifier>/likes", blogs_likes),
)
