"""The slow, obvious way to write: transformers' own `generate`, with our samplers as its processors.

It keeps no state of ours, shares no beginning between rows, refills nothing, and draws with random numbers of
its own. So its texts are others than ours, but in the long run they must be distributed alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList, PreTrainedModel

from autoresponder.sampling.base import Sampler


class Processed(LogitsProcessor):
    """A sampler as `generate` wants one: it is shown each row's ids and the network's next scores (B, V)."""

    def __init__(self, sampler: Sampler, targets: Tensor) -> None:
        self._sampler = sampler
        self._state = sampler.begin(targets)
        self._before: Tensor | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        if self._before is not None:
            self._state = self._sampler.observe(input_ids[:, -1], self._before, self._state)
        self._before = scores.clone()
        return self._sampler.step(scores, self._state)


def write_slowly(
    network: PreTrainedModel, prompt: Sequence[int], new: int, sampler: Sampler, targets: Sequence[float]
) -> list[tuple[int, ...]]:
    """Continuations of ``new`` tokens, one for each target surprisal."""
    call: Any = network
    row = torch.tensor([list(prompt)])
    ids: Tensor = call.generate(
        row,
        attention_mask=torch.ones_like(row),
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        num_return_sequences=len(targets),
        logits_processor=LogitsProcessorList([Processed(sampler, torch.tensor(list(targets)))]),
        max_new_tokens=new,
        eos_token_id=[],
        pad_token_id=0,
    )
    return [tuple(continuation) for continuation in ids[:, len(prompt) :].tolist()]
