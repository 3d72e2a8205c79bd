"""Lines that fit: where text is broken, and the order from left to right in which its runs stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bidi import algorithm as bidi

from images.drawing.clusters import Cluster, cleaned, clusters
from images.drawing.fonts import CJK, EMOJI, Direction, FontSet

_NEVER_FIRST = frozenset("、。，．：；？！）」』】〕》〉ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?:;)]}…%")
"""What does not begin a line."""


@dataclass(frozen=True)
class Run:
    """Text of one font and direction."""

    text: str
    face: str
    direction: Direction
    width: float


@dataclass(frozen=True)
class LaidLine:
    """Runs from left to right; a line of right-to-left text stands at the right."""

    runs: tuple[Run, ...]
    is_right_to_left: bool

    @property
    def width(self) -> float:
        """In pixels."""
        return sum(run.width for run in self.runs)


@dataclass(frozen=True)
class _Piece:
    """A cluster with its font, bidirectional level and width."""

    text: str
    face: str
    level: int
    width: float
    is_space: bool
    may_begin_line: bool


def lay_out(text: str, fonts: FontSet, width: int, *, max_characters: int, max_lines: int) -> list[LaidLine]:
    """Text as lines of at most ``width`` pixels; what exceeds the limits is cut off."""
    lines: list[LaidLine] = []
    for paragraph in cleaned(text, max_characters, max_lines):
        found = clusters(paragraph, fonts.has_emoji)
        base, levels = _levels(found)
        pieces = [_piece(cluster, level, fonts) for cluster, level in zip(found, levels, strict=True)]
        for wrapped in _wrapped(pieces, width):
            lines.append(LaidLine(tuple(_visual(wrapped, fonts)), base % 2 == 1))
            if len(lines) == max_lines:
                return lines
    return lines


def _piece(cluster: Cluster, level: int, fonts: FontSet) -> _Piece:
    face = fonts.face_of(cluster)
    text = fonts.shown(cluster, face)
    may_begin = cluster.base not in _NEVER_FIRST and face in (CJK, EMOJI)
    width = fonts.width(text, face, "rtl" if level % 2 else "ltr")
    return _Piece(text, face, level, width, cluster.text.isspace(), may_begin)


def _levels(found: Sequence[Cluster]) -> tuple[int, list[int]]:
    """The level of the paragraph and of each cluster, by the bidirectional algorithm; odd: right to left."""
    text = "".join(cluster.base for cluster in found)
    if text.isascii() or not text:
        return 0, [0] * len(found)
    storage = bidi.get_empty_storage()
    base = bidi.get_base_level(text)
    storage["base_level"], storage["base_dir"] = base, ("L", "R")[base]
    bidi.get_embedding_levels(text, storage)
    bidi.explicit_embed_and_overrides(storage)
    bidi.resolve_weak_types(storage)
    bidi.resolve_neutral_types(storage, False)
    bidi.resolve_implicit_levels(storage, False)
    levels = [int(one["level"]) for one in storage["chars"]]
    return (base, levels) if len(levels) == len(found) else (0, [0] * len(found))


def _wrapped(pieces: Sequence[_Piece], width: int) -> list[list[_Piece]]:
    """Pieces as lines, broken at spaces, between characters of CJK, and within words that are too long."""
    lines: list[list[_Piece]] = [[]]
    used = 0.0
    for word in _words(pieces):
        length = sum(piece.width for piece in word)
        ink = sum(piece.width for piece in word if not piece.is_space)
        if lines[-1] and used + ink > width:
            lines.append([])
            used = 0.0
        if ink <= width:
            lines[-1] += word
            used += length
            continue
        for piece in word:
            if lines[-1] and used + piece.width > width:
                lines.append([])
                used = 0.0
            lines[-1].append(piece)
            used += piece.width
    return [_trimmed(line) for line in lines]


def _words(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """What is not broken unless it must be, each with the spaces behind it."""
    words: list[list[_Piece]] = []
    for piece in pieces:
        begins = not words or piece.may_begin_line or (words[-1][-1].is_space and not piece.is_space)
        if begins and not (piece.is_space and words):
            words.append([piece])
        else:
            words[-1].append(piece)
    return words


def _trimmed(line: list[_Piece]) -> list[_Piece]:
    end = len(line)
    while end and line[end - 1].is_space:
        end -= 1
    return line[:end]


def _visual(line: Sequence[_Piece], fonts: FontSet) -> list[Run]:
    """The runs of a line from left to right: rule L2 of the bidirectional algorithm, run by run."""
    runs: list[tuple[int, Run]] = []
    for (face, level, _), group in groupby(
        enumerate(line), key=lambda one: (one[1].face, one[1].level, one[0] if one[1].face == EMOJI else -1)
    ):
        direction: Direction = "rtl" if level % 2 else "ltr"
        text = "".join(piece.text for _, piece in group)
        runs.append((level, Run(text, face, direction, fonts.width(text, face, direction))))
    for level in range(max((level for level, _ in runs), default=0), 0, -1):
        runs = _with_reversed(runs, level)
    return [run for _, run in runs]


def _with_reversed(runs: Sequence[tuple[int, Run]], level: int) -> list[tuple[int, Run]]:
    """Every stretch of runs of at least this level, turned around."""
    turned: list[tuple[int, Run]] = []
    for is_deep, stretch in groupby(runs, key=lambda one: one[0] >= level):
        members = list(stretch)
        turned += members[::-1] if is_deep else members
    return turned
