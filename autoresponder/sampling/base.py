"""What samplers are: small classes over logits, batched, with one row of state per row of text.

A sampler filters logits (``step``), a token is drawn from what is left (``draw``), and the sampler
sees which one it was (``observe``). All state is one float tensor (B, width), so that rows can be
moved, dropped and begun anew by indexing. Maths is float32 whatever the network's format.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from pydantic import JsonValue
from torch import Tensor

FILTERED = -1e10  # logit of a token that cannot be drawn
LN2 = math.log(2)
FEW = (1024, 8192)  # tokens that are looked at, where those are enough, before the whole vocabulary is

TARGETS_2021: tuple[float, ...] = (
    *(1.8, 1.9, 1.9, 2.0, 2.0, 2.1, 2.1, 2.1, 2.2, 2.2, 2.2),
    *(2.3, 2.3, 2.3, 2.4, 2.4, 2.5, 2.6, 2.7, 2.8, 2.9, 3.0),
)
"""Target surprisals of 2021, in bits; a candidate's is drawn uniformly from the list."""


class Sampler(Protocol):
    """What the writing loop needs of a sampler."""

    width: int
    """Number of state columns."""

    def begin(self, targets: Tensor) -> Tensor:
        """State (B, width) of rows that begin; ``targets`` (B,) are their target surprisals in bits."""
        ...

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        """Filter logits (B, V) for the next draw."""
        ...

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """State after ``tokens`` (B,) were drawn; ``logits`` (B, V) as the network gave them."""
        ...


@dataclass(frozen=True)
class Numbers:
    """The numbers of a sampler, with the sampler's own defaults in place."""

    temperature: float
    top_p: float
    mirostat_rate: float
    breakruns_step: float
    window: int
    """Tokens of the first stage, where there are two."""


@dataclass(frozen=True)
class Scheme:
    """A sampler that can be chosen: the ``SCHEME`` of a file in this folder, whose name is the file's."""

    build: Callable[[Numbers], Sampler]
    temperature: float = 0.9
    """Its default; so is ``top_p``, the mass it keeps."""
    top_p: float = 0.9
    has_target: bool = False
    """Whether each candidate has a target surprisal."""
    info: Callable[[Numbers], Mapping[str, JsonValue]] = lambda _: {}
    """What it says of itself in a result beside what all samplers say, under the names of the wire."""


class Stateless:
    """Base of samplers that remember nothing."""

    width = 0

    def begin(self, targets: Tensor) -> Tensor:
        """No columns."""
        return targets.new_empty(len(targets), 0)

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        """Nothing changes."""
        return state


@dataclass(frozen=True)
class Temperature(Stateless):
    """Divide logits by a temperature above 0 (Ackley, Hinton and Sejnowski 1985)."""

    temperature: float

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        return logits / self.temperature


@dataclass(frozen=True)
class TopK(Stateless):
    """Keep the logits that are at least the k-th largest; k = 0 keeps all (Fan et al. 2018)."""

    k: int

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        return keep_largest(logits, lambda p: torch.full((len(p),), self.k, device=p.device))


class Chain:
    """Samplers one after the other; each observes the network's own logits."""

    def __init__(self, *samplers: Sampler) -> None:
        self.samplers = samplers
        edges = list(itertools.accumulate((s.width for s in samplers), initial=0))
        self._columns = [slice(a, b) for a, b in itertools.pairwise(edges)]
        self.width = edges[-1]

    def begin(self, targets: Tensor) -> Tensor:
        """All states side by side."""
        return torch.cat([s.begin(targets) for s in self.samplers], dim=1)

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        """Filter by all in turn."""
        for sampler, columns in zip(self.samplers, self._columns, strict=True):
            logits = sampler.step(logits, state[:, columns])
        return logits

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """Let each observe."""
        parts = [
            sampler.observe(tokens, logits, state[:, columns])
            for sampler, columns in zip(self.samplers, self._columns, strict=True)
        ]
        return torch.cat(parts, dim=1)


