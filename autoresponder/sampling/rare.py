"""Samplers that were tried over the years and can be chosen, beside those of ``sampling``."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from autoresponder.sampling.base import FILTERED, Stateless, keep_largest, largest, surprise


@dataclass(frozen=True)
class MiddleP(Stateless):
    """Drop probability mass from both ends, and draw from the middle.

    No paper: the bot's own of 2020. The tail loses ``chop_lowest`` by the rule of top-p with
    p = 1 - chop_lowest. The head loses ``chop_highest`` likewise: with tokens in rising order and the
    exclusive cumulative sum c, those larger than the largest with c < 1 - chop_highest go. Tokens as likely
    as the last one kept at either end stay. What both leave is drawn from; if that is nothing, the largest.
    """

    chop_lowest: float
    chop_highest: float

    @classmethod
    def retaining(cls, middle: float) -> MiddleP:
        """Keep a middle of the given mass, with as much cut from either end."""
        return cls((1 - middle) / 2, (1 - middle) / 2)

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        """Filter."""
        ordered = largest(logits, logits.shape[1])  # (B, V)
        p = ordered.softmax(-1)
        before = p.cumsum(-1) - p  # mass of all larger ones
        behind = 1 - before - p  # mass of all smaller ones
        least = ordered.masked_fill(before >= 1 - self.chop_lowest, torch.inf).amin(-1, keepdim=True)
        most = ordered.masked_fill(behind >= 1 - self.chop_highest, -torch.inf).amax(-1, keepdim=True)
        nothing, top = most < least, ordered[:, :1]
        least, most = torch.where(nothing, top, least), torch.where(nothing, top, most)
        return torch.where((logits >= least) & (logits <= most), logits, FILTERED)


@dataclass(frozen=True)
class Typical(Stateless):
    """Locally typical sampling (Meister et al. 2022).

    With H the entropy in nats, tokens are sorted by ``|-ln p - H|``, rising; the smallest set whose
    mass reaches ``mass`` stays, but at least ``least`` tokens.
    """

    mass: float
    least: int = 1

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        """Filter."""
        log_p = logits.log_softmax(-1)
        p = log_p.exp()
        entropy = torch.special.entr(p).sum(-1, keepdim=True)  # (B, 1)
        order = (-log_p - entropy).abs().argsort(dim=-1, stable=True)  # (B, V)
        sorted_p = p.gather(1, order)
        stays = sorted_p.cumsum(-1) - sorted_p < self.mass
        stays[:, : self.least] = True
        return _only(logits, order, stays)


@dataclass(frozen=True)
class Mirostat1:
    """Mirostat version 1 (Basu et al. 2020): the cut from an estimate of the distribution's Zipf exponent.

    State: mu, tau (bits); mu begins at 2 tau. From the ``trunk`` largest tokens,
    ``s = sum t_i b_i / sum t_i^2`` with ``t_i = ln((i+1)/i)`` and ``b_i = ln(p_i/p_{i+1})``, and with
    ``e = s - 1``: ``k = round((2^mu e / (1 - V^-e))^(1/s))``, from 1 to V. The k largest tokens stay.
    After a draw of surprise S, ``mu <- max(0, mu - rate (S - tau))``.
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
        """Filter."""
        log_p = logits.log_softmax(-1)
        top = largest(log_p, min(self.trunk, logits.shape[1]))
        k = self.kept(top, state[:, 0], logits.shape[1])
        return keep_largest(logits, lambda _: k)

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """Move mu against the error."""
        mu, tau = state.unbind(1)
        moved = mu - self.rate * (surprise(logits, tokens) - tau)
        return torch.stack([moved.clamp(min=0), tau], dim=1)


def _only(logits: Tensor, order: Tensor, stays: Tensor) -> Tensor:
    """Filter all but the tokens ``order`` (B, V) names where ``stays`` (B, V) is true."""
    allowed = torch.zeros_like(stays).scatter(1, order, stays)
    return torch.where(allowed, logits, FILTERED)
