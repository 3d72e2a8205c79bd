"""The bot of 2021: top-p for the first tokens of a text, then Mirostat 2."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from autoresponder.sampling.base import LN2, Numbers, Sampler, Scheme, keep_largest, surprisal
from autoresponder.sampling.top_p import plain


@dataclass(frozen=True)
class Mirostat2:
    """Mirostat version 2 (Basu et al. 2020) with a running expectation, as used in 2021.

    State: mu, tau (bits); mu begins at tau. With p sorted descending and the running expectation
    ``E_k = sum_{i<=k} p_i (-log2 p_i) / sum_{i<=k} p_i``, the k largest tokens stay, k the number of
    ``E_j < mu``. When even ``E_1 >= mu``, k is 0, which reads as no truncation. After a draw of
    surprisal s (from the unfiltered probabilities), ``mu <- max(0, mu - rate (s - tau))``.
    """

    rate: float = 0.05
    width = 2

    def begin(self, targets: Tensor) -> Tensor:
        """Begin with mu = tau."""
        return torch.stack([targets, targets], dim=1)

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        return keep_largest(logits, lambda p: self.kept(p, state))

    def kept(self, p: Tensor, state: Tensor) -> Tensor:
        """Number of tokens k (B,) that stay, given probabilities (B, n) in descending order; 0 is all."""
        expectation = torch.special.entr(p).cumsum(-1) / p.cumsum(-1) / LN2
        kept: Tensor = (expectation < state[:, :1]).sum(-1)
        return kept

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """Move mu against the error."""
        mu, tau = state.unbind(1)
        moved = mu - self.rate * (surprisal(logits, tokens) - tau)
        return torch.stack([moved.clamp(min=0), tau], dim=1)


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


def _build(numbers: Numbers) -> TwoStage:
    return TwoStage(plain(numbers), Mirostat2(numbers.mirostat_rate), numbers.window)


SCHEME = Scheme(_build, has_target=True, info=lambda _: {"MIRO_ONLY_ON_CONTINUE": True})
