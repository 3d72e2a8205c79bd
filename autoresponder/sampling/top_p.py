"""Nucleus sampling behind a temperature, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from autoresponder.sampling.base import Chain, Numbers, Scheme, Stateless, Temperature, keep_largest


@dataclass(frozen=True)
class TopP(Stateless):
    """Nucleus sampling (Holtzman et al. 2020): the largest tokens whose mass before them is under p.

    Sorted descending with exclusive cumulative sum c: keep while c < p, then every token as likely
    as the least likely kept one. At least one token stays; p = 1 keeps all.
    """

    p: float

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        if self.p >= 1:
            return logits
        return keep_largest(logits, self.kept)

    def kept(self, p: Tensor) -> Tensor:
        """Number of tokens k (B,) that stay, given probabilities (B, n) in descending order."""
        before = p.cumsum(-1) - p
        return (before < self.p).sum(-1).clamp(min=1)


def plain(numbers: Numbers) -> Chain:
    """Temperature, then top-p."""
    return Chain(Temperature(numbers.temperature), TopP(numbers.top_p))


SCHEME = Scheme(plain)
