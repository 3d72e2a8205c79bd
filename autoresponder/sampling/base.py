"""Samplers: small classes over logits, batched, with one row of state per row of text.

A sampler filters logits (``step``), a token is drawn from what is left (``draw``), and the sampler
sees which one it was (``observe``). All state is one float tensor (B, width), so that rows can be
moved, dropped and begun anew by indexing. Maths is float32 whatever the network's format.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

FILTERED = -1e10  # logit of a token that cannot be drawn
LN2 = math.log(2)
FEW = 1024  # tokens that are looked at before the whole vocabulary is sorted

TARGETS_2021: tuple[float, ...] = (
    *(1.8, 1.9, 1.9, 2.0, 2.0, 2.1, 2.1, 2.1, 2.2, 2.2, 2.2),
    *(2.3, 2.3, 2.3, 2.4, 2.4, 2.5, 2.6, 2.7, 2.8, 2.9, 3.0),
)
"""Target surprises of 2021, in bits; a candidate's is drawn uniformly from the list."""


class Sampler(Protocol):
    """What the writing loop needs of a sampler."""

    width: int
    """Number of state columns."""

    def begin(self, targets: Tensor) -> Tensor:
        """State (B, width) of rows that begin; ``targets`` (B,) are their target surprises in bits."""
        ...

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        """Filter logits (B, V) for the next draw."""
        ...

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """State after ``tokens`` (B,) were drawn; ``logits`` (B, V) as the network gave them."""
        ...


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
        """Scale."""
        return logits / self.temperature


@dataclass(frozen=True)
class TopK(Stateless):
    """Keep the logits that are at least the k-th largest; k = 0 keeps all (Fan et al. 2018)."""

    k: int

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        """Filter."""
        return keep_largest(logits, lambda p: torch.full((len(p),), self.k, device=p.device))


@dataclass(frozen=True)
class TopP(Stateless):
    """Nucleus sampling (Holtzman et al. 2020): the largest tokens whose mass before them is under p.

    Sorted descending with exclusive cumulative sum c: keep while c < p, then every token as likely
    as the least likely kept one. At least one token stays; p = 1 keeps all.
    """

    p: float

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        """Filter."""
        if self.p >= 1:
            return logits
        return keep_largest(logits, self.kept)

    def kept(self, p: Tensor) -> Tensor:
        """Number of tokens k (B,) that stay, given probabilities (B, n) in descending order."""
        before = p.cumsum(-1) - p
        return (before < self.p).sum(-1).clamp(min=1)


@dataclass(frozen=True)
class Mirostat2:
    """Mirostat version 2 (Basu et al. 2020) with a running expectation, as used in 2021.

    State: mu, tau (bits); mu begins at tau. With p sorted descending and the running expectation
    ``E_k = sum_{i<=k} p_i (-log2 p_i) / sum_{i<=k} p_i``, the k largest tokens stay, k the number of
    ``E_j < mu``. When even ``E_1 >= mu``, k is 0, which reads as no truncation. After a draw of
    surprise s (from the unfiltered probabilities), ``mu <- max(0, mu - rate (s - tau))``.
    """

    rate: float = 0.05
    width = 2

    def begin(self, targets: Tensor) -> Tensor:
        """Begin with mu = tau."""
        return torch.stack([targets, targets], dim=1)

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        """Filter."""
        return keep_largest(logits, lambda p: self.kept(p, state))

    def kept(self, p: Tensor, state: Tensor) -> Tensor:
        """Number of tokens k (B,) that stay, given probabilities (B, n) in descending order; 0 is all."""
        expectation = torch.special.entr(p).cumsum(-1) / p.cumsum(-1) / LN2
        kept: Tensor = (expectation < state[:, :1]).sum(-1)
        return kept

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """Move mu against the error."""
        mu, tau = state.unbind(1)
        moved = mu - self.rate * (surprise(logits, tokens) - tau)
        return torch.stack([moved.clamp(min=0), tau], dim=1)


