"""Large pictures in pieces that a recogniser takes: long strips are cut where no text stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

MAX_SIDE = 1600
"""Longest side of a piece, in pixels."""
_ASPECT = 2.0
"""A picture more than this many times as long as it is wide is cut, not shrunk."""
_SEARCH = 0.25
"""A cut is looked for within this share of a piece before its end."""


@dataclass(frozen=True)
class Tile:
    """A piece of a picture, shrunk by ``scale``, whose top left corner stood at ``left`` and ``top``."""

    image: Image.Image
    left: int
    top: int
    scale: float


def tiles(image: Image.Image) -> Iterator[Tile]:
    """The pieces of an RGB picture from top to bottom (of a wide strip: from left to right)."""
    shorter = max(1, min(image.size))
    if max(image.size) <= max(MAX_SIDE, _ASPECT * shorter):
        yield _shrunk(image, 0, 0)
        return
    is_tall = image.height > image.width
    length = max(int(_ASPECT * shorter), MAX_SIDE)
    for begin, end in _cuts(_busyness(image, down=is_tall), length):
        box = (0, begin, image.width, end) if is_tall else (begin, 0, end, image.height)
        yield _shrunk(image.crop(box), box[0], box[1])


def _shrunk(image: Image.Image, left: int, top: int) -> Tile:
    scale = min(1.0, MAX_SIDE / max(image.size))
    if scale == 1.0:
        return Tile(image, left, top, scale)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return Tile(image.resize(size, Image.Resampling.LANCZOS), left, top, scale)


def _busyness(image: Image.Image, *, down: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """For each row (or column) of pixels, how much it varies along itself."""
    grey = np.asarray(image.convert("L"), dtype=np.int16)
    steps = np.abs(np.diff(grey, axis=1 if down else 0))
    return np.asarray(steps.mean(axis=1 if down else 0), dtype=np.float64)


def _cuts(busyness: np.ndarray[tuple[int], np.dtype[np.float64]], length: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each piece, none longer than ``length``, cut in the middle of the emptiest stretch."""
    begin, whole = 0, len(busyness)
    while whole - begin > length:
        first = begin + int(length * (1 - _SEARCH))
        window = busyness[first : begin + length]
        quiet = np.flatnonzero(window <= window.min() + 1e-9)
        runs = np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)
        longest = max(runs, key=len)
        end = first + int(longest[len(longest) // 2])
        yield begin, max(end, begin + 1)
        begin = max(end, begin + 1)
    yield begin, whole
