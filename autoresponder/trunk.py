"""The trunk: the generator run only as deep as a head looks, without its final norm and logits."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel
from transformers.masking_utils import create_causal_mask


def run_trunk(model: GPT2LMHeadModel, input_ids: Tensor, layers: Collection[int]) -> dict[int, Tensor]:
    """Give the residual stream (B, T, d) after each block of ``layers`` (0-based).

    ``input_ids`` (B, T) are padded on the right, if at all: attention is causal, so a row's
    activations do not depend on what stands behind them, and no mask is needed. The stream after
    block l is the full model's hidden state number l + 1. Gradients are the caller's business.
    """
    base = model.transformer
    if max(layers) >= len(base.h) or min(layers) < 0:
        raise ValueError(f"blocks {sorted(layers)} asked of a model with {len(base.h)}")
    positions = torch.arange(input_ids.shape[1], device=input_ids.device)[None]  # (1, T)
    hidden = base.drop(base.wte(input_ids) + base.wpe(positions))  # (B, T, d)
    mask = create_causal_mask(
        config=base.config,
        inputs_embeds=hidden,
        attention_mask=None,
        past_key_values=None,
        position_ids=positions,
    )
    kept: dict[int, Tensor] = {}
    for index, block in enumerate(base.h[: max(layers) + 1]):
        hidden = block(hidden, None, mask)
        if index in layers:
            kept[index] = hidden
    return kept
