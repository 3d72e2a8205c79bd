"""Locally typical sampling, tried in 2022."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from autoresponder.sampling.base import FILTERED, Chain, Numbers, Scheme, Stateless, Temperature


@dataclass(frozen=True)
class Typical(Stateless):
    """Locally typical sampling (Meister et al. 2022).

    With H the entropy in nats, tokens are sorted by ``|-ln p - H|``, rising; the smallest set whose
    mass reaches ``mass`` stays, but at least ``least`` tokens.
    """

    mass: float
    least: int = 1

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        log_p = logits.log_softmax(-1)
        p = log_p.exp()
        entropy = torch.special.entr(p).sum(-1, keepdim=True)  # (B, 1)
        order = (-log_p - entropy).abs().argsort(dim=-1, stable=True)  # (B, V)
        sorted_p = p.gather(1, order)
        stays = sorted_p.cumsum(-1) - sorted_p < self.mass
        stays[:, : self.least] = True
        return _only(logits, order, stays)


def _only(logits: Tensor, order: Tensor, stays: Tensor) -> Tensor:
    """Filter all but the tokens ``order`` (B, V) names where ``stays`` (B, V) is true."""
    allowed = torch.zeros_like(stays).scatter(1, order, stays)
    return torch.where(allowed, logits, FILTERED)


def _build(numbers: Numbers) -> Chain:
    return Chain(Temperature(numbers.temperature), Typical(numbers.top_p, least=2))


SCHEME = Scheme(_build, temperature=1.0)
