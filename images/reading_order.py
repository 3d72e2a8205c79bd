"""The order in which the lines of a picture are read: rows from the top, and columns of prose one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from images.lines import Frame, Line

_SAME_ROW = 0.5
"""Share of the lower line's height by which two lines must overlap to stand in one row."""
_GUTTER = 1.0
"""Width of the gap between columns, in heights of a line."""
_PROSE = 8.0
"""Lines this long, in heights, are prose; shorter ones side by side are a table, which is read by rows."""
_COLUMN_LINES = 3
_MAX_DEPTH = 12


@dataclass(frozen=True)
class _Placed:
    """A line in a picture that was turned until its lines are level, in pixels."""

    line: Line
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def in_reading_order(frame: Frame) -> list[list[Line]]:
    """The frame's lines as rows, in the order in which a person reads them; lines of unknown place last."""
    unplaced = [[line] for line in frame.lines if not line.corners]
    found = [line for line in frame.lines if line.corners]
    angle = median(_angle(line, frame) for line in found) if found else 0.0
    rows = _rows([_level(line, frame, angle) for line in found], _MAX_DEPTH)
    return [[placed.line for placed in row] for row in rows] + unplaced


def _angle(line: Line, frame: Frame) -> float:
    """How far a line's upper edge is turned, in radians; steep ones are upright text and count as level."""
    (x0, y0), (x1, y1) = line.corners[0], line.corners[1]
    angle = math.atan2((y1 - y0) * frame.height, (x1 - x0) * frame.width)
    return angle if abs(angle) < math.pi / 6 else 0.0


def _level(line: Line, frame: Frame, angle: float) -> _Placed:
    """Turn the middle line of a line's box back by an angle; its thickness is that of its shorter side."""
    points = [(x * frame.width, y * frame.height) for x, y in line.corners]
    turned = [
        (x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle))
        for x, y in points
    ]
    across, down = zip(*turned, strict=True)
    return _Placed(line, min(across), min(down), max(across), max(down))


def _rows(lines: Sequence[_Placed], depth: int) -> list[list[_Placed]]:
    if len(lines) >= 2 * _COLUMN_LINES and depth:
        parts = _columns(lines) or _bands(lines)
        if parts is not None:
            return [row for part in parts for row in _rows(part, depth - 1)]
    rows: list[list[_Placed]] = []
    for line in sorted(lines, key=lambda one: (one.top + one.bottom) / 2):
        if rows and all(_overlap(line, other) for other in rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda one: one.left) for row in rows]


def _overlap(one: _Placed, other: _Placed) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > _SAME_ROW * min(one.height, other.height) and not _stacked(one, other)


def _stacked(one: _Placed, other: _Placed) -> bool:
    """Whether one stands above the other rather than beside it."""
    shared = min(one.right, other.right) - max(one.left, other.left)
    return shared > 0.5 * min(one.right - one.left, other.right - other.left)


def _columns(lines: Sequence[_Placed]) -> tuple[list[_Placed], list[_Placed]] | None:
    """Two columns of prose with nothing across the gap between them; None when there are none."""
    height = median(line.height for line in lines)
    by_left = sorted(lines, key=lambda one: one.left)
    reach = by_left[0].right
    for place, line in enumerate(by_left):
        if line.left - reach > _GUTTER * height:
            left, right = by_left[:place], by_left[place:]
            if _is_prose(left, height) and _is_prose(right, height):
                return left, right
        reach = max(reach, line.right)
    return None


def _is_prose(lines: Sequence[_Placed], height: float) -> bool:
    return len(lines) >= _COLUMN_LINES and median(line.right - line.left for line in lines) > _PROSE * height


def _bands(lines: Sequence[_Placed]) -> tuple[list[_Placed], list[_Placed]] | None:
    """What stands above and below the widest empty band; None when no band is empty."""
    by_top = sorted(lines, key=lambda one: one.top)
    reach, widest, cut = by_top[0].bottom, 0.0, 0
    for place, line in enumerate(by_top):
        if place and line.top - reach > widest:
            widest, cut = line.top - reach, place
        reach = max(reach, line.bottom)
    return (by_top[:cut], by_top[cut:]) if cut else None
