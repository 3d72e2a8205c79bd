"""Attention over whole rows in float64.

How a sum of floats is rounded depends on the shape of the batch it is computed in. In a network of floats
that is too little to matter; before an int8 layer it can tip an activation from one step to the next, which
is a thousand times as much, and then a text depends on its neighbours. So passes over whole rows compute
attention in float64, of which only rounded results are seen. In steps each row is computed by itself
(``autoresponder.model.cpu_kernels``).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from autoresponder.model.fused import FusedAttention

WIDE = "sdpa in float64"


def widen(network: PreTrainedModel) -> None:
    """Compute a network's attention over whole rows in float64; GPT-Neo's and GPT-J's own stays as it is."""
    config: Any = network.config
    if config._attn_implementation == "sdpa":
        AttentionInterface.register(WIDE, _attend_widely)
        AttentionMaskInterface.register(WIDE, sdpa_mask)
        config._attn_implementation = WIDE
    for module in network.modules():
        if isinstance(module, FusedAttention):
            module.wide = True


def _attend_widely(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **named: Any
) -> tuple[Tensor, None]:
    """Attention as transformers looks it up: gives (B, T, H, D)."""
    found, _ = sdpa_attention_forward(module, query.double(), key.double(), value.double(), *rest, **named)
    return found.to(query.dtype), None
