"""Loops of a step of writing, compiled for this processor by Numba: attention, and norms.

With PyTorch each of them is a dozen operations on a few kilobytes, and most of the time goes into calling
them. Every result is computed by one thread in one order, so a row's numbers do not depend on the rows
beside it, to the last bit.

What is compiled is kept on disk, in ``__pycache__`` or else in the user's cache folder.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]
Indices = NDArray[np.int64]
KeysValues = tuple[Array, Array]
Function = TypeVar("Function", bound=Callable[..., Any])

MATHS = {"contract", "reassoc", "nsz", "arcp"}
"""What the compiler may assume of floats: sums in any order, and 0 = -0; that there is no NaN it may not."""
IN_ORDER = {"contract"}
"""The same where there is no sum over a vector: then the order of a sum cannot differ from place to place."""
ENDLESS = 1 << 62  # the window of those who see everything

CONFIG: Any = numba.config
CONFIG.THREADING_LAYER = "omp"  # shares PyTorch's threads; Numba's own would compete with them
try:
    import numba.np.ufunc.omppool
except ImportError:  # no libgomp is installed
    OPENMP = False
else:
    OPENMP = True

_NJIT: Any = numba.njit
_F32 = np.float32
_TERMS = tuple(_F32(math.log(2) ** k / math.factorial(k)) for k in range(7))
_LOG2_E = _F32(1 / math.log(2))
_LEAST_EXPONENT = _F32(-126)  # of a normal number
_LARGEST = np.finfo(np.float32).max


def compiled(*, parallel: bool = False) -> Callable[[Function], Function]:
    """Compile a function when it is first called; where nothing can be written, in every process anew."""

    def compile_(function: Function) -> Function:
        try:
            made: Function = _NJIT(cache=True, fastmath=MATHS, parallel=parallel)(function)
        except RuntimeError:  # there is no folder for the cache
            made = _NJIT(fastmath=MATHS, parallel=parallel)(function)
        return made

    return compile_


def inlined(*, maths: set[str] = MATHS, early: bool = False) -> Callable[[Function], Function]:
    """Compile a function as a part of those that call it.

    Else a process that compiles runs other machine code than one that loads the callers from disk, and a sum
    differs between them in the last bit. ``early`` is before anything is compiled, with the caller's
    ``maths``: what is long is then compiled once less.
    """
    how = {"inline": "always"} if early else {"fastmath": maths, "forceinline": True}
    make: Callable[[Function], Function] = _NJIT(**how)
    return make


@inlined()
def _exp(x: np.float32) -> np.float32:
    """e^x for x ≤ 0, to two units in the last place, at least 2^-126: 2^n times Taylor's series of 2^f.

    It is here because a loop that calls the C library's is not turned into vector instructions.
    """
    t = x * _LOG2_E
    t = _LEAST_EXPONENT if t < _LEAST_EXPONENT else t  # NaN stays
    n = np.floor(t + _F32(0.5))
    f = t - n
    p = _TERMS[6]
    p = p * f + _TERMS[5]
    p = p * f + _TERMS[4]
    p = p * f + _TERMS[3]
    p = p * f + _TERMS[2]
    p = p * f + _TERMS[1]
    p = p * f + _TERMS[0]
    power: np.float32 = p * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)
    return power


@inlined(maths=IN_ORDER)
def _add_scores(one: Array, two: Array, query: Array, other: Array, keys: Array, begin: int) -> None:
    """Add to ``one`` and ``two`` (n,) the scores of two queries (D,) with keys (D, …) from ``begin`` on.

    Two at a time, and four numbers of each, since otherwise reading and writing takes longer than computing.
    """
    whole = len(query) - len(query) % 4
    for d in range(0, whole, 4):
        q0, q1, q2, q3 = query[d], query[d + 1], query[d + 2], query[d + 3]
        o0, o1, o2, o3 = other[d], other[d + 1], other[d + 2], other[d + 3]
        k0, k1, k2, k3 = keys[d][begin:], keys[d + 1][begin:], keys[d + 2][begin:], keys[d + 3][begin:]
        for j in range(len(one)):
            one[j] = one[j] + q0 * k0[j] + q1 * k1[j] + q2 * k2[j] + q3 * k3[j]
            two[j] = two[j] + o0 * k0[j] + o1 * k1[j] + o2 * k2[j] + o3 * k3[j]
    for d in range(whole, len(query)):
        for j in range(len(one)):
            one[j] += query[d] * keys[d, begin + j]
            two[j] += other[d] * keys[d, begin + j]


@inlined()
def _add_values(out: Array, other: Array, weights: Array, others: Array, values: Array, begin: int) -> None:
    """Add to ``out`` and ``other`` (D,) values (D, …) from ``begin`` on, each with its own weights (n,)."""
    whole = len(out) - len(out) % 4
    for d in range(0, whole, 4):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = _F32(0)
        v0, v1 = values[d][begin:], values[d + 1][begin:]
        v2, v3 = values[d + 2][begin:], values[d + 3][begin:]
        for j in range(len(weights)):
            w, u = weights[j], others[j]
            a0 += w * v0[j]
            a1 += w * v1[j]
            a2 += w * v2[j]
            a3 += w * v3[j]
            b0 += u * v0[j]
            b1 += u * v1[j]
            b2 += u * v2[j]
            b3 += u * v3[j]
        out[d] += a0
        out[d + 1] += a1
        out[d + 2] += a2
        out[d + 3] += a3
        other[d] += b0
        other[d + 1] += b1
        other[d + 2] += b2
        other[d + 3] += b3
    for d in range(whole, len(out)):
        for j in range(len(weights)):
            out[d] += weights[j] * values[d, begin + j]
            other[d] += others[j] * values[d, begin + j]


@inlined()
def _softmax(scores: Array) -> np.float32:
    """Turn scores into weights in place; give their sum, by which the result is to be divided."""
    top = scores[0]
    for j in range(len(scores)):
        top = max(top, scores[j])
    mass = _F32(0)
    for j in range(len(scores)):
        weight = _exp(scores[j] - top)
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


def threads() -> int:
    """Share the work among as many threads as PyTorch does; one where there is no OpenMP to run them."""
    count = min(torch.get_num_threads(), int(CONFIG.NUMBA_NUM_THREADS)) if OPENMP else 1
    numba.set_num_threads(count)
    return count


def warm_up() -> None:
    """Compile what a step needs, or load it: seconds where it was never done before, else a part of one."""
    numbers = np.zeros((1, 3, 4), np.float32)
    past = numbers[:, 0, :, None].copy(), numbers[:, 0, :, None].copy()  # (K, D, n)
    tails = past[0][None].copy(), past[1][None].copy()
    nothing, first = np.zeros((1, 0), np.float32), np.zeros(1, np.int64)
    for in_threads in (False, True) if threads() > 1 else (False,):
        out = numbers[:, :1].copy()
        attend(numbers, (nothing, nothing), 1.0, None, first, first, past, tails, out, in_threads=in_threads)
    norm_rows(numbers[0], numbers[0, 0], 1e-6, numbers[0].copy())
    scale_rows(numbers[0], 1e-6, numbers[0].copy(), numbers[0, :, :1].copy())


def attend(
    heads: Array,
    turn: KeysValues,
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
    the last ``window`` positions, the new one counted. Keys and values of the prefix (K, D, n); those of the
    tails (slots, K, D, capacity) get the new ones at ``at`` (B,). ``out`` (B, H, D) gets what is seen.
    """
    function = _attend_in_threads if in_threads else _attend_alone
    function(heads, out, turn, _F32(scale), window or ENDLESS, rows, at, prefix, tails)


