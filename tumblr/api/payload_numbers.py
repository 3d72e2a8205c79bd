"""Numbers in tumblr's answers: what cannot be one of the kind counts as missing."""

from __future__ import annotations

MICROSECONDS_FROM = 10**14
"""A time this large is in microseconds."""

LATEST = 2**37
"""Unix seconds in the year 6325: no post is later, and every calendar can still say what day it is."""

LONGEST_ID = 20
"""Digits of an id at most; tumblr's have 18."""


def count(value: object) -> int | None:
    """A whole number that is not negative; of one with a fraction, what stands before it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 else None


def unix_seconds(value: object) -> int | None:
    """A moment, which tumblr gives in seconds or in microseconds."""
    number = count(value)
    if number is not None and number >= MICROSECONDS_FROM:
        number //= 10**6
    return number if number is not None and number <= LATEST else None


def digits(value: object) -> str | None:
    """An id as a string of digits, whether it came as a number or as text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**LONGEST_ID:
        return str(value)
    if isinstance(value, str) and len(value) <= LONGEST_ID and value.isascii() and value.isdigit():
        return str(int(value)) if int(value) else None
    return None
