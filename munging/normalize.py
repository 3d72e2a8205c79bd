"""The normalisation that every text goes through before the model sees it."""

from __future__ import annotations

import re

_QUOTES = str.maketrans(
    {
        "\N{NO-BREAK SPACE}": " ",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    }
)
_MANY_NEWLINES = re.compile(r"\n{3,}")
_WORD_AT_LINE_START = re.compile(r"\n(?=[0-9A-Za-z_])")
_TWO_SPACES = re.compile(r"(?<=[.!?])  (?=[0-9A-Za-z_])")


def normalize(text: str, *, spaced_lines: bool = True) -> str:
    """Straighten quotes and spaces, fold blank lines, and put a space before a word that begins a line.

    Text is taken to begin in the middle of a line. A backslash followed by n stays what the user typed.
    Without ``spaced_lines`` lines begin as they are.
    """
    text = _MANY_NEWLINES.sub("\n\n", text.translate(_QUOTES))
    if spaced_lines:
        text = _WORD_AT_LINE_START.sub("\n ", text)
    return _TWO_SPACES.sub(" ", text)
