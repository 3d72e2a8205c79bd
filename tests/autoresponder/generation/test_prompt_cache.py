"""Known beginnings: found by their longest common part, forgotten by age within a budget."""

from __future__ import annotations

import pytest
import torch

from autoresponder.generation.cache_slots import NOTHING, Prefix
from autoresponder.generation.prompt_cache import PromptCache


def prefix_of(length: int) -> Prefix:
    """A prefix of 8 bytes for each id, and as many for its one stream."""
    keys = torch.arange(length, dtype=torch.float32).view(1, length, 1)
    return Prefix(((keys, keys),), length, {0: keys[0].expand(length, 2).contiguous()})


def ids(length: int, first: int = 0) -> list[int]:
    return [first, *range(1, length)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (ids(40), 30),
        (ids(30), 30),
        (ids(20), 20),
        ([*ids(18), 99, 98], 18),
        ([*ids(10), 99], 0),
        (ids(40, first=7), 0),
    ],
    ids=["goes on", "the same", "shorter", "parts", "parts too soon", "another"],
)
def test_the_longest_common_beginning_is_found(asked: list[int], found: int) -> None:
    cache = PromptCache(10**6)
    cache.keep(ids(30), prefix_of(30))
    known = cache.longest(asked)
    assert known.length == found
    assert all(keys.shape[1] == found for keys, _ in known.blocks)
    assert all(len(stream) == found for stream in known.streams.values())


def test_an_empty_cache_knows_nothing() -> None:
    assert PromptCache(100).longest(ids(50)) is NOTHING


def test_the_least_recently_used_goes_first() -> None:
    cache = PromptCache(2 * prefix_of(30).bytes)
    for first in (1, 2):
        cache.keep(ids(30, first), prefix_of(30))
    assert cache.longest(ids(30, 1)).length == 30
    cache.keep(ids(30, 3), prefix_of(30))
    assert [cache.longest(ids(30, first)).length for first in (1, 2, 3)] == [30, 0, 30]
    assert cache.bytes == 2 * prefix_of(30).bytes


def test_what_does_not_fit_is_not_kept_and_nothing_counts_twice() -> None:
    cache = PromptCache(prefix_of(30).bytes)
    cache.keep(ids(31), prefix_of(31))
    assert cache.bytes == 0
    for _ in range(3):
        cache.keep(ids(30), prefix_of(30))
    assert cache.bytes == prefix_of(30).bytes
