"""From what was recognised to the text of an image: which lines count, and how frames become one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from images.lines import Frame, Line
from images.reading_order import in_reading_order

_ALIKE = 0.9
"""Frames whose texts are this alike (0 to 1) show the same text, read twice with small differences."""
_GAP = 3.0
"""Pieces of a row that are this far apart, in heights of the row, are separate lines."""


@dataclass(frozen=True)
class Rules:
    """Which lines of a recogniser count."""

    min_confidence: float
    corner: float
    """A line whose nearer margins, to the side and above or below, are both at most this is left out."""


def is_kept(line: Line, rules: Rules) -> bool:
    """Whether a line is confident enough and does not stand in a corner (a signature, a watermark)."""
    return line.confidence >= rules.min_confidence and not _is_in_corner(line, rules.corner)


def _is_in_corner(line: Line, corner: float) -> bool:
    box = line.box
    if box is None:
        return False
    left, top, right, bottom = box
    return min(left, 1 - right) <= corner and min(top, 1 - bottom) <= corner


def text_of_frame(frame: Frame, rules: Rules) -> str:
    """The text of a frame, a line for each line of text; empty when there is none."""
    kept = Frame(frame.width, frame.height, tuple(line for line in frame.lines if is_kept(line, rules)))
    return "\n".join(_joined(row, frame) for row in in_reading_order(kept))


def _joined(row: Sequence[Line], frame: Frame) -> str:
    """The pieces of a row, with a space between neighbours and a new line after a wide gap."""
    text = row[0].text.strip()
    for before, line in pairwise(row):
        text += ("\n" if _gap(before, line, frame) > _GAP else " ") + line.text.strip()
    return text


def _gap(before: Line, line: Line, frame: Frame) -> float:
    one, other = before.box, line.box
    if one is None or other is None:
        return 0.0
    height = min(one[3] - one[1], other[3] - other[1]) * frame.height
    return (other[0] - one[2]) * frame.width / height if height > 0 else 0.0


def text_of_frames(frames: Sequence[Frame], rules: Rules) -> str:
    """The text of a picture: of each frame, what no frame before it said already."""
    texts: list[str] = []
    for frame in frames:
        text = text_of_frame(frame, rules)
        if text and not any(_same(text, known) for known in texts):
            texts.append(text)
    return "\n".join(texts)


def _same(one: str, other: str) -> bool:
    bare, known = "".join(one.split()).casefold(), "".join(other.split()).casefold()
    if bare == known:
        return True
    matcher = SequenceMatcher(None, bare, known, autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE
