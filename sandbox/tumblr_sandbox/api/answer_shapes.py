"""Shapes that a caller may ask of any answer: some fields of blogs only, and JSONP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, request

from tumblr_sandbox.api import support
from tumblr_sandbox.store import accounts, social

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
        kept = {name: value for name, value in (blog | more).items() if name in names}
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


def _follows_caller(name: str) -> bool:
    user = support.caller().user
    with support.reading() as connection:
        blog = accounts.find_blog(connection, name)
        if blog is None or user is None:
            return False
        return any(
            social.follows(connection, blog.owner_id, own.id) for own in accounts.blogs_of(connection, user)
        )


def _caller_follows(name: str) -> bool:
    user = support.caller().user
    with support.reading() as connection:
        blog = accounts.find_blog(connection, name)
        return blog is not None and user is not None and social.follows(connection, user.id, blog.id)


_OPTIONAL: dict[str, Callable[[str], object]] = {
    "is_following_you": _follows_caller,
    "followed": _caller_follows,
}
"""What is told of a blog only when it is asked for, with a question mark before it."""
