"""Words as people post them in pictures: a screenshot of a post, light or dark."""

from __future__ import annotations

import io
import random
import textwrap

from PIL import Image, ImageDraw, ImageFont

WIDTH = 540
_MARGIN, _COLUMNS = 28, 44
_LOOKS = (
    ("#1d1d1d", "#ffffff", "#7a7a7a"),
    ("#e8e8e8", "#12161f", "#8a93a6"),
    ("#2b2350", "#f4efff", "#8b80b8"),
)
"""Ink, paper, and the colour of what is said beside the words."""


def screenshot(name: str, words: str, seed: str) -> bytes:
    """A picture (PNG) of words under a blog's name; the same look for the same seed."""
    ink, paper, pale = random.Random(seed).choice(_LOOKS)
    font, small = ImageFont.load_default(20), ImageFont.load_default(16)
    lines = [line for part in words.splitlines() for line in textwrap.wrap(part, _COLUMNS) or [""]]
    canvas = Image.new("RGB", (WIDTH, 2 * _MARGIN + 40 + 28 * len(lines)), paper)
    draw = ImageDraw.Draw(canvas)
    draw.text((_MARGIN, _MARGIN), name, font=small, fill=pale)
    for number, line in enumerate(lines):
        draw.text((_MARGIN, _MARGIN + 40 + 28 * number), line, font=font, fill=ink)
    out = io.BytesIO()
    canvas.save(out, "PNG", optimize=True)
    return out.getvalue()
