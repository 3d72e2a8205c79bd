"""Pictures of blogs: small creatures in two colours, drawn from the blog's name, as PNG."""

from __future__ import annotations

import colorsys
import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

from tumblr_sandbox.rendering.blog import ANONYMOUS

FINER = 4
"""Drawn so many times larger, then shrunk, so that edges are smooth."""
WHITE, BLACK = (0xFF, 0xFF, 0xFF), (0x16, 0x1B, 0x26)
HUES = 24
"""Names fall on so many colours, evenly apart."""

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Look:
    """How a creature looks: its colours, and which of each part it has."""

    ground: Colour
    body: Colour
    shape: int
    ears: int
    eyes: int
    mouth: int

    @classmethod
    def of(cls, name: str) -> Look:
        """The look that belongs to a name."""
        if name == ANONYMOUS:
            return cls((0x8B, 0x95, 0xA3), (0xE3, 0xE7, 0xEC), 0, 0, 3, 1)
        draw = hashlib.sha256(name.encode()).digest()
        hue = draw[0] % HUES / HUES
        other = (hue + (0.08, 0.42, 0.5, 0.92)[draw[1] % 4]) % 1
        return cls(
            _rgb(hue, 0.4, 0.5), _rgb(other, 0.78, 0.75), draw[2] % 4, draw[3] % 5, draw[4] % 3, draw[5] % 4
        )


def _rgb(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return red, green, blue


def avatar_png(name: str, size: int) -> bytes:
    """The picture of a blog, ``size`` pixels wide and high; the same name gives the same picture."""
    look = Look.of(name)
    canvas = Image.new("RGB", (size * FINER, size * FINER), look.ground)
    pen = _Pen(ImageDraw.Draw(canvas), size * FINER / 100)
    _draw_ears(pen, look)
    _draw_body(pen, look)
    _draw_eyes(pen, look)
    _draw_mouth(pen, look)
    saved = io.BytesIO()
    canvas.resize((size, size), Image.Resampling.LANCZOS).save(saved, "PNG", optimize=True)
    return saved.getvalue()


@dataclass(frozen=True)
class _Pen:
    """Draws on a square of 100 by 100."""

    draw: ImageDraw.ImageDraw
    scale: float

    def _at(self, box: Box) -> Box:
        left, top, right, bottom = (self.scale * edge for edge in box)
        return left, top, right, bottom

    def oval(self, box: Box, colour: Colour) -> None:
        self.draw.ellipse(self._at(box), fill=colour)

    def rounded(self, box: Box, radius: float, colour: Colour) -> None:
        self.draw.rounded_rectangle(self._at(box), radius * self.scale, fill=colour)

    def shape(self, points: list[tuple[float, float]], colour: Colour) -> None:
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=colour)

    def line(self, box: Box, colour: Colour, width: float) -> None:
        self.draw.line(self._at(box), fill=colour, width=round(width * self.scale))

    def arc(self, box: Box, start: int, end: int, colour: Colour) -> None:
        self.draw.arc(self._at(box), start, end, fill=colour, width=round(4 * self.scale))


def _draw_ears(pen: _Pen, look: Look) -> None:
    match look.ears:
        case 1:  # pointed
            pen.shape([(24, 45), (26, 12), (50, 32)], look.body)
            pen.shape([(76, 45), (74, 12), (50, 32)], look.body)
        case 2:  # round
            pen.oval((17, 15, 43, 41), look.body)
            pen.oval((57, 15, 83, 41), look.body)
        case 3:  # feelers
            pen.line((38, 40, 31, 14), look.body, 4)
            pen.line((62, 40, 69, 14), look.body, 4)
            pen.oval((25, 8, 37, 20), look.body)
            pen.oval((63, 8, 75, 20), look.body)
        case 4:  # a leaf
            pen.line((50, 40, 50, 16), look.body, 4)
            pen.oval((50, 8, 72, 22), look.body)


def _draw_body(pen: _Pen, look: Look) -> None:
    match look.shape:
        case 0:  # a ball
            pen.oval((19, 26, 81, 88), look.body)
        case 1:  # a box
            pen.rounded((22, 29, 78, 86), 14, look.body)
        case 2:  # a hill, out of the picture at the bottom
            pen.rounded((20, 28, 80, 140), 30, look.body)
        case _:  # a cloud
            pen.oval((14, 44, 54, 86), look.body)
            pen.oval((46, 44, 86, 86), look.body)
            pen.oval((25, 27, 75, 80), look.body)


def _draw_eyes(pen: _Pen, look: Look) -> None:
    match look.eyes:
        case 0:  # two
            for x in (38, 62):
                pen.oval((x - 6, 45, x + 6, 57), BLACK)
                pen.oval((x - 4, 47, x, 51), WHITE)
        case 1:  # one, large
            pen.oval((36, 38, 64, 66), WHITE)
            pen.oval((44, 46, 58, 60), BLACK)
        case 2:  # two, wide awake
            for x in (37, 63):
                pen.oval((x - 10, 41, x + 10, 61), WHITE)
                pen.oval((x - 4, 48, x + 5, 57), BLACK)
        case _:  # behind dark glasses
            pen.rounded((27, 43, 48, 58), 7, BLACK)
            pen.rounded((52, 43, 73, 58), 7, BLACK)
            pen.line((40, 47, 60, 47), BLACK, 4)


def _draw_mouth(pen: _Pen, look: Look) -> None:
    match look.mouth:
        case 0:  # a smile
            pen.arc((40, 56, 60, 74), 20, 160, BLACK)
        case 1:  # a line
            pen.line((43, 71, 57, 71), BLACK, 4)
        case 2:  # surprise
            pen.oval((45, 67, 55, 77), BLACK)
        case _:  # a tooth
            pen.line((41, 69, 59, 69), BLACK, 4)
            pen.shape([(51, 70), (57, 70), (54, 77)], WHITE)
