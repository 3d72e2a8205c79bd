"""Loops of a step of writing, compiled for this processor by Numba: norms, gates, scales.

With PyTorch each of them is a dozen operations on a few kilobytes, and most of the time goes into calling
them. Every result is computed by one thread in one order, so a row's numbers do not depend on the rows
beside it, to the last bit.

What is compiled is kept on disk, in ``__pycache__`` or else in the user's cache folder, until one of
the files changes that it is made of.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]
Function = TypeVar("Function", bound=Callable[..., Any])

MATHS = {"contract", "reassoc", "nsz", "arcp"}
"""What the compiler may assume of floats: sums in any order, and 0 = -0; that there is no NaN it may not."""
IN_ORDER = {"contract"}
"""The same where there is no sum over a vector: then the order of a sum cannot differ from place to place."""

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


_FILES = sorted(Path(__file__).parent.glob("cpu_*.py"))
SOURCES = hashlib.sha256(b"".join(path.read_bytes() for path in _FILES)).digest()
"""Names the files of which functions are compiled."""


def compiled(*, parallel: bool = False) -> Callable[[Function], Function]:
    """Compile a function when it is first called; where nothing can be written, in every process anew."""

    def compile_(function: Function) -> Function:
        try:
            made: Any = _NJIT(cache=True, fastmath=MATHS, parallel=parallel)(function)
        except RuntimeError:  # there is no folder for the cache
            made = _NJIT(fastmath=MATHS, parallel=parallel)(function)
        else:
            # Numba looks for changes in the function's own file only, not in those of what it calls.
            made._cache._cache_file._source_stamp = SOURCES
        kept: Function = made
        return kept

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


def linked(function: Function) -> Function:
    """Compile a function that compiled ones call, which computes the same however it is compiled."""
    made: Function = _NJIT()(function)
    return made


@inlined()
def exp(x: np.float32) -> np.float32:
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


def threads() -> int:
    """Share the work among as many threads as PyTorch does; one where there is no OpenMP to run them."""
    count = min(torch.get_num_threads(), int(CONFIG.NUMBA_NUM_THREADS)) if OPENMP else 1
    numba.set_num_threads(count)
    return count


def warm_up() -> None:
    """Compile what a step needs, or load it: seconds where it was never done before, else a part of one."""
    numbers = np.zeros((1, 4), np.float32)
    norm_rows(numbers, numbers[0], 1e-6, numbers.copy())
    scale_rows(numbers, 1e-6, numbers.copy(), numbers[:, :1].copy())


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
        small = exp(-abs(gate))
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
