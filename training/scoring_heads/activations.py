"""The frozen generator's activations for the rows of a run, kept on disk as far as the budget goes.

A row's residual streams are computed once, by a forward pass only as deep as the head looks, and read from
disk in later epochs. Rows beyond the budget are computed each time. Streams are rounded to 16 bits whether
they were kept or not, so that a run comes to the same result with any budget.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel

from autoresponder.model.trunk import run_trunk
from training.files import digest_of

Ids = Sequence[int]
_READY = "ready"
"""A file beside the arrays that says that they were made whole."""


class Activations:
    """Streams of rows, by the rows' numbers."""

    def __init__(
        self,
        network: PreTrainedModel,
        layers: Sequence[int],
        rows: Sequence[Ids],
        folder: Path | None = None,
        budget_bytes: float = 0.0,
        generator: str = "",
    ) -> None:
        """``folder`` keeps them, up to ``budget_bytes``; those of other rows, or of another generator, go.

        ``generator`` is a digest of the network's weights.
        """
        self._network = network
        self._layers = tuple(layers)
        self._rows = rows
        self._width = int(network.config.hidden_size)
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        per_token = 2 * len(self._layers) * self._width
        fits = self._starts[1:] * per_token <= budget_bytes
        self.kept_rows = int(fits.sum()) if folder is not None else 0
        self.computed_rows = 0
        self._file: NDArray[np.float16] | None = None
        self._filled: NDArray[np.bool_] = np.zeros(0, np.bool_)
        if folder is not None and self.kept_rows:
            self._open(folder, generator)

    def batch(self, chosen: Sequence[int]) -> tuple[dict[int, Tensor], Tensor]:
        """Streams (B, T, d) by layer, padded on the right, and the selection positions (B,)."""
        missing = [number for number in chosen if not self._has(number)]
        fresh = dict(zip(missing, self._compute(missing), strict=True)) if missing else {}
        device = self._network.device
        length = max(len(self._rows[number]) for number in chosen)
        streams = torch.zeros((len(self._layers), len(chosen), length, self._width), dtype=torch.float16)
        for place, number in enumerate(chosen):
            kept = fresh[number] if number in fresh else torch.from_numpy(self._read(number))
            streams[:, place, : kept.shape[1]] = kept
        positions = torch.tensor([len(self._rows[number]) - 1 for number in chosen], device=device)
        hidden = {layer: streams[index].to(device) for index, layer in enumerate(self._layers)}
        return hidden, positions

    def _open(self, folder: Path, generator: str) -> None:
        rows = [list(row) for row in self._rows[: self.kept_rows]]
        key = digest_of([generator, self._layers, self._width, rows])[:16]
        place = folder / f"activations-{key}"
        for other in folder.glob("activations-*"):
            if other != place or not (other / _READY).is_file():
                shutil.rmtree(other)
        streams, filled = place / "streams.npy", place / "filled.npy"
        if not place.is_dir():
            shape = (int(self._starts[self.kept_rows]), len(self._layers), self._width)
            try:
                _make_array(streams, np.float16, shape)
                _make_array(filled, np.bool_, (self.kept_rows,))
                (place / _READY).touch()
            except OSError:
                shutil.rmtree(place)
                raise
        self._file = np.lib.format.open_memmap(streams, "r+")
        self._filled = np.lib.format.open_memmap(filled, "r+")

    def _has(self, number: int) -> bool:
        return number < self.kept_rows and bool(self._filled[number])

    def _read(self, number: int) -> NDArray[np.float16]:
        assert self._file is not None
        part = self._file[self._starts[number] : self._starts[number + 1]]  # (T, layers, d)
        return np.ascontiguousarray(part.transpose(1, 0, 2))

    @torch.no_grad()
    def _compute(self, numbers: Sequence[int]) -> list[Tensor]:
        """Streams (layers, T, d) of some rows, in one pass; what fits is kept."""
        ids = torch.zeros((len(numbers), max(len(self._rows[n]) for n in numbers)), dtype=torch.long)
        for place, number in enumerate(numbers):
            ids[place, : len(self._rows[number])] = torch.tensor(self._rows[number])
        hidden = run_trunk(self._network, ids.to(self._network.device), self._layers)
        whole = torch.stack([hidden[layer].half().cpu() for layer in self._layers])  # (layers, B, T, d)
        found = [whole[:, place, : len(self._rows[n])] for place, n in enumerate(numbers)]
        self.computed_rows += len(numbers)
        if self._file is not None:
            for number, streams in zip(numbers, found, strict=True):
                if number < self.kept_rows:
                    self._file[self._starts[number] : self._starts[number + 1]] = streams.transpose(
                        0, 1
                    ).numpy()
                    self._filled[number] = (
                        True  # after the streams: a kill between the two computes them again
                    )
        return found


def _make_array(path: Path, kind: type[np.generic], shape: tuple[int, ...]) -> None:
    """A file of zeros, with all its room on the disk set aside. Raises OSError where there is none.

    A write to a mapped file on a full disk would end the process without a word.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    np.lib.format.open_memmap(path, "w+", dtype=kind, shape=shape)
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def as_hidden(streams: Mapping[int, Tensor]) -> dict[int, Tensor]:
    """Streams in the precision that heads work in."""
    return {layer: stream.float() for layer, stream in streams.items()}
