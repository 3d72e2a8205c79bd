"""Mirostat version 1 throughout, at temperature 1."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from autoresponder.sampling.base import Numbers, Scheme, keep_largest, largest, surprisal


@dataclass(frozen=True)
class Mirostat1:
    """Mirostat version 1 (Basu et al. 2020): the cut from an estimate of the distribution's Zipf exponent.

    State: mu, tau (bits); mu begins at 2 tau. From the ``trunk`` largest tokens,
    ``s = sum t_i b_i / sum t_i^2`` with ``t_i = ln((i+1)/i)`` and ``b_i = ln(p_i/p_{i+1})``, and with
    ``e = s - 1``: ``k = round((2^mu e / (1 - V^-e))^(1/s))``, from 1 to V. The k largest tokens stay.
    After a draw of surprisal S, ``mu <- max(0, mu - rate (S - tau))``.
    """

    rate: float = 0.05
    trunk: int = 2000
    width = 2

    def begin(self, targets: Tensor) -> Tensor:
        """Begin with mu = 2 tau."""
        return torch.stack([2 * targets, targets], dim=1)

    def kept(self, log_p: Tensor, mu: Tensor, vocabulary: int) -> Tensor:
        """Number of tokens k (B,) that stay, given the largest log-probabilities (B, n), descending."""
        ranks = torch.arange(1, log_p.shape[1] + 1, device=log_p.device, dtype=log_p.dtype)
        t = (ranks[1:] / ranks[:-1]).log()
        b = log_p[:, :-1] - log_p[:, 1:]
        exponent = ((t * b).sum(-1) / (t * t).sum()).clamp(min=1e-3)  # (B,)
        excess = exponent - 1
        excess = torch.where(excess.abs() < 1e-6, torch.full_like(excess, 1e-6), excess)
        cut = mu.exp2() * excess / (1 - float(vocabulary) ** -excess)
        return cut.pow(1 / exponent).round().clamp(1, vocabulary).long()

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        log_p = logits.log_softmax(-1)
        top = largest(log_p, min(self.trunk, logits.shape[1]))
        k = self.kept(top, state[:, 0], logits.shape[1])
        return keep_largest(logits, lambda _: k)

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """Move mu against the error."""
        mu, tau = state.unbind(1)
        moved = mu - self.rate * (surprisal(logits, tokens) - tau)
        return torch.stack([moved.clamp(min=0), tau], dim=1)


def _build(numbers: Numbers) -> Mirostat1:
    return Mirostat1(numbers.mirostat_rate)


SCHEME = Scheme(_build, has_target=True)
