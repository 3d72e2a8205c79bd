"""How much of a text was read wrongly: the character error rate, case and white space aside."""

from __future__ import annotations


def comparable(text: str) -> str:
    """A text without case and white space."""
    return "".join(text.split()).casefold()


def distance(one: str, other: str) -> int:
    """The least number of characters to insert, remove or replace to make one text the other."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def errors(truth: str, read: str) -> tuple[int, int]:
    """The number of wrong characters, and of characters in all."""
    expected = comparable(truth)
    return distance(expected, comparable(read)), len(expected)
