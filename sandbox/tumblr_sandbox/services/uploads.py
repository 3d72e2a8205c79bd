"""Files that come with a post: new ones, those that are here already, or an address on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from sqlalchemy import Connection

from tumblr_sandbox import media
from tumblr_sandbox.errors import BadMediaError, MediaLimitError, VideoLimitError
from tumblr_sandbox.loopback import is_loopback
from tumblr_sandbox.media import MAX_FILE_BYTES, Medium, Upload
from tumblr_sandbox.services import limits
from tumblr_sandbox.services.limits import Limits
from tumblr_sandbox.store import media as stored
from tumblr_sandbox.store.accounts import User

FETCH_SECONDS = 5.0
"""How long another server on this machine may take to hand over a picture."""
MAX_PICTURES = 30


@dataclass(frozen=True)
class Handed:
    """What came with a request, in order: new files, or keys of files that are here already."""

    files: tuple[Upload | str, ...] = ()

    def keep(self, connection: Connection, user: User, figures: Limits, now: float) -> list[Medium]:
        """Keep the new files, and tell what is known of all; new pictures and films count for the day."""
        new = [one for one in self.files if isinstance(one, Upload)]
        pictures = sum(1 for one in new if one.medium.width)
        if pictures and not limits.spend(connection, user.id, "images", figures, now, times=pictures):
            raise MediaLimitError
        films = sum(1 for one in new if one.medium.type.startswith("video/"))
        if films and not limits.spend(connection, user.id, "videos", figures, now, times=films):
            raise VideoLimitError
        for one in new:
            stored.add(connection, one)
        known = stored.find(connection, {one for one in self.files if isinstance(one, str)})
        return [one.medium if isinstance(one, Upload) else _known(known, one) for one in self.files]


def _known(known: dict[str, Medium], key: str) -> Medium:
    if key not in known:
        raise BadMediaError("there is no such file here")
    return known[key]


def named(url: str) -> Upload | str:
    """What an address leads to: a file that is here already, or a picture on this machine."""
    return media.key_in(url) or media.read_image(_fetch(url))


def _fetch(url: str) -> bytes:
    """Get a picture from another server on this machine; nothing else is reached from a sandbox."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not (parts.hostname == "localhost" or is_loopback(parts.hostname)):
        raise BadMediaError("the sandbox gets pictures from this machine only")
    try:
        with requests.Session() as session:
            session.trust_env = False  # what is on this machine is not asked of a proxy
            answer = session.get(url, timeout=FETCH_SECONDS, stream=True, allow_redirects=False)
            answer.raise_for_status()
            return _first(answer.iter_content(65536), MAX_FILE_BYTES + 1)
    except requests.RequestException as error:
        raise BadMediaError(f"the picture could not be had: {type(error).__name__}") from None


def _first(chunks: Iterator[bytes], most: int) -> bytes:
    """Read until there is enough to know that it is too much."""
    data = b""
    for chunk in chunks:
        data += chunk
        if len(data) >= most:
            break
    return data
