"""A file to recognised frames: decode, recognise each view, keep the view that says most. For workers."""

from __future__ import annotations

import io
from collections.abc import Iterable

from images.backends import Backend
from images.lines import Frame, Line
from images.pictures import Frame as DecodedFrame
from images.pictures import PictureLimits, read_frames
from images.settings import ImagesConfig

_THUMBNAIL = 512
"""Longest side, in pixels."""


def read_picture(data: bytes, backend: Backend, config: ImagesConfig) -> list[Frame]:
    """What is written in each frame of a picture; raises PictureError or RecogniserError."""
    limits = PictureLimits(int(config.max_megapixels * 1_000_000), config.max_frames)
    return [_read(frame, backend) for frame in read_frames(data, limits)]


def thumbnail(data: bytes, config: ImagesConfig) -> bytes:
    """The first frame of a picture as a small JPEG; raises PictureError."""
    limits = PictureLimits(int(config.max_megapixels * 1_000_000), 1)
    shown = read_frames(data, limits)[0].views[0]
    shown.thumbnail((_THUMBNAIL, _THUMBNAIL))
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=85)
    return out.getvalue()


def _read(frame: DecodedFrame, backend: Backend) -> Frame:
    """The lines of the view in which most is read with confidence."""
    width, height = frame.views[0].size
    found: list[list[Line]] = [backend.read(view) for view in frame.views]
    return Frame(width, height, tuple(max(found, key=_amount)))


def _amount(lines: Iterable[Line]) -> float:
    return sum(line.confidence**2 * len(line.text) for line in lines)
