"""How rows of ids go through the network together: those of about one length in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor

PASS_TOKENS = 16_384  # most tokens of one pass, padding included: bounds the memory it takes
PAD = 0
LEAST_SHARE = 0.75  # of the longest row's length: a shorter row waits for a pass of shorter ones
SMALL_GAP = 16  # tokens of padding that are never worth a pass of their own


class Row(Protocol):
    """Something that the network reads."""

    @property
    def ids(self) -> tuple[int, ...]:
        """What is read, at least one id."""
        ...


R = TypeVar("R", bound=Row)


def passes(rows: Sequence[R], pass_tokens: int = PASS_TOKENS) -> Iterator[list[R]]:
    """Cut rows, longest first, into passes of about one length, whose padded size is bounded."""
    left = sorted(rows, key=lambda row: -len(row.ids))
    while left:
        longest = len(left[0].ids)
        least = min(LEAST_SHARE * longest, longest - SMALL_GAP)
        count = sum(len(row.ids) >= least for row in left[: max(1, pass_tokens // longest)])
        yield left[:count]
        left = left[count:]


def padded(rows: Sequence[Row]) -> Tensor:
    """The ids of one pass, the longest row first: (B, T), padded on the right, where nothing looks."""
    ids = torch.full((len(rows), len(rows[0].ids)), PAD)
    for place, row in enumerate(rows):
        ids[place, : len(row.ids)] = torch.tensor(row.ids)
    return ids
