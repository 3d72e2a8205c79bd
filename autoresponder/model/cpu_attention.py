"""Attention of a step on a CPU, compiled by Numba, over keys and values in the order in which they are read.

Both products, of queries with keys and of weights with values, are made in tiles (``cpu_tiles``). Every
result is computed by one thread in one order, so what a row sees does not depend, to the last bit, on the
rows beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from autoresponder.model.cpu_kernels import Array, compiled, exp, inlined, linked, threads
from autoresponder.model.cpu_tiles import OUTPUTS, TALLEST, multiply

Indices = NDArray[np.int64]
Turn = tuple[Array, Array]
KeysValues = tuple[Array, Array]
"""Keys (…, K, n / 32, D, 32) and values (…, K, D / 32, n, 32) of n positions: blocks that are read in one go.

n of the keys and D of the values are rounded up to a multiple of 32.
"""
ENDLESS = 1 << 62  # the window of those who see everything

_F32 = np.float32
_ROW, _BEGIN, _TAIL_BEGIN, _TAIL_END = range(4)
"""What is known of a query: its row, and which positions of the prefix and of the tail it sees."""


def room(shape: Sequence[int], positions: int, size: int) -> KeysValues:
    """Room for so many keys and values of a size, for each of some rows and key heads (``shape``)."""
    keys = np.zeros((*shape, -(-positions // OUTPUTS), size, OUTPUTS), np.float32)
    return keys, np.zeros((*shape, -(-size // OUTPUTS), positions, OUTPUTS), np.float32)


def laid_out(keys: Array, values: Array) -> KeysValues:
    """Keys and values (K, n, D) as attention takes them."""
    count, positions, size = keys.shape
    made = room((count,), positions, size)
    long = np.zeros((count, made[0].shape[1] * OUTPUTS, size), np.float32)
    wide = np.zeros((count, positions, made[1].shape[1] * OUTPUTS), np.float32)
    long[:, :positions], wide[:, :, :size] = keys, values
    made[0][:] = long.reshape(count, made[0].shape[1], OUTPUTS, size).swapaxes(2, 3)
    made[1][:] = wide.reshape(count, positions, made[1].shape[1], OUTPUTS).swapaxes(1, 2)
    return made


@inlined()
def _softmax(scores: Array) -> np.float32:
    """Turn scores into weights in place; give their sum, by which the result is to be divided."""
    top = scores[0]
    for j in range(len(scores)):
        top = max(top, scores[j])
    mass = _F32(0)
    for j in range(len(scores)):
        weight = exp(scores[j] - top)
        scores[j] = weight
        mass += weight
    return mass


@inlined()
def _turn(out: Array, head: Array, cos: Array, sin: Array, scale: np.float32) -> None:
    """A head (D,) rotated as ``fused.rotated`` does it, and scaled; without angles (0,) only scaled."""
    if len(cos) == 0:
        for d in range(len(head)):
            out[d] = head[d] * scale
        return
    half = len(head) // 2
    for d in range(half):
        out[d] = (head[d] * cos[d] + head[d + half] * sin[d]) * scale
        out[d + half] = (head[d + half] * cos[d + half] + head[d] * sin[d + half]) * scale


def attend(
    heads: Array,
    turn: Turn,
    scale: float,
    window: int | None,
    rows: Indices,
    at: Indices,
    prefix: KeysValues,
    tails: KeysValues,
    out: Array,
    *,
    in_threads: bool,
) -> None:
    """Attention of one new token in each of ``rows``, which begin with the same prefix.

    ``heads`` (B, H + 2K, D) are the new queries, keys and values of all rows; ``turn`` are cosines and signed
    sines (B, D) for the rotary embedding of queries and keys, or (B, 0) for none. Queries are scaled, and see
    the last ``window`` positions, the new one counted. The tails (slots, …) get the new keys and values
    at ``at`` (B,). ``out`` (B, H, D) gets what is seen.
    """
    function = _attend_in_threads if in_threads else _attend_alone
    function(heads, out, turn, _F32(scale), window or ENDLESS, rows, at, prefix, tails)


def warm_up() -> None:
    """Compile what a step needs, or load it."""
    heads = np.zeros((1, 3, 4), np.float32)
    nothing, first = np.zeros((1, 0), np.float32), np.zeros(1, np.int64)
    for in_threads in (False, True) if threads() > 1 else (False,):
        past, out = room((1,), 1, 4), heads[:, :1].copy()
        tails = room((1, 1), 1, 4)
        attend(heads, (nothing, nothing), 1.0, None, first, first, past, tails, out, in_threads=in_threads)


@inlined()
def _sight(length: int, place: int, window: int) -> tuple[int, int]:
    """The first positions of a prefix and of a tail that a token at ``place`` of the tail sees."""
    first = max(0, length + place + 1 - window)
    return min(first, length), max(0, first - length)


@inlined()
def _take(
    item: int, heads: Array, queries: int, turn: Turn, at: Indices, row: int, tails: KeysValues
) -> None:
    """Put the key and the value of a new token into the tail of its row; ``item`` is the key head."""
    count, size, place = tails[0].shape[1], heads.shape[2], at[row]
    key = np.empty(size, np.float32)
    _turn(key, heads[row, queries + item], turn[0][row], turn[1][row], _F32(1))
    for d in range(size):
        tails[0][row, item, place // OUTPUTS, d, place % OUTPUTS] = key[d]
        tails[1][row, item, d // OUTPUTS, place, d % OUTPUTS] = heads[row, queries + count + item, d]


@linked
def _run(about: Any, what: int, i: int, end: int) -> int:
    """The first query behind ``i`` that differs from it in ``what``."""
    other = i + 1
    while other < end and about[other, what] == about[i, what]:
        other += 1
    return other


@linked
def _score(
    about: Any, end: int, key_head: int, length: int, query: Array, prefix: Array, tails: Array, out: Array
) -> None:
    """The scores of queries (n, D) with the positions that they see, and some more at both sides."""
    size, columns = query.shape[1], out.shape[1]
    i = 0
    while i < end:  # those who see the prefix from the same block on
        other, first = _run(about, _BEGIN, i, end), about[i, _BEGIN] // OUTPUTS
        for block in range(first, prefix.shape[1]):
            keys = (key_head * prefix.shape[1] + block) * size * OUTPUTS
            to = i * columns + (block - first) * OUTPUTS
            multiply(other - i, query, i * size, size, prefix, keys, OUTPUTS, size, out, to, columns, 0)
        i = other
    i = 0
    while i < end:  # those of one row
        other, first = _run(about, _ROW, i, end), about[i, _TAIL_BEGIN] // OUTPUTS
        behind = i * columns + length - about[i, _BEGIN] // OUTPUTS * OUTPUTS
        for block in range(first, (about[i, _TAIL_END] + OUTPUTS - 1) // OUTPUTS):
            head = about[i, _ROW] * tails.shape[1] + key_head
            keys, to = (head * tails.shape[2] + block) * size * OUTPUTS, behind + (block - first) * OUTPUTS
            multiply(other - i, query, i * size, size, tails, keys, OUTPUTS, size, out, to, columns, 0)
        i = other


@linked
def _weigh(
    about: Any, end: int, key_head: int, weights: Array, prefix: Array, tails: Array, out: Array
) -> None:
    """The weighted sums (n, D) of the values that queries see."""
    length, columns, width = prefix.shape[2], weights.shape[1], out.shape[1]
    i = 0
    while i < end:
        other, begin = _run(about, _BEGIN, i, end), about[i, _BEGIN]
        for block in range(prefix.shape[1]):
            values = ((key_head * prefix.shape[1] + block) * length + begin) * OUTPUTS
            at, to = i * columns + begin % OUTPUTS, i * width + block * OUTPUTS
            multiply(
                other - i, weights, at, columns, prefix, values, OUTPUTS, length - begin, out, to, width, 0
            )
        i = other
    i = 0
    while i < end:
        other, begin, count = _run(about, _ROW, i, end), about[i, _TAIL_BEGIN], about[i, _TAIL_END]
        at = i * columns + length - about[i, _BEGIN] // OUTPUTS * OUTPUTS + begin % OUTPUTS
        for block in range(tails.shape[2]):
            head = about[i, _ROW] * tails.shape[1] + key_head
            values = ((head * tails.shape[2] + block) * tails.shape[3] + begin) * OUTPUTS
            to = i * width + block * OUTPUTS
            multiply(
                other - i, weights, at, columns, tails, values, OUTPUTS, count - begin, out, to, width, 1
            )
        i = other


@inlined(early=True)
def _attend_some(
    item: int,
    heads: Array,
    out: Array,
    turn: Turn,
    scale: np.float32,
    window: int,
    rows: Indices,
    at: Indices,
    prefix: KeysValues,
    tails: KeysValues,
) -> None:
    """Up to 13 queries of one key head, in the order of rows; see ``attend``. ``item`` counts such groups.

    Which they are depends on the rows at hand, what a query sees does not.
    """
    size, length, blocks = heads.shape[2], prefix[1].shape[2], tails[1].shape[2]
    group = out.shape[1] // tails[0].shape[1]
    items = (len(rows) * group + TALLEST - 1) // TALLEST
    key_head, first = item // items, item % items * TALLEST
    queries = min(TALLEST, len(rows) * group - first)
    query, found = np.empty((TALLEST, size), np.float32), np.empty((TALLEST, blocks * OUTPUTS), np.float32)
    about = np.empty((TALLEST, 4), np.int64)
    longest = 0
    for i in range(queries):
        row = rows[(first + i) // group]
        _turn(query[i], heads[row, key_head * group + (first + i) % group], turn[0][row], turn[1][row], scale)
        begin, tail_begin = _sight(length, at[row], window)
        about[i, _ROW], about[i, _BEGIN] = row, begin
        about[i, _TAIL_BEGIN], about[i, _TAIL_END] = tail_begin, at[row] + 1
        longest = max(longest, length - begin + at[row] + 1 - tail_begin)
    scores = np.empty((TALLEST, longest + 3 * OUTPUTS), np.float32)
    _score(about, queries, key_head, length, query, prefix[0], tails[0], scores)
    mass = np.empty(TALLEST, np.float32)
    for i in range(queries):
        begin, tail_begin = about[i, _BEGIN], about[i, _TAIL_BEGIN]
        start = begin % OUTPUTS + tail_begin % OUTPUTS
        mass[i] = _softmax(scores[i, start : start + length - begin + about[i, _TAIL_END] - tail_begin])
    _weigh(about, queries, key_head, scores, prefix[1], tails[1], found)
    for i in range(queries):
        for d in range(size):
            out[about[i, _ROW], key_head * group + (first + i) % group, d] = found[i, d] / mass[i]


# The two are written out since a function that is compiled in two ways has only one place in Numba's cache.
@compiled()
def _attend_alone(
    heads: Array,
    out: Array,
    turn: Turn,
    scale: np.float32,
    window: int,
    rows: Indices,
    at: Indices,
    prefix: KeysValues,
    tails: KeysValues,
) -> None:
    key_heads, queries = tails[0].shape[1], out.shape[1]
    for item in range(len(rows) * key_heads):
        _take(item % key_heads, heads, queries, turn, at, rows[item // key_heads], tails)
    items = (len(rows) * queries // key_heads + TALLEST - 1) // TALLEST
    for item in range(items * key_heads):
        _attend_some(item, heads, out, turn, scale, window, rows, at, prefix, tails)


@compiled(parallel=True)
def _attend_in_threads(
    heads: Array,
    out: Array,
    turn: Turn,
    scale: np.float32,
    window: int,
    rows: Indices,
    at: Indices,
    prefix: KeysValues,
    tails: KeysValues,
) -> None:
    key_heads, queries = tails[0].shape[1], out.shape[1]
    for item in numba.prange(len(rows) * key_heads):
        _take(item % key_heads, heads, queries, turn, at, rows[item // key_heads], tails)
    items = (len(rows) * queries // key_heads + TALLEST - 1) // TALLEST
    for item in numba.prange(items * key_heads):
        _attend_some(item, heads, out, turn, scale, window, rows, at, prefix, tails)
