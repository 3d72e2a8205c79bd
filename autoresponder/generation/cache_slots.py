"""The memory of rows that grow together: beginnings they share, and what each has added of its own.

Row i lives in slot i. A slot holds a reference to a ``Prefix``, the keys and values of a run of ids
that was made once, and a tail of its own in one buffer per block. Where nothing may be shared
(``share=False``: a captured graph wants one fixed address for everything) a prefix is copied into
the tail instead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

GROWTH = 128  # tails grow by steps of so many positions

KeysValues = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Prefix:
    """Keys and values (H, n, d/H) of a run of ids for every block, and the kept residual streams (n, d)."""

    blocks: tuple[KeysValues, ...]
    length: int
    streams: Mapping[int, Tensor] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        tensors = [*(tensor for pair in self.blocks for tensor in pair), *self.streams.values()]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    def widened(self) -> Prefix:
        """The same keys and values in float64."""
        blocks = tuple((keys.double(), values.double()) for keys, values in self.blocks)
        return Prefix(blocks, self.length, self.streams)


NOTHING = Prefix((), 0)


@dataclass(frozen=True)
class Group:
    """Active rows that share a prefix; ``rows`` indexes the batch."""

    rows: Tensor | slice
    count: int
    prefix: Prefix


class SlotCache:
    """Keys and values of all slots: tails (slots, H, capacity, d/H) for every block, and their prefixes."""

    def __init__(
        self, slots: int, *, share: bool = True, kept: Collection[int] = (), wide: bool = False
    ) -> None:
        """``kept`` are blocks whose residual streams are remembered too, (slots, capacity, d) each.

        ``wide`` keeps keys and values in float64, for attention to be computed in it.
        """
        self.slots = slots
        self.kept = tuple(kept)
        self.share = share
        self.wide = wide
        self.groups: list[Group] = []
        self.shared_span = 0  # positions of the longest prefix among the active rows
        self.prefixes = [NOTHING] * slots
        self.tails = [0] * slots  # tokens in each tail
        self._blocks: dict[int, KeysValues] = {}
        self._streams: dict[int, Tensor] = {}
        self._at = torch.empty(0, dtype=torch.long)  # (B,) where in its tail each row's next token goes
        self._begun: list[int] = []
        self._even: int | None = None  # the same as one number, where all rows' is the same
        self._hidden: dict[int | None, Tensor | None] = {}

    def length(self, slot: int) -> int:
        """Tokens a slot holds."""
        return self.prefixes[slot].length + self.tails[slot]

    def aim(self, rows: int, device: torch.device) -> Tensor:
        """Prepare for one token more in each of the first ``rows`` slots; give their positions (B,)."""
        tails, begun = self.tails[:rows], [prefix.length for prefix in self.prefixes[:rows]]
        self._at = torch.tensor(tails, device=device)
        self._even = tails[0] if len(set(tails)) == 1 else None
        self._begun = begun
        self.groups = _groups(self.prefixes[:rows], device)
        self.shared_span = max(begun)
        self.tails[:rows] = [tail + 1 for tail in tails]
        self._hidden = {}
        return self._at + torch.tensor(begun, device=device)

    def hidden(self, window: int | None = None) -> Tensor | None:
        """What the new tokens may not see, (B, shared + tail positions), ``window`` back or further.

        None where they may see everything.
        """
        if window not in self._hidden:
            self._hidden[window] = self._make_hidden(window)
        return self._hidden[window]

    def _make_hidden(self, window: int | None) -> Tensor | None:
        longest = self.shared_span + int(max(self.tails[: len(self._at)]))
        if window is not None and longest <= window:
            return self.hidden()
        if window is None and self._even is not None and len(set(self._begun)) == 1:
            return None
        begun = torch.tensor(self._begun, device=self._at.device)[:, None]  # (B, 1)
        shared = torch.arange(self.shared_span, device=self._at.device)  # (P,)
        own = torch.arange(max(self.tails[: len(self._at)]), device=self._at.device)  # (S,)
        hidden = torch.cat([shared >= begun, own > self._at[:, None]], dim=1)  # (B, P + S)
        if window is None:
            return hidden
        keys = torch.cat([shared.expand(len(begun), -1), begun + own], dim=1)  # positions (B, P + S)
        return hidden | (begun + self._at[:, None] - keys >= window)

    def append(self, layer: int, key: Tensor, value: Tensor) -> KeysValues:
        """Take one token's keys and values (B, K, D) of a block; give its tails (B, K, S, D)."""
        rows = len(key)
        seen = max(self.tails[:rows])
        keys, values = self._room(layer, key[:, :, None], seen)
        if self._even is not None:
            keys[:rows, :, self._even] = key
            values[:rows, :, self._even] = value
        else:
            every = torch.arange(rows, device=self._at.device)
            keys[every, :, self._at] = key.to(keys.dtype)
            values[every, :, self._at] = value.to(values.dtype)
        return keys[:rows, :, :seen], values[:rows, :, :seen]

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

    def place(self, slot: int, prefix: Prefix) -> None:
        """Let a slot hold a prefix, whatever it held before."""
        if self.share:
            self.prefixes[slot], self.tails[slot] = prefix, 0
            return
        self.tails[slot] = prefix.length
        for index, (keys, values) in enumerate(prefix.blocks):
            buffers = self._room(index, keys, prefix.length)
            buffers[0][slot, :, : prefix.length] = keys
            buffers[1][slot, :, : prefix.length] = values
        for layer, stream in prefix.streams.items():
            self._stream_room(layer, stream, prefix.length)[slot, : prefix.length] = stream

    def move(self, source: int, target: int) -> None:
        """Let slot ``target`` hold what slot ``source`` holds."""
        self.prefixes[target] = self.prefixes[source]
        tail = self.tails[target] = self.tails[source]
        for buffers in self._blocks.values():
            for buffer in buffers:
                buffer[target, :, :tail] = buffer[source, :, :tail]
        for stream in self._streams.values():
            stream[target, :tail] = stream[source, :tail]

    def clear(self, slot: int) -> None:
        """Set all a slot ever held to zero: what is hidden has weight 0, but 0 times NaN is NaN."""
        for buffers in self._blocks.values():
            for buffer in buffers:
                buffer[slot] = 0
        for stream in self._streams.values():
            stream[slot] = 0
        self.prefixes[slot], self.tails[slot] = NOTHING, 0

    def _room(self, index: int, like: Tensor, length: int) -> KeysValues:
        """Give a block's buffers with room for ``length`` positions; ``like`` (…, H, n, d/H) is the form."""
        old = self._blocks.get(index)
        capacity = 0 if old is None else old[0].shape[2]
        if old is not None and length <= capacity:
            return old
        dtype = torch.float64 if self.wide else like.dtype
        shape = (2, self.slots, like.shape[-3], _rounded(length), like.shape[-1])
        keys, values = like.new_zeros(shape, dtype=dtype)
        if old is not None:
            keys[:, :, :capacity], values[:, :, :capacity] = old
        self._blocks[index] = (keys, values)
        return keys, values

    def _stream_room(self, layer: int, like: Tensor, length: int) -> Tensor:
        old = self._streams.get(layer)
        if old is not None and length <= old.shape[1]:
            return old
        stream = like.new_zeros(self.slots, _rounded(length), like.shape[-1])
        if old is not None:
            stream[:, : old.shape[1]] = old
        self._streams[layer] = stream
        return stream


def _rounded(length: int) -> int:
    return -(-length // GROWTH) * GROWTH


def _groups(prefixes: Sequence[Prefix], device: torch.device) -> list[Group]:
    """Group rows by prefix; rows without any are in no group."""
    rows: dict[int, list[int]] = {}
    for row, prefix in enumerate(prefixes):
        if prefix.length:
            rows.setdefault(id(prefix), []).append(row)
    return [
        Group(
            slice(None) if len(own) == len(prefixes) else torch.tensor(own, device=device),
            len(own),
            prefixes[own[0]],
        )
        for own in rows.values()
    ]
