"""Compiled attention is attention, to the last bit the same whatever stands beside it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autoresponder.model.cpu_attention import KeysValues, attend, laid_out
from autoresponder.model.cpu_kernels import Array, threads
from autoresponder.model.fused import rotated

CAPACITY = 128


@dataclass(frozen=True)
class Given:
    """Rows that share a prefix of n positions and have tails of their own."""

    heads: Array  # (B, H + 2K, D)
    turn: tuple[Array, Array]  # (B, D) or (B, 0)
    queries: int
    prefix: tuple[Array, Array]  # (K, D, n)
    tails: tuple[Array, Array]  # (B, K, D, capacity)
    at: Any  # (B,)
    window: int | None

    def seen(self, rows: Sequence[int] | None = None, *, in_threads: bool = False) -> Array:
        """What all rows see, or some alone."""
        own = np.array(range(len(self.heads)) if rows is None else rows)
        out = np.zeros((len(self.heads), self.queries, self.heads.shape[2]), np.float32)
        attend(
            self.heads,
            self.turn,
            0.3,
            self.window,
            own,
            self.at,
            in_blocks(*self.prefix),
            in_blocks(*self.tails),
            out,
            in_threads=in_threads,
        )
        return out

    def expected(self) -> torch.Tensor:
        """The same by PyTorch, in float64 and row by row."""
        heads, count = torch.from_numpy(self.heads).double(), len(self.prefix[0])
        turned = heads[:, :-count]
        if self.turn[0].shape[1]:
            cos, sin = (torch.from_numpy(table).double()[:, None] for table in self.turn)
            turned = rotated(turned, cos, sin)
        turned = turned.contiguous()
        query, key, value = turned[:, : self.queries], turned[:, self.queries :], heads[:, -count:]
        found = []
        for row, place in enumerate(self.at):
            keys, values = (
                torch.cat(
                    [
                        torch.from_numpy(shared),
                        torch.from_numpy(own[row, :, :, :place]),
                        new[row, :, :, None],
                    ],
                    dim=-1,
                ).double()
                for shared, own, new in zip(self.prefix, self.tails, (key, value), strict=True)
            )
            if self.window is not None:
                keys, values = keys[..., -self.window :], values[..., -self.window :]
            grouped = query[row].view(count, -1, query.shape[2]) * 0.3  # (K, H / K, D)
            weights = (grouped @ keys).softmax(-1)
            found.append((weights @ values.transpose(1, 2)).flatten(0, 1))
        return torch.stack(found)


def in_blocks(keys: Array, values: Array) -> KeysValues:
    """Keys and values (…, D, n) as attention takes them."""
    *shape, size, count = keys.shape
    made = laid_out(*(both.reshape(math.prod(shape), size, count).swapaxes(1, 2) for both in (keys, values)))
    return made[0].reshape(*shape, *made[0].shape[1:]), made[1].reshape(*shape, *made[1].shape[1:])


@st.composite
def some_rows(draw: st.DrawFn) -> Given:
    chance = np.random.default_rng(draw(st.integers(0, 1000)))
    rows, keys, group = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    turns = draw(st.booleans())
    size = 2 * draw(st.integers(1, 12)) if turns else draw(st.integers(1, 20))
    length = draw(st.sampled_from([0, 1, 7, 40, 101]))

    def numbers(*shape: int) -> Array:
        return chance.standard_normal(shape).astype(np.float32)

    return Given(
        heads=numbers(rows, keys * (group + 2), size),
        turn=(numbers(rows, size * turns), numbers(rows, size * turns)),
        queries=keys * group,
        prefix=(numbers(keys, size, length), numbers(keys, size, length)),
        tails=(numbers(rows, keys, size, CAPACITY), numbers(rows, keys, size, CAPACITY)),
        at=chance.integers(0, CAPACITY, rows),
        window=draw(st.sampled_from([None, 1, 5, 60, 1000])),
    )


@settings(max_examples=60, deadline=None)
@given(some_rows())
def test_attention_is_that_of_pytorch_in_float64(given_: Given) -> None:
    seen = given_.seen()
    torch.testing.assert_close(torch.from_numpy(seen).double(), given_.expected(), atol=2e-5, rtol=2e-5)
    assert np.array_equal(given_.seen(in_threads=threads() > 1), seen)


@settings(max_examples=60, deadline=None)
@given(some_rows(), st.randoms(use_true_random=False))
def test_a_row_sees_the_same_to_the_last_bit_alone_and_in_any_company(given_: Given, chance: Any) -> None:
    seen = given_.seen()
    order = list(range(len(seen)))
    chance.shuffle(order)
    assert np.array_equal(given_.seen(order), seen)
    for row in order:
        assert np.array_equal(given_.seen([row])[row], seen[row])


def wide_rows() -> Given:
    """Long enough for the widest vector instructions, and for what is left over behind them."""
    chance = np.random.default_rng(1)

    def numbers(*shape: int) -> Array:
        return chance.standard_normal(shape).astype(np.float32)

    prefix, tails = (
        (numbers(3, 64, 333), numbers(3, 64, 333)),
        (numbers(7, 3, 64, 128), numbers(7, 3, 64, 128)),
    )
    turn = numbers(7, 64), numbers(7, 64)
    return Given(numbers(7, 15, 64), turn, 9, prefix, tails, np.array([5, 0, 77, 127, 16, 31, 5]), None)


def test_rows_of_a_real_size_see_the_same_in_any_company() -> None:
    given_ = wide_rows()
    seen = given_.seen(in_threads=threads() > 1)
    torch.testing.assert_close(torch.from_numpy(seen).double(), given_.expected(), atol=2e-5, rtol=2e-5)
    for rows in ([4], [6, 1, 4], [4, 3], [2, 0, 4]):
        assert np.array_equal(given_.seen(rows)[4], seen[4])


@pytest.mark.parametrize(("what", "head"), [(np.nan, 10), (np.nan, 13), (np.inf, 13)])
def test_what_is_not_finite_stays_in_its_row_and_is_not_passed_over(what: float, head: int) -> None:
    """In the key or the value of the second of three key heads."""
    given_ = wide_rows()
    heads = given_.heads.copy()
    heads[2, head, 3] = what
    seen = replace(given_, heads=heads).seen()
    assert not np.isfinite(seen[2, 3:6]).all(axis=1).any()
    assert np.isfinite(np.delete(seen, 2, axis=0)).all()


def test_what_an_earlier_row_left_behind_is_not_read() -> None:
    given_ = wide_rows()
    for buffer in given_.tails:
        for row, place in enumerate(given_.at):
            buffer[row, :, :, place:] = np.nan
    assert np.isfinite(given_.seen()).all()


SHOWN = """
import numpy as np
from autoresponder.model.cpu_attention import attend
numbers = np.random.default_rng(1).standard_normal
shapes = (3, 15, 64), (3, 64)
heads, turn = ([numbers(shape).astype(np.float32) for _ in range(2)] for shape in shapes)
prefix = numbers((3, 11, 64, 32)).astype(np.float32), numbers((3, 2, 333, 32)).astype(np.float32)
tails = numbers((3, 3, 4, 64, 32)).astype(np.float32), numbers((3, 3, 2, 128, 32)).astype(np.float32)
rows, at, out = np.arange(3), np.array([5, 77, 31]), np.zeros((3, 9, 64), np.float32)
attend(heads[0], tuple(turn), 0.3, None, rows, at, prefix, tails, out, in_threads=False)
print(out.tobytes().hex())

import torch
from autoresponder.model.cpu_int8_tiles import SUPPORTED, TiledInt8Linear
from autoresponder.model.cpu_tiles import GATED, NORMED, TiledLinear
x, weight, bias = (torch.from_numpy(numbers(shape)).float() for shape in ((14, 100), (40, 100), 40))
for kind in (TiledLinear, TiledInt8Linear) if SUPPORTED else (TiledLinear,):
    print(kind(weight, bias)(x).numpy().tobytes().hex())
    print(kind(weight, bias).multiply(x.numpy(), NORMED, (x[1].numpy(), 1e-5)).tobytes().hex())
    print(kind(weight[:, :50].contiguous(), bias).multiply(x.numpy(), GATED).tobytes().hex())
"""


def test_one_that_compiles_and_one_that_loads_what_was_compiled_agree_to_the_last_bit(tmp_path: Path) -> None:
    def shown() -> str:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-c", SHOWN]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    compiled = shown()
    assert list(tmp_path.rglob("*.nbc"))
    assert shown() == compiled
