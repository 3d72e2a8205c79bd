"""Rows of text that grow together: a network, and the slots in which its rows live.

A prompt is run once; every row that starts from it reads the same keys and values, and adds its own.
Rows can begin, end, and be begun anew at any step.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from autoresponder.generation.cache_slots import NOTHING, Prefix, SharedCache, SlotCache
from autoresponder.generation.prompt_cache import PromptCache
from autoresponder.generation.steps import STEPPERS
from autoresponder.model import cpu_attention, cpu_int8_tiles, cpu_kernels, cpu_tiles
from autoresponder.model.cpu_int8_tiles import TiledInt8Linear
from autoresponder.model.cpu_linear import is_int8, widen
from autoresponder.model.cpu_tiles import TiledLinear
from autoresponder.model.fp32_lm_head import keep_logits_exact
from autoresponder.model.fused import fuse
from autoresponder.model.trunk import watching


class Decoder:
    """A network with ``slots`` rows of text; the first B slots are active, B the number of tokens stepped."""

    def __init__(
        self,
        network: PreTrainedModel,
        slots: int,
        *,
        keep: Collection[int] = (),
        known: PromptCache | None = None,
    ) -> None:
        """``keep`` are blocks whose residual streams are remembered; ``known`` are beginnings run before."""
        if is_int8(network):
            widen(network)
        fuse(network)
        keep_logits_exact(network)
        self._stepper = STEPPERS[network.config.model_type](network, keep)
        self.slots = slots
        self.device = network.device
        self.keep = tuple(keep)
        self._network = network
        self.known_tokens = 0
        """How many of the ids that were prefilled last had been run before."""
        self._known = known if known is not None else PromptCache(0)
        self._cache: SlotCache = SharedCache(slots, self.keep)

    @torch.inference_mode()
    def prefill(self, ids: Sequence[int], *, remember: bool = True) -> Prefix:
        """Run ids once, alone; the result can be placed into any number of slots.

        What is known of their beginning is not run again. ``remember`` is false for ids with which no
        other text will begin.
        """
        if not ids:
            return NOTHING
        past = self._known.longest(ids)
        self.known_tokens = past.length
        if past.length < len(ids):
            past = self._extend(past, ids)
            if _is_sound(past) and remember:
                self._known.keep(ids, past)
        return replace(past)  # what is kept for later does not get the columns that are made of it

    def _extend(self, past: Prefix, ids: Sequence[int]) -> Prefix:
        cache = DynamicCache()
        for index, (keys, values) in enumerate(past.blocks):
            cache.update(keys[None], values[None], index)
        row = torch.tensor([ids], device=self.device)  # (1, n)
        base: Any = self._network.base_model
        with watching(self._network, self.keep) as streams:
            base(
                row[:, past.length :],
                attention_mask=torch.ones_like(row),
                past_key_values=cache,
                use_cache=True,
            )
        return Prefix(
            tuple((keys[0], values[0]) for keys, values, _ in cache),
            len(ids),
            {
                layer: torch.cat([past.streams[layer], new[0]]) if past.length else new[0]
                for layer, new in streams.items()
            },
        )

    def warm_up(self) -> None:
        """Do now what would make the first steps slow."""
        cpu_attention.warm_up()
        cpu_kernels.warm_up()
        if any(isinstance(layer, TiledLinear) for layer in self._network.modules()):
            cpu_tiles.warm_up()
        if any(isinstance(layer, TiledInt8Linear) for layer in self._network.modules()):
            cpu_int8_tiles.warm_up()

    @torch.inference_mode()
    def place(self, slot: int, prefix: Prefix) -> None:
        """Begin a slot with the text of ``prefix``, whatever it held before."""
        self._cache.place(slot, prefix)

    @torch.inference_mode()
    def move(self, source: int, target: int) -> None:
        """Let slot ``target`` hold what slot ``source`` holds."""
        self._cache.move(source, target)

    @torch.inference_mode()
    def clear(self, slot: int) -> None:
        """Wipe a slot whose numbers are not finite, so that nothing of them reaches its next row."""
        self._cache.clear(slot)

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Tensor:
        """Append one token to each of the first B slots; give the logits (B, V) of what comes next."""
        positions = self._cache.aim(len(tokens), self.device)
        self._stepper.reach(max(self._cache.length(slot) for slot in range(len(tokens))))
        return self._stepper.step(torch.tensor(tokens, device=self.device), positions, self._cache)

    def streams(self, slot: int) -> dict[int, Tensor]:
        """The kept residual streams (n, d) of all that a slot holds."""
        return self._cache.streams_of(slot)


def _is_sound(prefix: Prefix) -> bool:
    """Whether a run gave finite numbers; what is not finite anywhere reaches the last block's last place."""
    keys, _ = prefix.blocks[-1]
    return bool(keys[:, -1].isfinite().all())
