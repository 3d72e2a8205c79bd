"""Media served: pictures in every size, sounds and films, and the blogs' own pictures."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict

from flask import Blueprint, Response, abort, request

from tumblr_sandbox import media
from tumblr_sandbox.media import BOXES, SERVED_UNDER, SQUARE, Upload
from tumblr_sandbox.rendering.avatars import avatar_png
from tumblr_sandbox.rendering.blog import AVATAR_SIZES
from tumblr_sandbox.store import media as stored
from tumblr_sandbox.world import this_world

LARGE_PIXELS = 8_000_000
"""A picture with more is unpacked once, whatever sizes are asked for."""
LIFETIME_SECONDS = 31_536_000
MADE = "Sat, 06 Feb 2021 00:00:00 GMT"
"""``Last-Modified`` of media: they never change, but archivers warn when it is missing."""
_BOX = re.compile(r"s(\d{1,5})x(\d{1,5})(_c1)?")


class Thumbnails:
    """Pictures in other sizes, made one at a time, the latest kept up to ``most`` bytes.

    One large picture that many ask for is unpacked once, and never twice at the same time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, bool], bytes] = OrderedDict()
        self._bytes = 0

    def get(self, found: Upload, width: int, *, square: bool) -> bytes:
        """The picture in a width, or cut to a square of it."""
        with self._lock:
            made = self._made(found, width, square=square)
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made

    def _made(self, found: Upload, width: int, *, square: bool) -> bytes:
        """A kept picture, or a new one. Of a large picture the smaller sizes are made from its widest one."""
        key = (found.medium.key, width, square)
        made = self._kept.pop(key, None)
        if made is None:
            source, widest = found.data, max(BOXES)
            is_large = found.medium.width * found.medium.height > LARGE_PIXELS
            if is_large and width < widest < found.medium.width:
                source = self._made(found, widest, square=False)
            height = width if square else max(1, round(found.medium.height * width / found.medium.width))
            made = media.resized(source, width, height, square=square)
            self._bytes += len(made)
        self._kept[key] = made
        return made


_THUMBNAILS = Thumbnails(64 * 1024 * 1024)


def serving_blueprint() -> Blueprint:
    """All media, to be mounted at the root."""
    blueprint = Blueprint("media", __name__, url_prefix=f"/{SERVED_UNDER}")
    blueprint.get("/avatar_<name>_<int:size>.png")(avatar)
    blueprint.get("/<head>/<tail>/<box>/<name>")(picture)
    blueprint.get("/<head>/<tail>/<name>")(file)
    return blueprint


def avatar(name: str, size: int) -> Response:
    """A blog's picture, for any name: one that is gone still stands in old notes."""
    if size not in AVATAR_SIZES:
        abort(404)
    return _served(avatar_png(name, size), "image/png")


def picture(head: str, tail: str, box: str, name: str) -> Response:  # noqa: ARG001 - the name says nothing more
    found = _find(head, tail)
    match = _BOX.fullmatch(box)
    if match is None or not found.medium.width:
        abort(404)
    width, height, square = int(match.group(1)), int(match.group(2)), match.group(3) is not None
    if not square and width >= found.medium.width and height >= found.medium.height:
        # Archivers ask for boxes such as s99999x99999 to get the largest there is.
        return _served(found.data, found.medium.type)
    if width != SQUARE if square else BOXES.get(width) != height or width > found.medium.width:
        abort(404)
    return _served(_THUMBNAILS.get(found, width, square=square), found.medium.type)


def file(head: str, tail: str, name: str) -> Response:  # noqa: ARG001 - the name says nothing more
    """A sound or a film, whole or in part."""
    found = _find(head, tail)
    whole = _served(found.data, found.medium.type)
    whole.make_conditional(request.environ, accept_ranges=True, complete_length=len(found.data))
    return whole


def _find(head: str, tail: str) -> Upload:
    with this_world().database.read() as connection:
        found = stored.read(connection, f"{head}:{tail}")
    if found is None:
        abort(404)
    return found


def _served(data: bytes, kind: str) -> Response:
    response = Response(data, content_type=kind)
    response.headers["Last-Modified"] = MADE
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.cache_control.max_age = LIFETIME_SECONDS
    return response
