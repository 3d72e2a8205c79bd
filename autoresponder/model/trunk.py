"""The trunk: a network run only as deep as a head looks, without its final norm and logits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel


@dataclass(frozen=True)
class Reading:
    """What the network has read of a row while writing it: its ids, and the kept streams (n, d)."""

    ids: tuple[int, ...]
    streams: Mapping[int, Tensor]


def blocks_of(network: PreTrainedModel) -> nn.ModuleList:
    """The blocks of any decoder that keeps them in the usual list (``h`` or ``layers``)."""
    base: Any = network.base_model
    blocks: nn.ModuleList = base.h if hasattr(base, "h") else base.layers
    return blocks


def run_trunk(model: PreTrainedModel, input_ids: Tensor, layers: Collection[int]) -> dict[int, Tensor]:
    """Give the residual stream (B, T, d) after each block of ``layers`` (0-based).

    ``input_ids`` (B, T) are padded on the right, if at all: attention is causal, so a row's
    activations do not depend on what stands behind them, and no mask is needed. The stream after
    block l is the full model's hidden state number l + 1. Gradients are the caller's business.
    """
    count = len(blocks_of(model))
    if max(layers) >= count or min(layers) < 0:
        raise ValueError(f"blocks {sorted(layers)} asked of a model with {count}")
    base: Any = model.base_model
    with watching(model, layers, stop_after=max(layers)) as kept, suppress(_DeepEnough):
        base(input_ids, attention_mask=torch.ones_like(input_ids), use_cache=False)
    return kept


class _DeepEnough(Exception):  # noqa: N818 - no error: the way out of a network that need not go on
    """The deepest block that anybody looks at has run."""


@contextmanager
def watching(
    network: PreTrainedModel, layers: Collection[int], *, stop_after: int | None = None
) -> Iterator[dict[int, Tensor]]:
    """Collect the residual streams after ``layers`` of whatever the network is run on meanwhile.

    After block ``stop_after`` the run is ended by an exception, which the caller expects.
    """
    kept: dict[int, Tensor] = {}

    def look(layer: int, output: Tensor | tuple[Tensor, ...]) -> None:
        kept[layer] = output if isinstance(output, Tensor) else output[0]
        if layer == stop_after:
            raise _DeepEnough

    blocks = blocks_of(network)
    handles = [
        blocks[layer].register_forward_hook(lambda _module, _inputs, output, layer=layer: look(layer, output))
        for layer in sorted(layers)
    ]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()
