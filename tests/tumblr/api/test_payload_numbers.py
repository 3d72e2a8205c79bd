"""Numbers as tumblr sends them, and as it should not."""

from __future__ import annotations

import pytest

from tumblr.api.payload_numbers import LATEST, count, digits, unix_seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        (0, 0),
        (7.9, 7),
        (-1, None),
        (2**63, None),
        (1e300, None),
        (True, None),
        ("7", None),
        (None, None),
        ([], None),
    ],
)
def test_count(value: object, expected: int | None) -> None:
    assert count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_612_612_800, 1_612_612_800),
        (1_612_612_800_000_000, 1_612_612_800),
        (1_612_612_800.5, 1_612_612_800),
        (LATEST, LATEST),
        (LATEST + 1, None),
        (2**62, None),
        (-5, None),
        ("1612612800", None),
    ],
)
def test_moments(value: object, expected: int | None) -> None:
    assert unix_seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (834080630085124096, "834080630085124096"),
        ("834080630085124096", "834080630085124096"),
        ("007", "7"),
        ("0", None),
        (0, None),
        (-7, None),
        (True, None),
        ("\u0663", None),
        ("9" * 5000, None),
        (10**30, None),
        ("", None),
        (7.0, None),
    ],
)
def test_ids(value: object, expected: str | None) -> None:
    assert digits(value) == expected
