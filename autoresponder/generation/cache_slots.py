"""The memory of rows that grow together: beginnings they share, and what each has added of its own.

Row i lives in slot i. A slot holds a reference to a ``Prefix``, the keys and values of a run of ids
that was made once, and a tail of its own. How keys and values are kept and looked at differs between a CPU
(``SharedCache``) and a GPU (``FixedCache`` in ``graphs``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from autoresponder.model.cpu_attention import Indices, KeysValues, attend, laid_out, room
from autoresponder.model.cpu_kernels import threads
from autoresponder.model.cpu_tiles import OUTPUTS

GROWTH = 128  # tails grow by steps of so many positions
WORTH_THREADS = 1 << 17
"""Products that threads share; fewer take a few microseconds alone."""

Turn = tuple[Tensor, Tensor]
"""Cosines and signed sines (B, D) of the angles by which the rows' new queries and keys are rotated."""


@dataclass(frozen=True)
class Prefix:
    """Keys and values (K, n, D) of a run of ids for every block, and the kept residual streams (n, d)."""

    blocks: tuple[tuple[Tensor, Tensor], ...]
    length: int
    streams: Mapping[int, Tensor] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        tensors = [*(tensor for pair in self.blocks for tensor in pair), *self.streams.values()]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    @cached_property
    def columns(self) -> tuple[KeysValues, ...]:
        """Keys and values for every block as a CPU takes them, made when they are first asked for."""
        return tuple(laid_out(keys.float().numpy(), values.float().numpy()) for keys, values in self.blocks)


NOTHING = Prefix((), 0)


@dataclass(frozen=True)
class Form:
    """What the attention of a block is like: H queries, their scale, and how far back they see."""

    queries: int
    scale: float
    window: int | None = None


class SlotCache(ABC):
    """What all slots hold: their prefixes, the lengths of their tails, and kept residual streams."""

    def __init__(self, slots: int, kept: Collection[int] = ()) -> None:
        """``kept`` are blocks whose residual streams are remembered too, (slots, capacity, d) each."""
        self.slots = slots
        self.kept = tuple(kept)
        self.prefixes = [NOTHING] * slots
        self.tails = [0] * slots  # tokens in each tail
        self._streams: dict[int, Tensor] = {}
        self._at = torch.empty(0, dtype=torch.long)  # (B,) where in its tail each row's next token goes

    @abstractmethod
    def attend(self, layer: int, heads: Tensor, form: Form, turn: Turn | None) -> Tensor:
        """Let the rows' new tokens look at all of their rows, and take their keys and values in.

        ``heads`` (B, H + 2K, D) are queries, keys and values, K divides H; gives (B, H D). With ``turn``
        queries and keys are rotated first.
        """

    @abstractmethod
    def place(self, slot: int, prefix: Prefix) -> None:
        """Let a slot hold a prefix, whatever it held before."""

    def length(self, slot: int) -> int:
        """Tokens a slot holds."""
        return self.prefixes[slot].length + self.tails[slot]

    def aim(self, rows: int, device: torch.device) -> Tensor:
        """Prepare for one token more in each of the first ``rows`` slots; give their positions (B,)."""
        self._at = torch.tensor(self.tails[:rows], device=device)
        begun = torch.tensor([prefix.length for prefix in self.prefixes[:rows]], device=device)
        self.tails[:rows] = [tail + 1 for tail in self.tails[:rows]]
        return self._at + begun

    def keep_stream(self, layer: int, hidden: Tensor) -> None:
        """Remember the residual stream (B, d) of the new tokens after a kept block."""
        rows = len(self._at)
        stream = self._stream_room(layer, hidden, max(self.tails[:rows]))
        stream[torch.arange(rows, device=hidden.device), self._at] = hidden

    def streams_of(self, slot: int) -> dict[int, Tensor]:
        """The kept residual streams (n, d) of everything a slot holds."""
        prefix, tail = self.prefixes[slot], self.tails[slot]
        return {
            layer: torch.cat([prefix.streams[layer], self._streams[layer][slot, :tail]])
            if prefix.length
            else self._streams[layer][slot, :tail].clone()
            for layer in self.kept
        }

    def move(self, source: int, target: int) -> None:
        """Let slot ``target`` hold what slot ``source`` holds."""
        self.prefixes[target] = self.prefixes[source]
        tail = self.tails[target] = self.tails[source]
        for stream in self._streams.values():
            stream[target, :tail] = stream[source, :tail]

    def clear(self, slot: int) -> None:
        """Forget all a slot ever held, so that nothing of it reaches its next row."""
        for stream in self._streams.values():
            stream[slot] = 0
        self.prefixes[slot], self.tails[slot] = NOTHING, 0

    def _stream_room(self, layer: int, like: Tensor, length: int) -> Tensor:
        old = self._streams.get(layer)
        if old is not None and length <= old.shape[1]:
            return old
        stream = like.new_zeros(self.slots, rounded_up(length), like.shape[-1])
        if old is not None:
            stream[:, : old.shape[1]] = old
        self._streams[layer] = stream
        return stream


