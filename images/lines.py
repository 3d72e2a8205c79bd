"""What a recogniser found in a picture: lines of text with their places, frame by frame; plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]
"""x and y, as shares of the picture's width and height from its top left corner."""


@dataclass(frozen=True)
class Line:
    """A line of text. ``corners`` runs clockwise from where the line begins; empty when not known."""

    text: str
    confidence: float
    corners: tuple[Point, ...] = ()

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom as shares of the picture; None when its place is not known."""
        if not self.corners:
            return None
        across, down = zip(*self.corners, strict=True)
        return min(across), min(down), max(across), max(down)


@dataclass(frozen=True)
class Frame:
    """One frame of a picture, with its size in pixels and the lines found in it."""

    width: int
    height: int
    lines: tuple[Line, ...] = ()
    caption: str = ""
    """What a captioner says of it."""

    def to_json(self) -> dict[str, Any]:
        lines = [
            [line.text, round(line.confidence, 4), [[round(x, 5), round(y, 5)] for x, y in line.corners]]
            for line in self.lines
        ]
        caption = {"caption": self.caption} if self.caption else {}
        return {"width": self.width, "height": self.height, "lines": lines, **caption}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Frame:
        """The frame that ``to_json`` wrote; raises KeyError, TypeError or ValueError for anything else."""
        lines = tuple(
            Line(str(text), float(confidence), tuple((float(x), float(y)) for x, y in corners))
            for text, confidence, corners in value["lines"]
        )
        return cls(int(value["width"]), int(value["height"]), lines, str(value.get("caption", "")))
