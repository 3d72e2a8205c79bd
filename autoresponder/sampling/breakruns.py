"""The bot from March 2021 on: runs of the most likely token raise the temperature; then top-p."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from autoresponder.sampling.base import Chain, Numbers, Scheme
from autoresponder.sampling.top_p import TopP


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


def _build(numbers: Numbers) -> Chain:
    return Chain(Breakruns(numbers.temperature, numbers.breakruns_step), TopP(numbers.top_p))


SCHEME = Scheme(
    _build, temperature=1.0, top_p=0.95, info=lambda numbers: {"BREAKRUNS_TAU": numbers.breakruns_step}
)
