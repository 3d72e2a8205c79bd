"""Pictures of blogs: a small pattern in two colours, drawn from the blog's name, as PNG."""

from __future__ import annotations

import colorsys
import hashlib
import struct
import zlib

from sandbox.views_blog import ANONYMOUS

CELLS = 5
MARGIN = 1
"""The pattern has 5 x 5 cells, mirrored, inside a margin of one."""

Colour = tuple[int, int, int]


def avatar_png(name: str, size: int) -> bytes:
    """The picture of a blog, ``size`` pixels wide and high; the same name gives the same picture."""
    digest = hashlib.sha256(name.encode()).digest()
    ground, figure = _colours(name, digest)
    grid = CELLS + 2 * MARGIN
    rows = []
    for y in range(size):
        cell_y = y * grid // size - MARGIN
        row = b"".join(
            bytes(figure if _filled(digest, x * grid // size - MARGIN, cell_y) else ground)
            for x in range(size)
        )
        rows.append(b"\0" + row)
    return _png(size, b"".join(rows))


def _colours(name: str, digest: bytes) -> tuple[Colour, Colour]:
    if name == ANONYMOUS:
        return (0x9A, 0xA5, 0xB1), (0xE8, 0xEB, 0xEE)
    hue = digest[0] / 256
    return _rgb(hue, 0.32, 0.55), _rgb((hue + 0.08) % 1, 0.82, 0.75)


def _rgb(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return red, green, blue


def _filled(digest: bytes, x: int, y: int) -> bool:
    if not (0 <= x < CELLS and 0 <= y < CELLS):
        return False
    column = min(x, CELLS - 1 - x)
    return bool(digest[1 + y * 3 + column] & 1)


def _png(size: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
