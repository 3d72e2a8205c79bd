"""Beginnings of text that were run before, so that the next job of the same thread need not run them.

A thread that is answered again, a candidate that is tried anew under another lease, a comment one
post further down: their prompts begin alike. The least recently used beginning goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from autoresponder.generation.cache_slots import NOTHING, Prefix

LEAST = 16  # a shorter common beginning is not worth the copy


class PromptCache:
    """Keys and values of the ids of past prompts, within a budget of bytes."""

    def __init__(self, budget: int) -> None:
        """``budget`` 0 keeps nothing."""
        self._budget = budget
        self._known: OrderedDict[tuple[int, ...], Prefix] = OrderedDict()
        self.bytes = 0

    def longest(self, ids: Sequence[int]) -> Prefix:
        """The longest known beginning of ``ids``, cut to what they have in common; ``NOTHING`` if short."""
        best = max(self._known, key=lambda known: _common(known, ids), default=())
        length = _common(best, ids)
        if length < min(LEAST, len(ids)):
            return NOTHING
        self._known.move_to_end(best)
        return _cut(self._known[best], length)

    def keep(self, ids: Sequence[int], prefix: Prefix) -> None:
        """Remember a prefix, at the cost of those not asked for the longest."""
        if prefix.bytes > self._budget:
            return
        key = tuple(ids)
        replaced = self._known.pop(key, NOTHING)
        self._known[key] = prefix
        self.bytes += prefix.bytes - replaced.bytes
        while self.bytes > self._budget:
            _, dropped = self._known.popitem(last=False)
            self.bytes -= dropped.bytes


def _common(known: Sequence[int], ids: Sequence[int]) -> int:
    """Number of ids that two rows have in common at their beginning."""
    for place, (one, other) in enumerate(zip(known, ids, strict=False)):
        if one != other:
            return place
    return min(len(known), len(ids))


def _cut(prefix: Prefix, length: int) -> Prefix:
    if length == prefix.length:
        return prefix
    return Prefix(
        tuple((keys[:, :length], values[:, :length]) for keys, values in prefix.blocks),
        length,
        {layer: stream[:length] for layer, stream in prefix.streams.items()},
    )
