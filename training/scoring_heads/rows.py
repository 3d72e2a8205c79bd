"""Rows with labels, and the three disjoint parts that they are split into."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from training.errors import NotEnoughDataError

LEAST = 20
"""Labelled rows of each part without which nothing is trained."""


@dataclass(frozen=True)
class Row:
    """A text as the head reads it, with what the head should say of it.

    ``target`` is 0 or 1, or for the sentiment head a logit difference. ``group`` is the thread. ``time`` is
    that of the post (unix seconds; 0: unknown). ``text_type`` chooses the calibration, ``kind`` only reports.
    """

    text: str
    target: float
    group: str
    text_type: str = "responses"
    kind: str = ""
    time: float = 0.0
    split: str = ""
    post_id: str = ""


def split_rows(rows: Sequence[Row], test_share: float, calibration_share: float) -> dict[str, list[Row]]:
    """Train, calibration and test: no thread in two of them, and the test rows are the newest.

    A group's time is that of its newest row. Rows that say themselves where they belong stay there. Rows
    without times are split by a hash of their group. Where a share of few rows comes to less than ``LEAST``,
    test and calibration get that many nevertheless, so that not chance decides whether a head can be trained.
    """
    if rows and all(row.split for row in rows):
        parts = {
            name: [row for row in rows if row.split == name] for name in ("train", "calibration", "test")
        }
        return _checked(parts)
    newest: dict[str, float] = {}
    for row in rows:
        newest[row.group] = max(newest.get(row.group, 0.0), row.time)
    sizes = Counter(row.group for row in rows)
    by_time = sorted(newest, key=lambda group: (-newest[group], _number("test", group)))
    test = set(_first_groups(by_time, sizes, max(test_share * len(rows), LEAST)))
    by_chance = sorted(newest.keys() - test, key=lambda group: _number("split", group))
    share = calibration_share / (1 - test_share)
    calibration = {group for group in by_chance if _number("split", group) < share}
    calibration.update(_first_groups(by_chance, sizes, LEAST))
    parts = {"train": [], "calibration": [], "test": []}
    for row in rows:
        name = "test" if row.group in test else "calibration" if row.group in calibration else "train"
        parts[name].append(replace(row, split=name))
    return _checked(parts)


def _first_groups(groups: Sequence[str], sizes: Mapping[str, int], rows: float) -> Iterator[str]:
    """As many of the groups, from the first on, as hold so many rows."""
    taken = 0
    for group in groups:
        if taken >= rows:
            return
        taken += sizes[group]
        yield group


def _checked(parts: dict[str, list[Row]]) -> dict[str, list[Row]]:
    for name, rows in parts.items():
        if len(rows) < LEAST:
            raise NotEnoughDataError(f"{len(rows)} labelled rows for {name}, at least {LEAST} are needed")
    return parts


def check_classes(rows: Sequence[Row]) -> None:
    """Raise NotEnoughDataError when all rows are alike: a head cannot learn from that."""
    classes = {row.target > 0 for row in rows}
    if len(classes) < 2:
        only = "liked" if classes == {True} else "disliked"
        raise NotEnoughDataError(f"all {len(rows)} rows are {only}: one class is nothing to learn from")


def _number(part: str, group: str) -> float:
    """A number in [0, 1) that follows from a group's name, for each part another."""
    return int.from_bytes(hashlib.sha256(f"{part} {group}".encode()).digest()[:8]) / 2**64
