"""Decoding on a GPU by captured graphs: one step is one launch instead of some hundred kernels.

A graph replays fixed work at fixed addresses. So everything that changes from step to step is in
buffers that stay where they are, rows are rounded up to one of a few batch sizes, and what a row may
see to a multiple of ``GROWTH`` positions; there is one graph for each pair that has come up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from autoresponder.generation.cache_slots import GROWTH, Form, Prefix, SlotCache, Turn, rounded_up
from autoresponder.generation.decoder import Decoder
from autoresponder.generation.prompt_cache import PromptCache
from autoresponder.model.fused import rotated

BATCHES = (1, 2, 4, 8, 16, 24, 32, 48, 64)
WARM_UP_STEPS = 3  # before a capture, so that every kernel is chosen and loaded


def make_decoder(
    network: PreTrainedModel,
    slots: int,
    *,
    keep: Collection[int] = (),
    known: PromptCache | None = None,
    context: int | None = None,
) -> Decoder:
    """The fastest decoder for where the network is; no row will be longer than ``context`` tokens."""
    if network.device.type == "cuda":
        return GraphDecoder(network, slots, keep=keep, known=known, context=context)
    return Decoder(network, slots, keep=keep, known=known)


def batch_for(rows: int) -> int:
    """The smallest captured batch size that holds so many rows."""
    return next(size for size in BATCHES if size >= rows)


def batches_for(slots: int) -> tuple[int, ...]:
    """All batch sizes that so many slots can come to."""
    return tuple(size for size in BATCHES if size <= batch_for(slots))


def spans_of(capacity: int) -> range:
    """All numbers of positions that rows may be made to see."""
    return range(GROWTH, capacity + 1, GROWTH)


@dataclass(frozen=True)
class _Captured:
    graph: Any
    tokens: Tensor  # (B, 1)
    positions: Tensor  # (B, 1)
    logits: Tensor  # (B, V)


class FixedCache(SlotCache):
    """Slots whose buffers (slots, K, capacity, D) never move: room for the whole context, nothing shared.

    A prefix is copied into the tail, since a captured graph wants one address for everything.
    """

    def __init__(self, slots: int, capacity: int, kept: Collection[int], device: torch.device) -> None:
        super().__init__(slots, kept)
        self.capacity = capacity
        self._seen = GROWTH
        self._at = torch.zeros(slots, dtype=torch.long, device=device)
        self._all_at = self._at
        self._keys = torch.arange(capacity, device=device)
        self._blocks: dict[int, tuple[Tensor, Tensor]] = {}
        self._hidden: dict[int | None, Tensor] = {}

    def steer(self, rows: int, batch: int) -> int:
        """Write where the next tokens go; give the span the graph must have."""
        where = [*self.tails[:rows], *([0] * (batch - rows))]
        self._all_at[:batch].copy_(torch.tensor(where), non_blocking=True)
        self.tails[:rows] = [tail + 1 for tail in self.tails[:rows]]
        return min(self.capacity, rounded_up(max(self.tails[:rows])))

    def shape(self, batch: int, seen: int) -> None:
        """Let the network see so many rows and positions, in a capture."""
        self._at = self._all_at[:batch]
        self._seen = seen
        self._hidden = {}

    def attend(self, layer: int, heads: Tensor, form: Form, turn: Turn | None) -> Tensor:
        """Look at all positions there may be, of which those that are not there yet have no weight."""
        count, (rows, _, size) = (heads.shape[1] - form.queries) // 2, heads.shape
        turned, value = heads[:, :-count], heads[:, -count:]
        if turn is not None:
            turned = rotated(turned, turn[0][:, None], turn[1][:, None])
        keys, values = self._take(layer, turned[:, form.queries :], value)  # (B, K, S, D)
        query = (turned[:, : form.queries] * form.scale).reshape(rows, count, -1, size)  # (B, K, H / K, D)
        scores = (query @ keys.transpose(-1, -2)).float()  # (B, K, H / K, S)
        hidden = self._out_of_sight(form.window)[:, None, None]
        weights = scores.masked_fill(hidden, -torch.inf).softmax(dim=-1).to(values.dtype)
        found: Tensor = weights @ values
        return found.view(rows, -1)

    def _out_of_sight(self, window: int | None) -> Tensor:
        """What the new tokens may not see, (B, S): what is not there, or ``window`` back or further."""
        if window not in self._hidden:
            keys = self._keys[: self._seen]
            hidden = keys > self._at[:, None]
            if window is not None:
                hidden = hidden | (self._at[:, None] - keys >= window)
            self._hidden[window] = hidden
        return self._hidden[window]

    def _take(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Take one token's keys and values (B, K, D) of a block; give those of the rows (B, K, S, D)."""
        rows = len(self._at)
        keys, values = self._room(layer, key)
        every = torch.arange(rows, device=self._at.device)
        keys[every, :, self._at] = key
        values[every, :, self._at] = value
        return keys[:rows, :, : self._seen], values[:rows, :, : self._seen]

    def keep_stream(self, layer: int, hidden: Tensor) -> None:
        """Remember the residual stream (B, d) of the new tokens after a kept block."""
        stream = self._stream_room(layer, hidden, self.capacity)
        stream[torch.arange(len(self._at), device=hidden.device), self._at] = hidden

    def place(self, slot: int, prefix: Prefix) -> None:
        """Let a slot hold a prefix; the buffers take their final size at the first."""
        self.tails[slot] = prefix.length
        for layer, (keys, values) in enumerate(prefix.blocks):
            for buffer, given in zip(self._room(layer, keys[:, 0]), (keys, values), strict=True):
                buffer[slot, :, : prefix.length] = given
        for layer, stream in prefix.streams.items():
            self._stream_room(layer, stream, self.capacity)[slot, : prefix.length] = stream

    def move(self, source: int, target: int) -> None:
        """Let slot ``target`` hold what slot ``source`` holds."""
        super().move(source, target)
        for buffers in self._blocks.values():
            for buffer in buffers:
                buffer[target, :, : self.tails[source]] = buffer[source, :, : self.tails[source]]

    def clear(self, slot: int) -> None:
        """Set all a slot ever held to zero: what is hidden has weight 0, but 0 times NaN is NaN."""
        super().clear(slot)
        for buffers in self._blocks.values():
            for buffer in buffers:
                buffer[slot] = 0

    def _room(self, layer: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """A block's buffers; ``like`` (…, K, D) is the form of one position."""
        if layer not in self._blocks:
            shape = (2, self.slots, like.shape[-2], self.capacity, like.shape[-1])
            keys, values = like.new_zeros(shape)
            self._blocks[layer] = (keys, values)
        return self._blocks[layer]


class GraphDecoder(Decoder):
    """A decoder whose steps are replayed."""

    def __init__(
        self,
        network: PreTrainedModel,
        slots: int,
        *,
        keep: Collection[int] = (),
        known: PromptCache | None = None,
        context: int | None = None,
    ) -> None:
        """Room is made for ``context`` tokens in each slot, by default for all the network can read."""
        super().__init__(network, slots, keep=keep, known=known)
        config: Any = network.config
        capacity = rounded_up(context or config.max_position_embeddings)
        self._cache = self._fixed = FixedCache(batch_for(slots), capacity, self.keep, self.device)
        self._stepper.reach(capacity)
        self._graphs: dict[tuple[int, int], _Captured] = {}
        self._pool: Any = torch.cuda.graph_pool_handle()

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Capture every graph that can be needed; the largest first, whose memory the smaller can use."""
        for batch in reversed(batches_for(self.slots)):
            for seen in reversed(spans_of(self._fixed.capacity)):
                self._graphs[batch, seen] = self._capture(batch, seen)

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Tensor:
        """Append one token to each of the first B slots; give the logits (B, V) of what comes next."""
        rows, batch = len(tokens), batch_for(len(tokens))
        positions = self._fixed.tails[:rows]
        seen = self._fixed.steer(rows, batch)
        captured = self._graphs.get((batch, seen))
        if captured is None:
            captured = self._graphs[batch, seen] = self._capture(batch, seen)
        padding = [0] * (batch - rows)
        captured.tokens[:, 0].copy_(torch.tensor([*tokens, *padding]), non_blocking=True)
        captured.positions[:, 0].copy_(torch.tensor([*positions, *padding]), non_blocking=True)
        captured.graph.replay()
        return captured.logits[:rows]

    def _capture(self, batch: int, seen: int) -> _Captured:
        """Run a step a few times aside, then record it.

        The runs write a token's keys where the replay writes the right ones next, and nowhere else.
        """
        self._fixed.shape(batch, seen)
        tokens = torch.zeros(batch, 1, dtype=torch.long, device=self.device)
        positions = torch.zeros(batch, 1, dtype=torch.long, device=self.device)
        aside: Any = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP_STEPS):
                self._forward(tokens, positions)
        torch.cuda.current_stream(self.device).wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            self._fixed.shape(batch, seen)
            logits = self._forward(tokens, positions)
        return _Captured(graph, tokens, positions, logits)

    def _forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        return self._stepper.step(tokens[:, 0], positions[:, 0], self._fixed)
