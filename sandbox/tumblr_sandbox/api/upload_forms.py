"""Files that come with an API request: parts of a form, base64 text, or an address on this machine."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from flask import Request

from tumblr_sandbox import media
from tumblr_sandbox.api.params import FORM, Parameters
from tumblr_sandbox.errors import BadMediaError
from tumblr_sandbox.services.uploads import MAX_PICTURES, Handed, named

_DATA_PART = re.compile(r"data(?:\[(\d{0,4})\])?")


def pictures(request: Request, asked: Parameters) -> Handed:
    """The pictures of a photo post: exactly one of ``data`` parts, ``data64`` and ``source``."""
    parts, coded, sources = _parts(request), _coded(asked), _sources(asked)
    if sum(map(bool, (parts, coded, sources))) != 1:
        raise BadMediaError("exactly one of source, data and data64 is needed")
    if len(parts) + len(coded) + len(sources) > MAX_PICTURES:
        raise BadMediaError(f"a post has {MAX_PICTURES} pictures at most")
    if sources:
        return Handed(tuple(named(source) for source in sources))
    return Handed(tuple(media.read_image(data) for data in (*parts, *coded)))


def recording(request: Request) -> Handed:
    """The sound or film of a post, if a file came with it."""
    return Handed(tuple(media.read_medium(data) for data in _parts(request)[:1]))


def _parts(request: Request) -> list[bytes]:
    """The files of a form, and what stands percent-encoded in their place in a form without files."""
    found: list[tuple[int, bytes]] = []
    for name, part in request.files.items(multi=True):
        match = _DATA_PART.fullmatch(name)
        if match is not None:
            found.append((int(match.group(1) or 0), part.read()))
    if not found and request.mimetype == FORM:
        found = [
            (int(match.group(1) or 0), data)
            for name, data in _bytes_of_form(request)
            if (match := _DATA_PART.fullmatch(name)) is not None and data
        ]
    return [data for _, data in sorted(found, key=lambda one: one[0])]


def _bytes_of_form(request: Request) -> list[tuple[str, bytes]]:
    """The pairs of a url-encoded form, their values as bytes: a file is no text in any encoding."""
    pieces = [piece.partition(b"=") for piece in request.get_data(cache=True).split(b"&")]
    return [
        (unquote_to_bytes(name).decode("utf-8", "replace"), unquote_to_bytes(value.replace(b"+", b" ")))
        for name, _, value in pieces
    ]


def _coded(asked: Parameters) -> list[bytes]:
    try:
        return [base64.b64decode(text or "", validate=True) for text in _one_or_several(asked, "data64")]
    except binascii.Error:
        raise BadMediaError("data64 is no base64") from None


def _sources(asked: Parameters) -> list[str]:
    return _one_or_several(asked, "source")


def _one_or_several(asked: Parameters, name: str) -> list[str]:
    """``name``, which may hold commas, or ``name[0]``, ``name[1]`` and so on."""
    text = asked.text(name)
    return [text] if text else asked.array(name)
