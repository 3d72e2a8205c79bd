"""Rows of text that grow together: the network, and the keys and values it has of each row.

Every row owns a slot of one buffer per block and has a length of its own, so rows can begin, end,
and be begun anew at any step. A prompt is run once and its keys and values are copied to every slot
that starts from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache, GPT2LMHeadModel
from transformers.cache_utils import Cache

GROWTH = 128  # buffers grow by steps of so many positions

KeysValues = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Prefix:
    """Keys and values of a run of ids, (H, n, d/H) each, for every block."""

    blocks: tuple[KeysValues, ...]
    length: int


class SlotCache(Cache):
    """Keys and values of all slots, (slots, H, capacity, d/H) each, for every block."""

    def __init__(self, slots: int) -> None:
        super().__init__(layers=[])
        self.slots = slots
        self.lengths = [0] * slots
        self._blocks: list[KeysValues] = []
        self._at = torch.empty(0, dtype=torch.long)  # (B,) where the next token of each row goes

    def aim(self, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Prepare for one token more in each of the first ``rows`` slots.

        Gives the positions (B,) of the new tokens and what they may see (B, 1, 1, positions in use).
        """
        self._at = torch.tensor(self.lengths[:rows], device=device)
        seen = max(self.lengths[:rows]) + 1
        self.lengths[:rows] = [length + 1 for length in self.lengths[:rows]]
        return self._at, (torch.arange(seen, device=device) <= self._at[:, None])[:, None, None]

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_args: object, **_kwargs: object
    ) -> KeysValues:
        """Take one token's keys and values (B, H, 1, d/H) of a block; give the block's (B, H, seen, d/H)."""
        rows = len(self._at)
        seen = max(self.lengths[:rows])
        keys, values = self._room(layer_idx, key_states, seen)
        every = torch.arange(rows, device=self._at.device)
        keys[every, :, self._at] = key_states[:, :, 0]
        values[every, :, self._at] = value_states[:, :, 0]
        return keys[:rows, :, :seen], values[:rows, :, :seen]

    def place(self, slot: int, prefix: Prefix) -> None:
        """Let a slot hold a prefix, whatever it held before."""
        self.lengths[slot] = prefix.length
        for index, (keys, values) in enumerate(prefix.blocks):
            buffers = self._room(index, keys, prefix.length)
            buffers[0][slot, :, : prefix.length] = keys
            buffers[1][slot, :, : prefix.length] = values

    def move(self, source: int, target: int) -> None:
        """Let slot ``target`` hold what slot ``source`` holds."""
        length = self.lengths[target] = self.lengths[source]
        for buffers in self._blocks:
            for buffer in buffers:
                buffer[target, :, :length] = buffer[source, :, :length]

    def _room(self, index: int, like: Tensor, length: int) -> KeysValues:
        """Give a block's buffers with room for ``length`` positions; ``like`` (…, H, n, d/H) is the form."""
        old = self._blocks[index] if index < len(self._blocks) else None
        capacity = 0 if old is None else old[0].shape[2]
        if old is not None and length <= capacity:
            return old
        wanted = -(-length // GROWTH) * GROWTH
        heads, size = like.shape[-3], like.shape[-1]
        keys, values = like.new_zeros(2, self.slots, heads, wanted, size)
        if old is not None:
            keys[:, :, :capacity], values[:, :, :capacity] = old
        self._blocks[index : index + 1] = [(keys, values)]
        return keys, values


class Decoder:
    """A network with ``slots`` rows of text; the first B slots are active, B the number of tokens stepped."""

    def __init__(self, network: GPT2LMHeadModel, slots: int) -> None:
        self.slots = slots
        self.device = network.device
        self._network = network
        self._cache = SlotCache(slots)

    @torch.inference_mode()
    def prefill(self, ids: Sequence[int]) -> Prefix:
        """Run ids once, alone; the result can be placed into any number of slots."""
        if not ids:
            return Prefix((), 0)
        row = torch.tensor([ids], device=self.device)  # (1, n)
        cache = DynamicCache()
        self._network.transformer(
            row, attention_mask=torch.ones_like(row), past_key_values=cache, use_cache=True
        )
        return Prefix(tuple((keys[0], values[0]) for keys, values, _ in cache), len(ids))

    @torch.inference_mode()
    def place(self, slot: int, prefix: Prefix) -> None:
        """Begin a slot with the text of ``prefix``, whatever it held before."""
        self._cache.place(slot, prefix)

    @torch.inference_mode()
    def move(self, source: int, target: int) -> None:
        """Let slot ``target`` hold what slot ``source`` holds."""
        self._cache.move(source, target)

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Tensor:
        """Append one token to each of the first B slots; give the logits (B, V) of what comes next."""
        positions, visible = self._cache.aim(len(tokens), self.device)
        outputs = self._network(
            torch.tensor(tokens, device=self.device)[:, None],
            position_ids=positions[:, None],
            attention_mask=visible,
            past_key_values=self._cache,
            use_cache=True,
        )
        logits: Tensor = outputs.logits[:, -1].float()
        return logits
