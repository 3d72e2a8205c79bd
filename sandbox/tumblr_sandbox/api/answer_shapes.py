"""Shapes that a caller may ask of any answer: some fields of blogs only, and JSONP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from sqlalchemy import Connection

from tumblr_sandbox.api import support
from tumblr_sandbox.store import accounts, social
from tumblr_sandbox.store.accounts import Blog, User

_BLOG_KEYS = frozenset({"blog", "blogs", "blocked_tumblelogs"})
_CALLBACK = re.compile(r"[\w$.\[\]]{1,200}", re.ASCII)
FIELDS = "fields[blogs]"


def shape(response: Response) -> Response:
    """After a request: cut blogs down to the fields asked for, and wrap what a script is to load."""
    if response.mimetype != "application/json":
        return response
    wanted = request.args.get(FIELDS, "")
    if wanted and response.status_code < 300:
        _cut_blogs(response, [name.strip() for name in wanted.split(",") if name.strip()])
    callback = request.args.get("jsonp") or request.args.get("callback")
    if callback and request.method == "GET" and _CALLBACK.fullmatch(callback):
        _wrap(response, callback)
    return response


def _wrap(response: Response, callback: str) -> None:
    """JSONP: the status is 200, and the real one stands in ``meta`` alone."""
    # The encoder escapes all but ASCII; the comment keeps the answer from being anything but a script.
    response.set_data(f"/**/{callback}({response.get_data(as_text=True)});")
    response.status = "200 OK"
    response.headers.pop("Location", None)
    response.headers["Content-Type"] = "application/javascript; charset=utf-8"
    response.headers["X-Content-Type-Options"] = "nosniff"


def _cut_blogs(response: Response, wanted: list[str]) -> None:
    try:
        document = json.loads(response.get_data())
    except ValueError:
        return  # a fault broke it
    names = [name.removeprefix("?") for name in wanted]
    optional = {name[1:] for name in wanted if name.startswith("?")} & _OPTIONAL.keys()
    for blog in list(_blogs_in(document.get("response"))):
        more = {name: _OPTIONAL[name](str(blog.get("name"))) for name in optional if name not in blog}
        told = {name: value for name, value in more.items() if value is not None}
        kept = {name: value for name, value in (blog | told).items() if name in names}
        blog.clear()
        blog.update(kept)
    response.set_data(json.dumps(document, separators=(",", ":")))


def _blogs_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every blog object of an answer, innermost first."""
    if isinstance(value, list):
        for one in value:
            yield from _blogs_in(one)
    elif isinstance(value, dict):
        for name, inside in value.items():
            yield from _blogs_in(inside)
            if name in _BLOG_KEYS:
                blogs = inside if isinstance(inside, list) else [inside]
                yield from (blog for blog in blogs if isinstance(blog, dict))


def _about(name: str, tell: Callable[[Connection, Blog, User], object]) -> object:
    """What is told of a blog to the caller; nothing of a blog that is not there, or to nobody."""
    user = support.caller().user
    with support.reading() as connection:
        blog = accounts.find_blog(connection, name)
        return None if blog is None or user is None else tell(connection, blog, user)


def _follows_caller(name: str) -> object:
    def tell(connection: Connection, blog: Blog, user: User) -> bool:
        mine = accounts.blogs_of(connection, user)
        return any(social.follows(connection, blog.owner_id, own.id) for own in mine)

    return bool(_about(name, tell))


def _caller_follows(name: str) -> object:
    return bool(_about(name, lambda connection, blog, user: social.follows(connection, user.id, blog.id)))


def _seconds_following_caller(name: str) -> object:
    def tell(connection: Connection, blog: Blog, user: User) -> int:
        mine = accounts.primary_blog(connection, user.id)
        return _seconds_since(social.followed_since(connection, blog.owner_id, mine.id))

    return _about(name, tell)


def _seconds_followed_by_caller(name: str) -> object:
    return _about(
        name,
        lambda connection, blog, user: _seconds_since(social.followed_since(connection, user.id, blog.id)),
    )


def _seconds_since(moment: int | None) -> int:
    """-1 for what never was."""
    return -1 if moment is None else max(0, int(support.now()) - moment)


def _timezone(name: str) -> object:
    return _about(name, lambda _, blog, user: blog.settings.timezone if blog.owner_id == user.id else None)


def _timezone_offset(name: str) -> object:
    zone = _timezone(name)
    if zone is None:
        return None
    return datetime.fromtimestamp(support.now(), ZoneInfo(str(zone))).strftime("GMT%z")


_OPTIONAL: dict[str, Callable[[str], object]] = {
    "is_following_you": _follows_caller,
    "followed": _caller_follows,
    "duration_blog_following_you": _seconds_following_caller,
    "duration_following_blog": _seconds_followed_by_caller,
    "timezone": _timezone,
    "timezone_offset": _timezone_offset,
}
"""What is told of a blog only when it is asked for, with a question mark before it; None is not told."""