@inlined()
def _sight(length: int, place: int, window: int) -> tuple[int, int]:
    """The first positions of a prefix and of a tail that a token at ``place`` of the tail sees."""
    first = max(0, length + place + 1 - window)
    return min(first, length), max(0, first - length)


@inlined()
def _take(
    item: int, heads: Array, queries: int, turn: KeysValues, at: Indices, row: int, tails: KeysValues
) -> None:
    """Put the key and the value of a new token into the tail of its row; ``item`` is the key head."""
    keys, values = tails[0][row, item], tails[1][row, item]  # (D, capacity)
    count, size, place = tails[0].shape[1], heads.shape[2], at[row]
    key, value = np.empty(size, np.float32), heads[row, queries + count + item]
    _turn(key, heads[row, queries + item], turn[0][row], turn[1][row], _F32(1))
    for d in range(size):
        keys[d, place], values[d, place] = key[d], value[d]


@inlined(early=True)
def _attend_two(
    key_head: int,
    one: tuple[int, int],
    two: tuple[int, int],
    heads: Array,
    out: Array,
    turn: KeysValues,
    scale: np.float32,
    window: int,
    at: Indices,
    prefix: KeysValues,
    tails: KeysValues,
) -> None:
    """What two queries of a key head see, each named by its row and its place; they may be the same.

    Both see the prefix from one position on.
    """
    size, length = out.shape[2], prefix[0].shape[2]
    begin, behind_one = _sight(length, at[one[0]], window)
    _, behind_two = _sight(length, at[two[0]], window)
    queries, found = np.empty((2, size), np.float32), np.zeros((2, size), np.float32)
    _turn(queries[0], heads[one], turn[0][one[0]], turn[1][one[0]], scale)
    _turn(queries[1], heads[two], turn[0][two[0]], turn[1][two[0]], scale)
    shared = length - begin
    own_one, own_two = at[one[0]] + 1 - behind_one, at[two[0]] + 1 - behind_two
    scores_one, scores_two = np.zeros(shared + own_one, np.float32), np.zeros(shared + own_two, np.float32)
    unused = np.zeros(max(own_one, own_two, size), np.float32)
    _add_scores(scores_one[:shared], scores_two[:shared], queries[0], queries[1], prefix[0][key_head], begin)
    for scores, query, row, behind in (
        (scores_one, queries[0], one[0], behind_one),
        (scores_two, queries[1], two[0], behind_two),
    ):
        own = scores[shared:]
        _add_scores(own, unused[: len(own)], query, query, tails[0][row, key_head], behind)
    mass_one, mass_two = _softmax(scores_one), _softmax(scores_two)
    _add_values(found[0], found[1], scores_one[:shared], scores_two[:shared], prefix[1][key_head], begin)
    for scores, seen, row, behind in (
        (scores_one, found[0], one[0], behind_one),
        (scores_two, found[1], two[0], behind_two),
    ):
        own = scores[shared:]
        _add_values(seen, unused[:size], own, own, tails[1][row, key_head], behind)
    for d in range(size):
        out[two[0], two[1], d] = found[1, d] / mass_two
        out[one[0], one[1], d] = found[0, d] / mass_one


