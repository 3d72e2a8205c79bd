"""Pictures of blogs: a small pattern in two colours, drawn from the blog's name, as PNG."""

from __future__ import annotations

import colorsys
import hashlib
import math
import struct
import zlib

from sandbox.views.blog import ANONYMOUS

CELLS = 5
GRID = 8
"""The pattern has 5 x 5 cells, mirrored, in the middle of a picture 8 cells wide."""
QUESTION_MARK = (".###.", "...#.", "..##.", ".....", "..#..")
"""What stands for those who asked without a name."""

HUE_BYTE = 30
"""Bytes 1 to 15 of the digest are the pattern."""

Colour = tuple[int, int, int]


def avatar_png(name: str, size: int) -> bytes:
    """The picture of a blog, ``size`` pixels wide and high; the same name gives the same picture."""
    digest = hashlib.sha256(name.encode()).digest()
    ground, figure = _colours(name, digest)
    cells = QUESTION_MARK if name == ANONYMOUS else _pattern(digest)
    along = [_cell(pixel, size) for pixel in range(size)]
    lines = {
        y: b"\0" + b"".join(bytes(figure if _filled(cells, x, y) else ground) for x in along)
        for y in sorted(set(along))
    }
    return _png(size, b"".join(lines[y] for y in along))


def _cell(pixel: int, size: int) -> int:
    """Which cell of the pattern a pixel lies in; outside of 0 to 4 it is margin."""
    return math.floor((pixel + 0.5) * GRID / size - (GRID - CELLS) / 2)


def _pattern(digest: bytes) -> tuple[str, ...]:
    """Five rows of cells, the right half the mirror of the left."""
    halves = ("".join("#" if digest[1 + y * 3 + x] & 1 else "." for x in range(3)) for y in range(CELLS))
    return tuple(half + half[1::-1] for half in halves)


def _colours(name: str, digest: bytes) -> tuple[Colour, Colour]:
    if name == ANONYMOUS:
        return (0x9A, 0xA5, 0xB1), (0xE8, 0xEB, 0xEE)
    hue = digest[HUE_BYTE] / 256
    return _rgb(hue, 0.32, 0.55), _rgb((hue + 0.08) % 1, 0.82, 0.75)


def _rgb(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return red, green, blue


def _filled(cells: tuple[str, ...], x: int, y: int) -> bool:
    return 0 <= x < CELLS and 0 <= y < CELLS and cells[y][x] == "#"


def _png(size: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
