"""Attention of rows in slots: each row's new token looks at a shared beginning and at its own tail.

The keys of a beginning that thirteen rows share are read once for all of them: their queries go
through one matrix product per head instead of thirteen matrix-vector products. The softmax runs over
both parts together, so the result is that of ordinary attention. It takes over from a network's own
attention only within ``attending``; prefill and training run as they always do.

How a sum of floats is rounded depends on the shape of the batch it is computed in. In a network of floats
that is too little to matter; before an int8 layer it can tip an activation from one step to the next, which
is a thousand times as much, and then a text depends on its neighbours. So attention can be computed ``wide``,
in float64, of which only rounded results are seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from autoresponder.generation.cache_slots import SlotCache

NAME = "slots"
WIDE_NAME = "slots in float64"
_attending: ContextVar[SlotCache | None] = ContextVar("attending", default=None)


@contextmanager
def attending(cache: SlotCache) -> Iterator[None]:
    """Let the network's attention read from ``cache`` for as long as the context lasts."""
    token = _attending.set(cache)
    try:
        yield
    finally:
        _attending.reset(token)


def take_over(network: PreTrainedModel, *, wide: bool = False) -> None:
    """Make a network's attention able to read from slots; what it computes otherwise stays the same.

    ``wide`` computes it in float64 (but for what GPT-Neo and GPT-J compute by themselves).

    GPT-2 and Llama-class networks look their attention function up by name; GPT-Neo (unscaled, every
    second block with a local window) and GPT-J carry theirs as a method, which is wrapped.
    """
    config: Any = network.config
    if config.model_type in ("gpt_neo", "gptj"):
        module: Any
        for module in network.modules():
            if hasattr(module, "_attn") and not isinstance(module._attn, partial):
                module._attn = partial(_attend_method, module, module._attn)
        return
    if config._attn_implementation == "sdpa":
        name = WIDE_NAME if wide else NAME
        AttentionInterface.register(name, partial(_attend_function, wide=wide))
        AttentionMaskInterface.register(name, sdpa_mask)
        config._attn_implementation = name
    elif config._attn_implementation not in (NAME, WIDE_NAME):
        raise ValueError(f"a network with {config._attn_implementation} attention cannot read from slots")


def _attend_function(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    wide: bool = False,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attention as transformers looks it up: gives (B, 1, H, d/H)."""
    cache = _attending.get()
    if cache is None:
        q, k, v = (x.double() if wide else x for x in (query, key, value))
        found, _ = sdpa_attention_forward(module, q, k, v, attention_mask, scaling=scaling, **kwargs)
        return found.to(query.dtype), None
    layer: Any = module.layer_idx
    window = getattr(module, "sliding_window", None)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return attend(query * scale, key, value, cache, layer, window).transpose(1, 2), None


def _attend_method(
    module: Any,
    plain: Callable[..., tuple[Tensor, Tensor]],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Attention as GPT-Neo and GPT-J carry it: gives (B, H, 1, d/H)."""
    cache = _attending.get()
    if cache is None:
        return plain(query, key, value, attention_mask)
    if hasattr(module, "attention_type"):  # GPT-Neo
        window = module.config.window_size if module.attention_type == "local" else None
        return attend(query, key, value, cache, module.layer_id, window), None
    return attend(query / module.scale_attn, key, value, cache, module.layer_idx, None), None


def attend(
    query: Tensor, keys: Tensor, values: Tensor, cache: SlotCache, layer: int, window: int | None
) -> Tensor:
    """Scaled queries (B, H, 1, d/H) look at tails (B, K, S, d/H) and prefixes; K divides H."""
    rows, heads, _, size = query.shape
    kv_heads = keys.shape[1]
    grouped = query.to(keys.dtype).view(rows, kv_heads, heads // kv_heads, size)  # (B, K, G, d/H)
    shared = cache.shared_span
    scores = grouped.new_zeros(*grouped.shape[:3], shared + keys.shape[2])  # (B, K, G, P + S)
    scores[..., shared:] = grouped @ keys.transpose(-1, -2)
    for group in cache.groups:
        own = _by_head(grouped[group.rows])  # (K, b G, d/H)
        seen = own @ group.prefix.blocks[layer][0].transpose(-1, -2)  # (K, b G, n)
        scores[group.rows, ..., : group.prefix.length] = _by_row(seen, group.count)
    hidden = ~cache.visible(window)[:, None, None]
    exact = torch.promote_types(scores.dtype, torch.float32)
    weights = scores.to(exact).masked_fill_(hidden, -torch.inf).softmax(dim=-1).to(values.dtype)
    out = weights[..., shared:] @ values  # (B, K, G, d/H)
    for group in cache.groups:
        own = _by_head(weights[group.rows, ..., : group.prefix.length])
        out[group.rows] += _by_row(own @ group.prefix.blocks[layer][1], group.count)
    return out.view(rows, heads, 1, size).to(query.dtype)


def _by_head(grouped: Tensor) -> Tensor:
    """Turn (b, K, G, n) into (K, b G, n): all rows' queries of a head side by side."""
    return grouped.transpose(0, 1).flatten(1, 2)


def _by_row(by_head: Tensor, count: int) -> Tensor:
    """Turn (K, b G, n) back into (b, K, G, n)."""
    kv_heads, queries, width = by_head.shape
    return by_head.view(kv_heads, count, queries // count, width).transpose(0, 1)