def keep_largest(logits: Tensor, count: Callable[[Tensor], Tensor]) -> Tensor:
    """Filter each row but for logits at least as large as its k-th largest; k = 0 keeps the row.

    ``count`` gives k (B,) from the largest probabilities (B, n) of each row, descending, and may look
    only at those down to the k-th. Sorting a whole vocabulary costs as much as a small network, so
    few are looked at first, and all only where those were not enough.
    """
    vocabulary = logits.shape[1]
    total = logits.logsumexp(-1, keepdim=True)
    if logits.device.type != "cpu":  # to ask whether few are enough would make the host wait
        ordered = largest(logits, vocabulary)
        k = count((ordered - total).exp())
    else:
        ordered, k = logits[:, :0], torch.full((len(logits),), vocabulary)
        for width in (*(few for few in FEW if few < vocabulary), vocabulary):
            unsure = k >= ordered.shape[1]
            if not unsure.any():
                break
            # What is past a row's k-th is not looked at again, so rows that are sure need no more of it.
            wider = logits.new_full((len(logits), width), -math.inf)
            wider[:, : ordered.shape[1]] = ordered
            wider[unsure] = largest(logits[unsure], width)
            ordered, k = wider, torch.where(unsure, count((wider - total).exp()), k)
    least = ordered.gather(1, (k.clamp(max=vocabulary) - 1).clamp(min=0)[:, None])[:, 0]  # (B,)
    return filter_below(logits, least.masked_fill(k == 0, -math.inf))


def filter_below(logits: Tensor, least: Tensor) -> Tensor:
    """Filter each row (B, V) but for logits at least as large as its ``least`` (B,).

    On a CPU row by row: a choice by a mask does not use the wide vector units, and takes ten times as long.
    """
    if logits.device.type != "cpu":
        return torch.where(logits >= least[:, None], logits, FILTERED)
    kept = logits.clone()
    for row, below in zip(kept, torch.nextafter(least, torch.tensor(-math.inf)).tolist(), strict=True):
        torch.threshold_(row, below, FILTERED)
    return kept


def largest(logits: Tensor, count: int) -> Tensor:
    """The ``count`` largest of each row (B, V), descending, (B, count); NaN counts as the largest.

    On a CPU by numpy, whose partition and sort use the wide vector units: a tenth of the time of ``topk``.
    Most is left out before: at least ``count`` are as large as the ``count``-th largest of the maxima of
    groups, and unless many are equal, not many more.
    """
    if logits.device.type != "cpu":
        return logits.topk(count).values
    array = logits.numpy()
    size = array.shape[1] // (2 * count)  # of a group
    if size > 1 and len(array):
        groups = array[:, : array.shape[1] // size * size].reshape(len(array), size, -1).max(axis=1)
        least = np.partition(groups, -count, axis=1)[:, -count]
        # NaN is not less than anything, and everything is kept beside it.
        rows = [row[~(row < below)] for row, below in zip(array, least, strict=True)]
        array = np.full((len(rows), max(map(len, rows))), -np.inf, array.dtype)
        for line, row in zip(array, rows, strict=True):
            line[: len(row)] = row
    else:
        array = array.copy()
        array.partition(-count, axis=1)
        array = array[:, -count:]
    array.sort(axis=1)
    return torch.from_numpy(array[:, : -count - 1 : -1].copy())


def surprisal(logits: Tensor, tokens: Tensor) -> Tensor:
    """``-log2 p`` of tokens (B,) under logits (B, V), in bits."""
    log_p = logits.log_softmax(-1).gather(1, tokens[:, None])[:, 0]
    return -log_p / LN2


def draw(logits: Tensor, uniforms: Tensor) -> Tensor:
    """Draw one token per row by inverting its distribution function at ``uniforms`` (B,) in [0, 1).

    The randomness is an argument, so a row's draws depend on its own random numbers alone and not
    on the batch it happens to be in.
    """
    mass = logits.softmax(-1).cumsum(-1)  # (B, V)
    total = mass[:, -1:]
    at = torch.minimum(uniforms[:, None] * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(mass, at, right=True)[:, 0].clamp(max=logits.shape[1] - 1)
