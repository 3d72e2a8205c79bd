"""Documents one to a row, as the generator meets them in serving: the end token at position 0, then the text.

Rows of similar length share a batch; what is left of the rectangle is padding that no loss is taken on.
Which batch a step sees follows from the seed and the step's number alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

IGNORED = -100  # a place that is padding: nothing is read there and nothing is asked
WIDTHS = 32  # batches are a multiple of this many tokens wide: every new shape costs compilation
JITTER = 8.0  # tokens by which lengths are blurred, so that other rows meet in each epoch


class DocumentBatches:
    """Batches of whole documents, of about ``tokens`` tokens each with their padding, without end."""

    def __init__(
        self, documents: Sequence[Sequence[int]], end: int, positions: int, tokens: int, seed: int
    ) -> None:
        """Documents longer than ``positions`` lose their end. Raises ValueError without documents."""
        if not documents:
            raise ValueError("there are no documents to train on")
        self._rows = [[end, *document, end][:positions] for document in documents]
        self._positions = positions
        self._tokens = tokens
        self._seed = seed
        self._epochs: list[list[list[int]]] = []

    def at(self, number: int) -> Tensor:
        """The batch with this number, (B, T), padded on the right with ``IGNORED``."""
        epoch = 0
        while number >= len(self._epoch(epoch)):
            number -= len(self._epoch(epoch))
            epoch += 1
        return self._padded(self._epoch(epoch)[number])

    def in_order(self) -> list[Tensor]:
        """All rows once, shortest first, for evaluation."""
        order = sorted(range(len(self._rows)), key=lambda i: len(self._rows[i]))
        return [self._padded(batch) for batch in self._cut(order)]

    def _epoch(self, epoch: int) -> list[list[int]]:
        while len(self._epochs) <= epoch:
            rng = np.random.default_rng([self._seed, len(self._epochs)])
            lengths = np.array([len(row) for row in self._rows]) + rng.uniform(0, JITTER, len(self._rows))
            batches = self._cut([int(i) for i in np.argsort(lengths)])
            self._epochs.append([batches[i] for i in rng.permutation(len(batches))])
        return self._epochs[epoch]

    def _cut(self, order: Sequence[int]) -> list[list[int]]:
        """Put neighbours in length together."""
        batches: list[list[int]] = [[]]
        for row in reversed(order):  # from the longest down
            if batches[-1] and len(batches[-1]) >= max(1, self._tokens // self._width(batches[-1])):
                batches.append([])
            batches[-1].append(row)
        return batches

    def _width(self, chosen: Sequence[int]) -> int:
        """Tokens from the left to the right edge of a batch: few different ones, for the sake of speed."""
        longest = max(len(self._rows[i]) for i in chosen)
        return min(-(-longest // WIDTHS) * WIDTHS, self._positions)

    def _padded(self, chosen: Sequence[int]) -> Tensor:
        batch = torch.full((len(chosen), self._width(chosen)), IGNORED)
        for place, row in enumerate(chosen):
            batch[place, : len(self._rows[row])] = torch.tensor(self._rows[row])
        return batch
