"""The rows that a run trains on, numbered over all epochs, so that a row follows from its number alone.

A run that goes on after a stop passes over the numbers that are done; no sampler's state is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import datasets
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.corpus.parts import TOKENS
from training.errors import NotEnoughDataError

IGNORED = -100
PAD = 0
JITTER = 8.0
"""Tokens by which lengths are blurred, so that other documents share a batch in each epoch."""

Ids = NDArray[np.int32]


class TokenStream:
    """A packed stream on disk, memory-mapped."""

    def __init__(self, parts: Sequence[Path], cache: Path) -> None:
        self._rows = datasets.Dataset.from_parquet(
            [str(path) for path in parts], features=TOKENS, cache_dir=str(cache)
        ).with_format("numpy")
        self.block = len(self._rows[0]["input_ids"]) if len(self._rows) else 1
        last = len(self._rows[-1]["input_ids"]) if len(self._rows) else 0
        self.tokens = max(0, len(self._rows) - 1) * self.block + last

    def slice(self, start: int, length: int) -> tuple[Ids, NDArray[np.bool_]]:
        """Ids and whether each is learned, from a place on; the stream begins again after its end."""
        ids: list[Ids] = []
        learned: list[NDArray[np.bool_]] = []
        wanted = length
        while wanted:
            row, inside = divmod(start % self.tokens, self.block)
            found = self._rows[row]
            take = found["input_ids"][inside : inside + wanted]
            ids.append(take)
            learned.append(found["trained"][inside : inside + wanted])
            wanted -= len(take)
            start += len(take)
        return np.concatenate(ids), np.concatenate(learned)

    def ends(self, end: int) -> NDArray[np.int64]:
        """The places of all end tokens."""
        found = [
            np.flatnonzero(self._rows[row]["input_ids"] == end) + row * self.block
            for row in range(len(self._rows))
        ]
        return np.concatenate(found) if found else np.zeros(0, np.int64)


class EpochRows(Protocol):
    """The rows of one corpus, epoch after epoch."""

    per_epoch: int

    def row(self, epoch: int, number: int) -> tuple[Ids, NDArray[np.bool_]]: ...


class StreamRows:
    """Slices of one length, disjoint within an epoch, from another offset and in another order in each."""

    def __init__(self, stream: TokenStream, length: int, seed: int) -> None:
        """Raises NotEnoughDataError for a stream shorter than one row."""
        self.per_epoch = stream.tokens // length
        if not self.per_epoch:
            raise NotEnoughDataError(
                f"the corpus has {stream.tokens} tokens, less than one row of {length}; lower --length"
            )
        self._stream = stream
        self._length = length
        self._seed = seed
        self._starts = lru_cache(maxsize=2)(self._draw)

    def row(self, epoch: int, number: int) -> tuple[Ids, NDArray[np.bool_]]:
        return self._stream.slice(int(self._starts(epoch)[number]), self._length)

    def _draw(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self._seed, epoch])
        offset = int(rng.integers(self._length))
        order: NDArray[np.int64] = offset + rng.permutation(self.per_epoch) * self._length
        return order


class DocumentRows:
    """Whole documents between end tokens; those of like length come together, the groups in any order."""

    def __init__(self, stream: TokenStream, end: int, length: int, group: int, seed: int) -> None:
        """``group`` rows are of like length. Longer documents lose their end."""
        ends = stream.ends(end)
        self._begins = ends[:-1]
        self._lengths = np.minimum(np.diff(ends) + 1, length)
        if not len(self._lengths):
            raise NotEnoughDataError("the corpus has no document")
        self.per_epoch = len(self._lengths)
        self._stream = stream
        self._group = group
        self._seed = seed
        self._order = lru_cache(maxsize=2)(self._draw)

    def row(self, epoch: int, number: int) -> tuple[Ids, NDArray[np.bool_]]:
        place = int(self._order(epoch)[number])
        ids, learned = self._stream.slice(int(self._begins[place]), int(self._lengths[place]))
        learned = learned.copy()
        learned[0] = False  # the end of the document before
        return ids, learned

    def _draw(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self._seed, epoch])
        by_length = np.argsort(self._lengths + rng.uniform(0, JITTER, self.per_epoch), kind="stable")
        groups = [by_length[i : i + self._group] for i in range(0, self.per_epoch, self._group)]
        return np.concatenate([groups[i] for i in rng.permutation(len(groups))])


class NumberedRows(torch.utils.data.Dataset[Mapping[str, Any]]):
    """A run's rows in order, over all its epochs."""

    def __init__(self, rows: EpochRows, count: int) -> None:
        self._rows = rows
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Mapping[str, Any]:
        ids, learned = self._rows.row(*divmod(number, self._rows.per_epoch))
        return {"input_ids": ids, "labels": np.where(learned, ids, IGNORED)}


def collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
    """Rows as one batch (B, T), padded on the right; only padding is hidden, whatever its id means."""
    width = max(len(row["input_ids"]) for row in rows)
    ids = torch.full((len(rows), width), PAD)
    labels = torch.full((len(rows), width), IGNORED)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for place, row in enumerate(rows):
        length = len(row["input_ids"])
        ids[place, :length] = torch.from_numpy(row["input_ids"].astype(np.int64))
        labels[place, :length] = torch.from_numpy(row["labels"].astype(np.int64))
        mask[place, :length] = 1
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}