@dataclass(frozen=True)
class _Group:
    """Active rows that share a prefix, and the positions that all of them together see."""

    rows: Indices
    prefix: Prefix
    positions: int


class SharedCache(SlotCache):
    """Slots on a CPU: tails for every block; a shared prefix is there once."""

    def __init__(self, slots: int, kept: Collection[int] = ()) -> None:
        super().__init__(slots, kept)
        self._blocks: dict[int, KeysValues] = {}
        self._groups: list[_Group] = []
        self._threads = 1
        self._places: Indices = np.empty(0, np.int64)

    def place(self, slot: int, prefix: Prefix) -> None:
        """Let a slot hold a prefix, whatever it held before."""
        self.prefixes[slot], self.tails[slot] = prefix, 0

    def aim(self, rows: int, device: torch.device) -> Tensor:
        """Prepare for one token more in each of the first ``rows`` slots; give their positions (B,)."""
        positions = super().aim(rows, device)
        self._places = self._at.numpy()
        members: dict[int, list[int]] = {}
        for row, prefix in enumerate(self.prefixes[:rows]):
            members.setdefault(id(prefix), []).append(row)
        self._threads = threads()
        self._groups = [
            _Group(np.array(own), self.prefixes[own[0]], sum(self.length(row) for row in own))
            for own in members.values()
        ]
        return positions

    def attend(self, layer: int, heads: Tensor, form: Form, turn: Turn | None) -> Tensor:
        """Look at prefixes and tails in place; everything is float32."""
        given = heads.float().numpy()
        rows, count, size = given.shape
        tails = self._room(layer, (count - form.queries) // 2, size, max(self.tails[:rows]))
        none = np.empty((rows, 0), np.float32)
        angles = (none, none) if turn is None else (turn[0].float().numpy(), turn[1].float().numpy())
        out = np.empty((rows, form.queries, size), np.float32)
        for group in self._groups:
            shared = (
                group.prefix.columns[layer] if group.prefix.length else room(tails[0].shape[1:2], 0, size)
            )
            attend(
                given,
                angles,
                form.scale,
                form.window,
                group.rows,
                self._places,
                shared,
                tails,
                out,
                in_threads=self._threads > 1 and group.positions * form.queries * size > WORTH_THREADS,
            )
        return torch.from_numpy(out).view(rows, -1).to(heads.dtype)

    def move(self, source: int, target: int) -> None:
        """Let slot ``target`` hold what slot ``source`` holds."""
        super().move(source, target)
        tail = self.tails[source]
        blocks = -(-tail // OUTPUTS)
        for keys, values in self._blocks.values():
            keys[target, :, :blocks] = keys[source, :, :blocks]
            values[target, :, :, :tail] = values[source, :, :, :tail]

    def _room(self, layer: int, count: int, size: int, length: int) -> KeysValues:
        """A block's tails, with room for ``length`` positions."""
        old = self._blocks.get(layer)
        if old is not None and length <= old[1].shape[3]:
            return old
        made = room((self.slots, count), rounded_up(length), size)
        if old is not None:
            made[0][:, :, : old[0].shape[2]] = old[0]
            made[1][:, :, :, : old[1].shape[3]] = old[1]
        self._blocks[layer] = made
        return made


def rounded_up(length: int) -> int:
    """The next multiple of ``GROWTH``."""
    return -(-length // GROWTH) * GROWTH
