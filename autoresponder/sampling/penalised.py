"""Top-p among the likeliest tokens, with a penalty on what was said already: small networks loop."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from autoresponder.sampling.base import (
    Chain,
    Numbers,
    Scheme,
    Stateless,
    Temperature,
    filter_below,
    largest,
)
from autoresponder.sampling.top_p import TopP

PENALTY = 0.9
"""Taken off a token's logit for each time that it was written."""
COMMON_SHARE = 0.5
"""Of the penalty, for common tokens: no text gets by without saying "the" again."""
COMMON = 1024
"""Ids below are common. A byte-pair vocabulary is in the order of its merges, so the bytes, punctuation and
function words stand first."""
REMEMBERED = 256
"""Tokens of a text that are counted, the last ones."""
LIKELIEST = 60


@dataclass
class RepetitionPenalty:
    """Lower the logit of each token by so much for every time that the row has written it.

    The frequency penalty of the OpenAI interface, lighter for common tokens. State: the number of tokens
    written, and the ids of the last ``remembered`` of them, -1 where there are none yet.
    """

    penalty: float = PENALTY
    common_share: float = COMMON_SHARE
    common: int = COMMON
    remembered: int = REMEMBERED

    width: int = field(init=False)
    """One column for the count, the others for ids; a float holds both exactly."""

    def __post_init__(self) -> None:
        self.width = 1 + self.remembered

    def begin(self, targets: Tensor) -> Tensor:
        """Nothing is written."""
        state = targets.new_full((len(targets), self.width), -1.0)
        state[:, 0] = 0
        return state

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        """Take the penalties off."""
        ids = state[:, 1:]  # (B, n)
        taken = torch.where(ids < self.common, self.penalty * self.common_share, self.penalty)
        taken = taken.masked_fill(ids < 0, 0.0).to(logits.dtype)
        return logits.scatter_add(1, ids.clamp(min=0).long(), -taken)

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        """Remember the token in place of the oldest."""
        place = 1 + state[:, :1].long() % self.remembered  # (B, 1)
        after = state.scatter(1, place, tokens[:, None].to(state.dtype))
        after[:, 0] += 1
        return after


@dataclass(frozen=True)
class LikeliestMass(Stateless):
    """Top-k, then top-p of what is left (see ``top_p``), in one look at the vocabulary."""

    mass: TopP
    most: int = LIKELIEST

    def step(self, logits: Tensor, state: Tensor) -> Tensor:  # noqa: ARG002
        """Filter."""
        ordered = largest(logits, min(self.most, logits.shape[1]))  # (B, k)
        kept = self.mass.kept(ordered.softmax(-1))  # (B,)
        return filter_below(logits, ordered.gather(1, kept[:, None] - 1)[:, 0])


def _build(numbers: Numbers) -> Chain:
    return Chain(RepetitionPenalty(), Temperature(numbers.temperature), LikeliestMass(TopP(numbers.top_p)))


SCHEME = Scheme(_build, temperature=0.65, top_p=0.95)
