"""The bot of 2020: draw from the middle of the probability mass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from pydantic import JsonValue
from torch import Tensor

from autoresponder.sampling.base import (
    FILTERED,
    Chain,
    Numbers,
    Scheme,
    Stateless,
    Temperature,
    largest,
)


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
        ordered = largest(logits, logits.shape[1])  # (B, V)
        p = ordered.softmax(-1)
        before = p.cumsum(-1) - p  # mass of all larger ones
        behind = 1 - before - p  # mass of all smaller ones
        least = ordered.masked_fill(before >= 1 - self.chop_lowest, torch.inf).amin(-1, keepdim=True)
        most = ordered.masked_fill(behind >= 1 - self.chop_highest, -torch.inf).amax(-1, keepdim=True)
        nothing, top = most < least, ordered[:, :1]
        least, most = torch.where(nothing, top, least), torch.where(nothing, top, most)
        return torch.where((logits >= least) & (logits <= most), logits, FILTERED)


def _build(numbers: Numbers) -> Chain:
    return Chain(Temperature(numbers.temperature), MiddleP.retaining(numbers.top_p))


def _info(numbers: Numbers) -> Mapping[str, JsonValue]:
    chopped = (1 - numbers.top_p) / 2
    return {"p": 0.0, "chop_lowest": chopped, "chop_highest": chopped}


SCHEME = Scheme(_build, temperature=0.95, top_p=0.85, info=_info)
