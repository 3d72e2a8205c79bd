"""The second stage: of all posts those that stay, each on one side of the split.

Posts are gone through oldest first. One that is the same as, or too similar to, a post that was kept is left
out. What is kept belongs to a group: all that shares a thread root with it, or was left out as its copy.
A group's side follows from a hash of its oldest root, so that new posts move no old ones; a post that
belongs to groups on both sides is left out.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from rich.console import Console

from training.corpus.parts import SCANNED, count_rows, read_parts
from training.corpus.similarity import PERMUTATIONS, Signatures, near_duplicates
from training.settings import CorpusConfig

EXAMPLES = 3
SHOWN = 160
SPLITS = ("train", "validation", "calibration", "test")


@dataclass
class Choice:
    """What stays: for each scanned row its split and group, empty for one that is left out; and the count."""

    splits: list[str]
    groups: list[str]
    dropped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def drop(self, row: Any, reason: str) -> None:
        """Count a row that is left out, and remember the first few of each reason."""
        self.dropped[reason] += 1
        shown = self.examples.setdefault(reason, [])
        if len(shown) < EXAMPLES:
            text = (row["prompt"][-SHOWN // 2 :] + row["target"])[:SHOWN] if reason != "private" else ""
            shown.append({"post": row["key"], "text": text})


def choose(parts: Sequence[Path], settings: CorpusConfig, cache: Path, console: Console) -> Choice:
    """Decide about every row of the scanned parts, in their order."""
    count, order, signatures, exact = _index(parts)
    console.print(f"comparing {int((order >= 0).sum())} of {count} posts")
    left_out = dict(_exact_copies(order, exact))
    remaining = np.array([index for index in order.tolist() if index not in left_out], dtype=np.int64)
    texts = Dataset.from_parquet([str(path) for path in parts], features=SCANNED, cache_dir=str(cache))
    near = near_duplicates(
        signatures, remaining, lambda index: str(texts[index]["own"]), settings.near_duplicate_similarity
    )
    reasons = dict.fromkeys(left_out, "duplicate") | dict.fromkeys(near, "near_duplicate")
    splitter = _Splitter(settings.validation_share)
    roots = texts.select_columns(["roots", "split", "group"])
    places: dict[int, tuple[str, str] | None] = {}
    for index in order.tolist():
        row = roots[index]
        copy_of = left_out.get(index, near.get(index))
        if copy_of is not None:
            splitter.join(row["roots"], places.get(copy_of))
            continue
        places[index] = splitter.place(row["roots"], row["split"])
    return _decided(parts, count, reasons, places)


def _index(parts: Sequence[Path]) -> tuple[int, Any, Signatures, list[bytes]]:
    """The number of rows, the usable ones oldest first, and what they are compared by."""
    keys: list[tuple[int, int, str, int]] = []
    exact: list[bytes] = []
    signatures = np.zeros((count_rows(parts), PERMUTATIONS), dtype=np.uint32)
    for index, row in enumerate(
        read_parts(parts, ["key", "time", "post_id", "reason", "exact", "signature"])
    ):
        if row["signature"]:
            signatures[index] = np.frombuffer(row["signature"], dtype="<u4")
        exact.append(bytes.fromhex(row["exact"]))
        if not row["reason"]:
            number = int(row["post_id"]) if row["post_id"].isdigit() else 0
            keys.append((row["time"], min(number, 2**63 - 1), row["key"], index))
    order = np.array([key[-1] for key in sorted(keys)], dtype=np.int64)
    return len(exact), order, signatures, exact


def _exact_copies(order: Any, exact: Sequence[bytes]) -> dict[int, int]:
    first: dict[bytes, int] = {}
    copies: dict[int, int] = {}
    for index in order.tolist():
        known = first.setdefault(exact[index], index)
        if known != index:
            copies[index] = known
    return copies


class _Splitter:
    """Groups of posts, and the side that each is on."""

    def __init__(self, validation_share: float) -> None:
        self._share = validation_share
        self._group: dict[str, str] = {}  # of each root
        self._side: dict[str, str] = {}  # of each group

    def place(self, roots: Sequence[str], given: str) -> tuple[str, str] | None:
        """The group and side of a post; None when its roots are on both sides."""
        known = dict.fromkeys(self._group[root] for root in roots if root in self._group)
        sides = {self._side[group] for group in known}
        if len(sides) > 1:
            return None
        group = next(iter(known), roots[0])
        self._side.setdefault(group, given if given in SPLITS else self._drawn(group))
        for root in roots:
            self._group.setdefault(root, group)
        return group, self._side[group]

    def join(self, roots: Sequence[str], place: tuple[str, str] | None) -> None:
        """Let the thread of a copy belong to the group of what it is a copy of."""
        if place is not None:
            for root in roots:
                self._group.setdefault(root, place[0])

    def _drawn(self, group: str) -> str:
        number = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8])
        return "validation" if number < self._share * 2**64 else "train"


def _decided(
    parts: Sequence[Path],
    count: int,
    reasons: dict[int, str],
    places: dict[int, tuple[str, str] | None],
) -> Choice:
    choice = Choice([""] * count, [""] * count)
    for index, row in enumerate(read_parts(parts, ["key", "reason", "warning", "prompt", "target"])):
        if row["warning"]:
            choice.warnings.append(row["warning"])
        place = places.get(index)
        if place is not None:
            choice.groups[index], choice.splits[index] = place
        else:
            choice.drop(row, row["reason"] or reasons.get(index, "split_conflict"))
    _check_sides(choice)
    return choice


def _check_sides(choice: Choice) -> None:
    """No group is on both sides; anything else is a mistake in this module."""
    sides: dict[str, str] = {}
    for group, split in zip(choice.groups, choice.splits, strict=True):
        if split and sides.setdefault(group, split) != split:
            raise AssertionError(f"the group {group} is on both sides of the split")