@dataclass(frozen=True)
class Breakruns:
    """Raise the temperature while the most likely token is drawn again and again.

    No paper: the bot's own since March 2021.

    State: c, the number of draws in a row that were the argmax of the logits they were drawn from;
    any other draw makes it ``decay * c``. ``T = temperature + c * step``.
    """

    temperature: float = 1.0
    step_per_token: float = 0.035
    decay: float = 0.0
    width = 1

    def begin(self, targets: Tensor) -> Tensor:
        """Begin without a run."""
        return torch.zeros_like(targets)[:, None]

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        """Scale each row by its own temperature."""
        return logits / (self.temperature + state * self.step_per_token)

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """Count on, or fall back."""
        ran_on = (logits.argmax(-1) == tokens)[:, None]
        return torch.where(ran_on, state + 1, state * self.decay)


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


class TwoStage:
    """One sampler for a row's first ``window`` tokens, another from there on.

    State: the row's age in tokens, then both samplers' columns. Only the sampler at work observes,
    so the later one begins with fresh state, as in 2021.
    """

    def __init__(self, first: Sampler, later: Sampler, window: int) -> None:
        self.window = window
        middle = 1 + first.width
        self.width = middle + later.width
        self._stages = ((first, slice(1, middle)), (later, slice(middle, self.width)))

    def begin(self, targets: Tensor) -> Tensor:
        """Age 0."""
        age = torch.zeros_like(targets)[:, None]
        return torch.cat([age, *(sampler.begin(targets) for sampler, _ in self._stages)], dim=1)

    def _rows(self, state: Tensor) -> tuple[Tensor, Tensor]:
        early = state[:, 0] < self.window
        return early, ~early

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        """Filter each row by the sampler of its age."""
        if logits.device.type == "cpu":
            return self.step_by_rows(logits, state)
        return self.step_everywhere(logits, state)

    def step_everywhere(self, logits: Tensor, state: Tensor) -> Tensor:
        """Let both samplers filter every row, and take one: nothing has to be known on the host."""
        first, later = (sampler.step(logits, state[:, columns]) for sampler, columns in self._stages)
        return torch.where(self._rows(state)[0][:, None], first, later)

    def step_by_rows(self, logits: Tensor, state: Tensor) -> Tensor:
        """Let each sampler filter its own rows alone."""
        filtered = torch.empty_like(logits)
        for (sampler, columns), rows in zip(self._stages, self._rows(state), strict=True):
            filtered[rows] = sampler.step(logits[rows], state[rows][:, columns])
        return filtered

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """Age by one; the sampler at work observes."""
        after = state.clone()
        after[:, 0] += 1
        for (sampler, columns), rows in zip(self._stages, self._rows(state), strict=True):
            observed = sampler.observe(tokens, logits, state[:, columns])
            after[:, columns] = torch.where(rows[:, None], observed, state[:, columns])
        return after


def keep_largest(logits: Tensor, count: Callable[[Tensor], Tensor]) -> Tensor:
    """Filter each row but for logits at least as large as its k-th largest; k = 0 keeps the row.

    ``count`` gives k (B,) from the largest probabilities (B, n) of each row, descending, and may look
    only at those down to the k-th. Sorting a whole vocabulary costs as much as a small network, so
    few are looked at first, and all only where those were not enough.
    """
    vocabulary = logits.shape[1]
    total = logits.logsumexp(-1, keepdim=True)
    on_cpu = logits.device.type == "cpu"  # elsewhere, to ask whether few are enough would make the host wait
    first = min(FEW, vocabulary) if on_cpu else vocabulary
    for width in dict.fromkeys((first, vocabulary)):
        ordered = largest(logits, width)  # (B, width)
        k = count((ordered - total).exp())
        if width == vocabulary or bool((k < width).all()):
            break
    least = ordered.gather(1, (k.clamp(max=vocabulary) - 1).clamp(min=0)[:, None])  # (B, 1)
    least = least.masked_fill((k == 0)[:, None], -math.inf)
    return torch.where(logits >= least, logits, FILTERED)


def largest(logits: Tensor, count: int) -> Tensor:
    """The ``count`` largest of each row (B, V), descending, (B, count); NaN counts as the largest.

    On a CPU by numpy, whose partition and sort use the wide vector units: a tenth of the time of ``topk``.
    """
    if logits.device.type != "cpu":
        return logits.topk(count).values
    array = logits.numpy().copy()
    array.partition(-count, axis=1)
    top = array[:, -count:]
    top.sort(axis=1)
    return torch.from_numpy(top[:, ::-1].copy())


def surprise(logits: Tensor, tokens: Tensor) -> Tensor:
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
