"""Logits in float32 behind a network in a shorter number format.

The logits of a trained network can lie far from 0 (GPT-2's at about -100), where neighbouring numbers of
bfloat16 are half a unit apart. Rounded to those, tokens become equally likely that are not, and others lose
or gain a third. So the last layer keeps its weights' values, but multiplies in float32.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

SHORT = (torch.bfloat16, torch.float16)


class ExactLogits(nn.Module):
    """A last layer (d to V) of its own, in float32, also where it shared its weights with the embedding."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = copy.deepcopy(layer).float()

    def forward(self, hidden: Tensor) -> Tensor:
        """Map the hidden state (…, d) of any format to logits (…, V) in float32."""
        logits: Tensor = self.layer(hidden.float())
        return logits


def keep_logits_exact(network: PreTrainedModel) -> None:
    """Let a network in bfloat16 or float16 give float32 logits; one in float32 or int8 stays as it is."""
    changeable: Any = network
    last = changeable.get_output_embeddings()
    if isinstance(last, nn.Linear) and last.weight.dtype in SHORT:
        changeable.set_output_embeddings(ExactLogits(last))
