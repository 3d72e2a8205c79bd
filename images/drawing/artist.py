"""Draws laid out lines on a canvas of bounded size."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from images.drawing.fonts import FontSet, can_shape
from images.drawing.layout import lay_out
from images.errors import DrawingError
from images.settings import ImagesConfig

_PADDING = 0.8
"""Empty border, in sizes of the text."""
_LINE_HEIGHT = 1.45
_ASCENT = 1.05
_LEAST_WIDTH = 4
"""Width of an image at least, in sizes of the text."""


@dataclass(frozen=True)
class Artist:
    """Draws text in one size; see ``ImagesConfig`` for the limits."""

    fonts: FontSet
    max_width: int
    max_characters: int
    max_lines: int

    @classmethod
    def of(cls, config: ImagesConfig, *, shapes: bool | None = None) -> Artist:
        """An artist as configured; ``shapes``: whether letters are joined, by default if Pillow can."""
        fonts = FontSet(config.font_pixels, shapes=can_shape() if shapes is None else shapes)
        return cls(fonts, config.max_width, config.max_characters, config.max_lines)

    def draw(self, text: str) -> Image.Image:
        """Text as a picture, black on white. Raises DrawingError when there is nothing to be seen in it."""
        size = self.fonts.pixels
        padding, height = round(size * _PADDING), round(size * _LINE_HEIGHT)
        room = self.max_width - 2 * padding
        lines = lay_out(text, self.fonts, room, max_characters=self.max_characters, max_lines=self.max_lines)
        while lines and not lines[-1].runs:
            lines.pop()
        if not any(line.runs for line in lines):
            raise DrawingError("there is nothing to be drawn in it")
        widest = max(round(line.width) + 1 for line in lines)
        width = min(self.max_width, max(widest, size * _LEAST_WIDTH) + 2 * padding)
        canvas = Image.new("RGB", (width, len(lines) * height + 2 * padding), "white")
        for number, line in enumerate(lines):
            x = float(width - padding) - line.width if line.is_right_to_left else float(padding)
            baseline = padding + number * height + round(size * _ASCENT)
            for run in line.runs:
                self.fonts.draw(canvas, x, baseline, run.text, run.face, run.direction)
                x += run.width
        return canvas
