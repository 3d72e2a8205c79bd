"""Documents as one long stream of tokens, cut into blocks without padding.

Each epoch begins at a random offset smaller than a block and takes the blocks in a random order;
the stream wraps around at its end. Which blocks a step sees follows from the seed and the step's
number alone, so training can be resumed at any step.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Ids = NDArray[np.int64]


def join_documents(documents: Sequence[Sequence[int]], end: int) -> Ids:
    """One stream in which the end token stands before each document and after the last."""
    parts: list[int] = []
    for document in documents:
        parts.append(end)
        parts.extend(document)
    parts.append(end)
    return np.asarray(parts, dtype=np.int64)


class Batches(Protocol):
    """Batches of token ids (B, T) by number; places to be ignored hold -100."""

    def at(self, number: int, /) -> Tensor:
        """The batch with this number."""
        ...


class PackedBlocks:
    """The blocks of a stream, in batches numbered from 0 without end."""

    def __init__(self, stream: Ids, block: int, batch: int, seed: int) -> None:
        """Raises ValueError when the stream is too short for a single batch."""
        self.stream = stream
        self.block = block
        self.batch = batch
        self.seed = seed
        self.batches_per_epoch = len(stream) // block // batch
        if self.batches_per_epoch == 0:
            raise ValueError(f"{len(stream)} tokens do not fill a batch of {batch} blocks of {block}")
        self._starts = lru_cache(maxsize=2)(self._draw_starts)

    def at(self, number: int) -> Tensor:
        """The batch with this number, (B, block)."""
        epoch, place = divmod(number, self.batches_per_epoch)
        starts = self._starts(epoch)[place * self.batch : (place + 1) * self.batch]  # (B,)
        places = (starts[:, None] + np.arange(self.block)) % len(self.stream)  # (B, block)
        return torch.from_numpy(self.stream[places])

    def _draw_starts(self, epoch: int) -> Ids:
        rng = np.random.default_rng([self.seed, epoch])
        offset = rng.integers(self.block)
        order: Ids = rng.permutation(len(self.stream) // self.block)
        return offset + order * self.block


class Interleaved:
    """Batches of one kind, of which every ``every``-th is replaced by one of another kind."""

    def __init__(self, usual: Batches, other: Batches, every: int) -> None:
        self._usual = usual
        self._other = other
        self._every = every

    def at(self, number: int, /) -> Tensor:
        """The batch with this number; each kind is gone through in its own order."""
        turn, place = divmod(number, self._every)
        if place == self._every - 1:
            return self._other.at(turn)
        return self._usual.at(turn * (self._every - 1) + place)
