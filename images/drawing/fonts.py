"""The fonts that come with the bot: which one has a character, and how wide text is in it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont, features

from images.drawing.clusters import Cluster

FOLDER = Path(__file__).resolve().parent.parent / "fonts"
TEXT, CJK, EMOJI = "DejaVuSans.ttf", "NotoSansCJKsc-Subset.otf", "NotoColorEmoji-48.ttf"
_EMOJI_PIXELS = 48
"""Colour bitmaps come in this one size and are scaled."""
_EMOJI_HEIGHT = 1.15
"""Height of a drawn emoji in sizes of the text."""
_CJK_BEGINS = 0x2E80
_UNKNOWN = "\ufffd"

Direction = Literal["ltr", "rtl"]


def can_shape() -> bool:
    """Whether letters join and marks find their places: Pillow needs Raqm and FriBiDi for that."""
    return bool(features.check("raqm"))


class FontSet:
    """The bundled fonts in one size (pixels). ``shapes`` false: letters as they are, without joining."""

    def __init__(self, pixels: int, *, shapes: bool) -> None:
        self.pixels = pixels
        self.shapes = shapes
        engine = ImageFont.Layout.RAQM if shapes else ImageFont.Layout.BASIC
        self._faces = {
            name: ImageFont.truetype(str(FOLDER / name), pixels, layout_engine=engine) for name in (TEXT, CJK)
        }
        self._emoji = ImageFont.truetype(str(FOLDER / EMOJI), _EMOJI_PIXELS, layout_engine=engine)
        self.width = lru_cache(maxsize=4096)(self._width)
        self.emoji_picture = lru_cache(maxsize=256)(self._emoji_picture)

    @cached_property
    def _characters(self) -> dict[str, frozenset[int]]:
        return {name: _characters(FOLDER / name) for name in (TEXT, CJK, EMOJI)}

    def has_emoji(self, character: str) -> bool:
        """Whether there is a colour picture of a character."""
        return ord(character) in self._characters[EMOJI]

    def face_of(self, cluster: Cluster) -> str:
        """The font that a cluster is drawn in."""
        if cluster.is_emoji:
            return EMOJI
        code = ord(cluster.base)
        order = (CJK, TEXT) if code >= _CJK_BEGINS else (TEXT, CJK)
        return next((name for name in order if code in self._characters[name]), TEXT)

    def shown(self, cluster: Cluster, face: str) -> str:
        """A cluster's text, or a sign for a character that no font has."""
        if face == EMOJI or ord(cluster.base) in self._characters[face]:
            return cluster.text
        return _UNKNOWN

    def _width(self, text: str, face: str, direction: Direction) -> float:
        """How far the pen moves over a text, in pixels."""
        if face == EMOJI:
            return self.emoji_picture(text).width + self.pixels * 0.1
        return float(self._faces[face].getlength(text, direction=direction if self.shapes else None))

    def draw(
        self, canvas: Image.Image, x: float, baseline: int, text: str, face: str, direction: Direction
    ) -> None:
        """Draw a run of text from its left end."""
        if face == EMOJI:
            picture = self.emoji_picture(text)
            canvas.paste(picture, (round(x), baseline - round(self.pixels * 0.95)), picture)
            return
        shown = text if self.shapes or direction == "ltr" else _reversed(text)
        ImageDraw.Draw(canvas).text(
            (round(x), baseline),
            shown,
            font=self._faces[face],
            fill="black",
            anchor="ls",
            direction=direction if self.shapes else None,
        )

    def _emoji_picture(self, sequence: str) -> Image.Image:
        """One emoji, scaled to the text; of a sequence that cannot be joined its first."""
        text = sequence if self.shapes else sequence[0]
        size = round(self.pixels * _EMOJI_HEIGHT)
        left, top, right, bottom = self._emoji.getbbox(text)
        if right <= left or bottom <= top:
            return Image.new("RGBA", (size, size))
        # A sequence that the font does not know as one is drawn as its parts, side by side.
        native = Image.new("RGBA", (int(right - left), int(bottom - top)))
        ImageDraw.Draw(native).text((-left, -top), text, font=self._emoji, embedded_color=True)
        width = max(1, round(native.width * size / native.height))
        return native.resize((width, size), Image.Resampling.LANCZOS)


@lru_cache(maxsize=8)
def _characters(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def _reversed(text: str) -> str:
    """Right-to-left text in the order in which it is seen, for a Pillow that cannot do it."""
    return text[::-1].translate(_MIRRORED)
