"""Pictures, sounds and films that were uploaded: what they are, their sizes, and where they are served.

Posts name a file by an address of the sandbox's own (``MEDIA_HOME``), which holds wherever the sandbox
is served; ``to_served`` and ``to_stored`` put the present address in its place and back.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from tumblr_sandbox.errors import BadMediaError

MEDIA_HOME = "https://sandbox.media.tumblr.com/"
"""Stands in stored posts for wherever this sandbox serves media."""
SERVED_UNDER = "64.media.tumblr.com"
"""The first part of the path that media are served under; image caches key on what follows it."""
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 60_000_000
"""No picture with more is unpacked."""
BOXES = {1280: 1920, 640: 960, 540: 810, 500: 750, 400: 600, 250: 400, 100: 200}
"""Widths that pictures come in, and the heights that their addresses name with them."""
SQUARE = 75

IMAGE_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "audio/mpeg": "mp3",
}
_LYING = (5, 6, 7, 8)
"""Orientations of EXIF in which width and height change places."""
_UNPACKING = threading.Lock()
"""Held while a picture's pixels are in memory: 60 million of them are up to 240 MB."""
_SERVED = re.compile(r"https?://[^/\s\"'<>]+/" + re.escape(SERVED_UNDER) + "/")
_KEY_IN_URL = re.compile(re.escape(MEDIA_HOME) + r"([0-9a-f]{32})/([0-9a-f]{16}-[0-9a-f]{2})/")


# Pixels in blocks of more than 32 MiB go back to the system when they are freed; of smaller ones the
# allocator keeps some for each thread.
Image.core.set_block_size(64 * 1024 * 1024)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Medium:
    """A file by its content: ``key`` is ``<32 hex>:<16 hex>-<2 hex>``; sounds and films have no pixels."""

    key: str
    type: str
    width: int = 0
    height: int = 0

    @property
    def folder(self) -> str:
        """Where the file's addresses begin."""
        return MEDIA_HOME + self.key.replace(":", "/")

    @property
    def url(self) -> str:
        """The address of the file as it was uploaded."""
        if not self.width:
            return f"{self.folder}/{_name(self.key)}.{EXTENSIONS[self.type]}"
        return self.sizes()[0].url

    def sizes(self) -> list[Size]:
        """A picture as it was uploaded, then every usual width below its own, then a square of 75."""
        widths = [width for width in BOXES if width < self.width]
        smaller = [self._size(width, f"s{width}x{BOXES[width]}") for width in widths]
        first = Size(self._address(f"s{self.width}x{self.height}"), self.width, self.height)
        square = Size(self._address(f"s{SQUARE}x{SQUARE}_c1"), SQUARE, SQUARE)
        return [first, *smaller, *([square] if min(self.width, self.height) > SQUARE else [])]

    def npf(self) -> list[dict[str, Any]]:
        """A picture's sizes as NPF lists them, widest first; the square is left out."""
        entries: list[dict[str, Any]] = [
            {
                "media_key": self.key,
                "type": self.type,
                "url": one.url,
                "width": one.width,
                "height": one.height,
            }
            for one in self.sizes()
            if "_c1/" not in one.url
        ]
        entries[0]["has_original_dimensions"] = True
        return entries

    def _size(self, width: int, box: str) -> Size:
        return Size(self._address(box), width, max(1, round(self.height * width / self.width)))

    def _address(self, box: str) -> str:
        return f"{self.folder}/{box}/{_name(self.key + box)}.{EXTENSIONS[self.type]}"


@dataclass(frozen=True)
class Size:
    """One size of a picture, in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Upload:
    """A file that was handed in, and what it is."""

    medium: Medium
    data: bytes


def _name(seed: str) -> str:
    return hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()


def _key(data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    return f"{digest[:32]}:{digest[32:48]}-{digest[48:50]}"


def read_image(data: bytes) -> Upload:
    """Look at a picture: PNG, JPEG, GIF or WebP, whole, of 10 MB at most; else ``BadMediaError``."""
    if len(data) > MAX_FILE_BYTES:
        raise BadMediaError("the file is larger than 10 MB")
    with _unpacked(data) as image:
        if image.format not in IMAGE_TYPES:
            raise BadMediaError("the file is no PNG, JPEG, GIF or WebP")
        width, height = image.size
        if image.getexif().get(ExifTags.Base.Orientation) in _LYING:
            width, height = height, width
        return Upload(Medium(_key(data), IMAGE_TYPES[image.format], width, height), data)


@contextmanager
def _unpacked(data: bytes, wanted: int | None = None) -> Iterator[Image.Image]:
    """A picture with its pixels in memory, one at a time of all the process; what EXIF says is not done yet.

    With ``wanted`` it need not be larger than twice that, in either direction.
    """
    with _UNPACKING:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image = Image.open(io.BytesIO(data))
            if image.width * image.height > MAX_PIXELS:
                raise BadMediaError("the picture has too many pixels")
            if wanted is not None:
                image.draft(None, (2 * wanted, 2 * wanted))
            image.load()
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
            raise BadMediaError("the file is no picture") from None
        try:
            yield image
        finally:
            image.close()  # which frees the pixels while the lock is held


def read_medium(data: bytes) -> Upload:
    """Look at a sound or film by its first bytes: MP3 or MP4; else ``BadMediaError``."""
    if data[4:8] == b"ftyp":
        return Upload(Medium(_key(data), "video/mp4"), data)
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0):
        return Upload(Medium(_key(data), "audio/mpeg"), data)
    raise BadMediaError("the file is no MP3 and no MP4")


def read_recording_or_image(data: bytes) -> Upload:
    """Look at a file of any kind that may be posted."""
    try:
        return read_medium(data)
    except BadMediaError:
        return read_image(data)


def resized(data: bytes, width: int, height: int, *, square: bool = False) -> bytes:
    """A picture in another size, or cut to a square of it; of several frames the first."""
    with _unpacked(data, width) as image:
        kind = image.format or "PNG"
        ImageOps.exif_transpose(image, in_place=True)
        upright = image
        if upright.mode not in ("RGB", "RGBA", "L"):
            upright = upright.convert("RGB" if kind == "JPEG" else "RGBA")
        made = (
            ImageOps.fit(upright, (width, width))
            if square
            else upright.resize((width, height), reducing_gap=2.0)
        )
        if kind == "JPEG" and made.mode == "RGBA":
            made = made.convert("RGB")
    saved = io.BytesIO()
    made.save(saved, kind)
    return saved.getvalue()


def to_served(text: str, base_url: str) -> str:
    """Stored text with the media's addresses as they are now."""
    return text.replace(MEDIA_HOME, f"{base_url}/{SERVED_UNDER}/")


def to_stored(text: str) -> str:
    """Posted text with addresses of the sandbox's media as they are stored."""
    return _SERVED.sub(MEDIA_HOME, text)


def key_in(url: str) -> str | None:
    """The key of the file that a stored or served address leads to; none for any other address."""
    match = _KEY_IN_URL.match(to_stored(url))
    return None if match is None else f"{match.group(1)}:{match.group(2)}"
