"""Attention of rows in slots: each row's new token looks at a shared beginning and at its own tail.

The keys of a beginning that thirteen rows share are read once for all of them: their queries go
through one matrix product per head instead of thirteen matrix-vector products. The softmax runs over
both parts together, so the result is that of ordinary attention.

How a sum of floats is rounded depends on the shape of the batch it is computed in. In a network of floats
that is too little to matter; before an int8 layer it can tip an activation from one step to the next, which
is a thousand times as much, and then a text depends on its neighbours. So attention can be computed ``wide``,
in float64, of which only rounded results are seen: here where keys and values are kept in it, and in passes
over whole rows after ``widen``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from autoresponder.generation.cache_slots import SlotCache
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


def attend(
    query: Tensor, key: Tensor, value: Tensor, cache: SlotCache, layer: int, window: int | None
) -> Tensor:
    """Scaled queries (B, H, D) look at all of their rows, whose next keys and values (B, K, D) are taken in.

    K divides H; gives (B, H D).
    """
    keys, values = cache.append(layer, key, value)  # (B, K, S, D)
    rows, kv_heads, own_span, size = keys.shape
    grouped = query.to(keys.dtype).reshape(rows, kv_heads, -1, size)  # (B, K, G, D)
    own = torch.bmm(grouped.flatten(0, 1), keys.flatten(0, 1).transpose(1, 2))  # (B K, G, S)
    scores = _with_shared(grouped, own.view(*grouped.shape[:3], own_span), cache, layer)  # (B, K, G, P + S)
    hidden = cache.hidden(window)
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    if hidden is not None:
        scores = scores.masked_fill(hidden[:, None, None], -torch.inf)
    weights = scores.softmax(dim=-1).to(values.dtype)
    shared = cache.shared_span
    out = torch.bmm(weights[..., shared:].flatten(0, 1), values.flatten(0, 1)).view_as(grouped)
    for group in cache.groups:
        seen = _by_head(weights[group.rows, ..., : group.prefix.length])  # (K, b G, n)
        found = _by_row(torch.bmm(seen, group.prefix.blocks[layer][1]), group.count)
        if group.count == rows:
            out.add_(found)
        else:
            out[group.rows] += found
    return out.view(rows, -1).to(query.dtype)


def _with_shared(grouped: Tensor, own: Tensor, cache: SlotCache, layer: int) -> Tensor:
    """Scores (B, K, G, P + S): those of the prefixes in front of those of the tails (B, K, G, S)."""
    if not cache.groups:
        return own
    if len(cache.groups) == 1 and cache.groups[0].count == len(grouped):
        seen = torch.bmm(_by_head(grouped), cache.groups[0].prefix.blocks[layer][0].transpose(1, 2))
        return torch.cat([_by_row(seen, len(grouped)), own], dim=-1)
    scores = own.new_zeros(*own.shape[:3], cache.shared_span + own.shape[-1])
    scores[..., cache.shared_span :] = own
    for group in cache.groups:
        seen = torch.bmm(_by_head(grouped[group.rows]), group.prefix.blocks[layer][0].transpose(1, 2))
        scores[group.rows, ..., : group.prefix.length] = _by_row(seen, group.count)
    return scores


def _by_head(grouped: Tensor) -> Tensor:
    """Turn (b, K, G, n) into (K, b G, n): all rows' queries of a head side by side."""
    return grouped.transpose(0, 1).flatten(1, 2)


def _by_row(by_head: Tensor, count: int) -> Tensor:
    """Turn (K, b G, n) back into (b, K, G, n)."""
    kv_heads, queries, width = by_head.shape
    return by_head.view(kv_heads, count, queries // count, width).transpose(0, 1)