@inlined(early=True)
def _attend_pair(
    item: int,
    heads: Array,
    out: Array,
    turn: KeysValues,
    scale: np.float32,
    window: int,
    rows: Indices,
    at: Indices,
    prefix: KeysValues,
    tails: KeysValues,
) -> None:
    """Two queries of one key head, in the order of rows; see ``attend``. ``item`` counts all such pairs.

    Which two they are depends on the rows at hand, what a query sees does not.
    """
    group, length = out.shape[1] // len(prefix[0]), prefix[0].shape[2]
    pairs = (len(rows) * group + 1) // 2
    key_head, first = item // pairs, 2 * (item % pairs)
    second = min(first + 1, len(rows) * group - 1)
    one = rows[first // group], key_head * group + first % group
    two = rows[second // group], key_head * group + second % group
    together = _sight(length, at[one[0]], window)[0] == _sight(length, at[two[0]], window)[0]
    for _ in range(1 if together else 2):
        _attend_two(
            key_head, one, two if together else one, heads, out, turn, scale, window, at, prefix, tails
        )
        one = two


# The two are written out since a function that is compiled in two ways has only one place in Numba's cache.
@compiled()
def _attend_alone(
    heads: Array,
    out: Array,
    turn: KeysValues,
    scale: np.float32,
    window: int,
    rows: Indices,
    at: Indices,
    prefix: KeysValues,
    tails: KeysValues,
) -> None:
    key_heads, queries = len(prefix[0]), out.shape[1]
    for item in range(len(rows) * key_heads):
        _take(item % key_heads, heads, queries, turn, at, rows[item // key_heads], tails)
    pairs = (len(rows) * queries // key_heads + 1) // 2
    for item in range(pairs * key_heads):
        _attend_pair(item, heads, out, turn, scale, window, rows, at, prefix, tails)


@compiled(parallel=True)
def _attend_in_threads(
    heads: Array,
    out: Array,
    turn: KeysValues,
    scale: np.float32,
    window: int,
    rows: Indices,
    at: Indices,
    prefix: KeysValues,
    tails: KeysValues,
) -> None:
    key_heads, queries = len(prefix[0]), out.shape[1]
    for item in numba.prange(len(rows) * key_heads):
        _take(item % key_heads, heads, queries, turn, at, rows[item // key_heads], tails)
    pairs = (len(rows) * queries // key_heads + 1) // 2
    for item in numba.prange(pairs * key_heads):
        _attend_pair(item, heads, out, turn, scale, window, rows, at, prefix, tails)


@inlined()
def norm_row(x: Array, weight: Array, eps: float, out: Array) -> None:
    """One of ``norm_rows``."""
    squares = _F32(0)
    for d in range(len(weight)):
        squares += x[d] * x[d]
    scale = _F32(1) / np.sqrt(squares / _F32(len(weight)) + _F32(eps))
    for d in range(len(weight)):
        out[d] = x[d] * scale * weight[d]


@inlined()
def gate_row(x: Array, out: Array) -> None:
    """``silu(gate) · up`` (d,) of a row (2 d,) that holds the gate before what goes up."""
    for d in range(len(out)):
        gate = x[d]
        small = _exp(-abs(gate))
        share = _F32(1) / (_F32(1) + small)
        out[d] = gate * (share if gate >= 0 else small * share) * x[len(out) + d]


@compiled()
def norm_rows(x: Array, weight: Array, eps: float, out: Array) -> None:
    """Root mean square norm of rows (n, d): ``x / sqrt(mean(x²) + eps) · weight``."""
    for i in range(len(x)):
        norm_row(x[i], weight, eps, out[i])


@inlined()
def magnitude(row: Array, least: float) -> np.float32:
    """The largest magnitude of a row (d,), at least ``least``; NaN where a number is not finite."""
    largest, unsound = _F32(least), 0
    for d in range(len(row)):
        size = abs(row[d])
        largest = max(largest, size)
        unsound += not size <= _LARGEST  # NaN too, which the maximum may pass over
    return largest if unsound == 0 else _F32(np.nan)


@compiled()
def scale_rows(x: Array, least: float, out: Array, scales: Array) -> None:
    """Divide rows (n, d) by their ``magnitude``, which ``scales`` (n, 1) gets."""
    for i in range(len(x)):
        scale = magnitude(x[i], least)
        scales[i, 0] = scale
        for d in range(x.shape[1]):
            out[i, d] = x[i, d] / scale
