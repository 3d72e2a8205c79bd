"""Files that come with an API request: parts of a form, base64 text, or an address on this machine."""

from __future__ import annotations

import base64
import binascii
import re

from flask import Request

from tumblr_sandbox import media
from tumblr_sandbox.api.params import Parameters
from tumblr_sandbox.errors import BadMediaError
from tumblr_sandbox.services.uploads import MAX_PICTURES, Handed, named

_DATA_PART = re.compile(r"data(?:\[(\d{1,4})\])?")


def pictures(request: Request, asked: Parameters) -> Handed:
    """The pictures of a photo post: exactly one of ``data`` parts, ``data64`` and ``source``."""
    parts, coded, source = _parts(request), _coded(asked), asked.text("source")
    if sum(map(bool, (parts, coded, source))) != 1:
        raise BadMediaError("exactly one of source, data and data64 is needed")
    if source:
        return Handed((named(source),))
    if len(parts) + len(coded) > MAX_PICTURES:
        raise BadMediaError(f"a post has {MAX_PICTURES} pictures at most")
    return Handed(tuple(media.read_image(data) for data in (*parts, *coded)))


def recording(request: Request) -> Handed:
    """The sound or film of a post, if a file came with it."""
    return Handed(tuple(media.read_medium(data) for data in _parts(request)[:1]))


def _parts(request: Request) -> list[bytes]:
    found: list[tuple[int, bytes]] = []
    for name, part in request.files.items(multi=True):
        match = _DATA_PART.fullmatch(name)
        if match is not None:
            found.append((int(match.group(1) or 0), part.read()))
    return [data for _, data in sorted(found, key=lambda one: one[0])]


def _coded(asked: Parameters) -> list[bytes]:
    texts = [asked.text("data64")] if asked.text("data64") else asked.array("data64")
    try:
        return [base64.b64decode(text or "", validate=True) for text in texts]
    except binascii.Error:
        raise BadMediaError("data64 is no base64") from None
