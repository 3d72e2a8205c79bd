"""Linear layers in int8 on a CPU, in tiles: bytes are multiplied four at a time and added up in 32 bits.

Numba does not find these instructions by itself, so a tile is written down in LLVM's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import torch
from llvmlite import ir
from numpy.typing import NDArray
from torch import Tensor

from autoresponder.model.cpu_kernels import IN_ORDER, Array, compiled, inlined, magnitude, threads
from autoresponder.model.cpu_tiles import (
    BESIDE,
    FEATURES,
    GATED,
    LANES,
    NO_NORM,
    OUTPUTS,
    PLACE,
    PLAIN,
    TALLEST,
    WORD,
    WORTH_THREADS,
    Norm,
    TiledLayer,
    at_byte,
    cgutils,
    intrinsic,
    load,
    prepare,
    tile_height,
)

Integers = NDArray[np.int32]
Bytes = NDArray[np.int8]

WIDTH = 4 * OUTPUTS  # bytes of weights that a step takes
PANEL = 16  # blocks that go through all rows before the next: their weights stay in the second cache
LEVELS = 127  # the largest magnitude of what is rounded to eight bits
LEAST = 1e-8  # keeps a row of zeros from dividing by zero
ZERO = 128  # what stands for zero in a row, whose bytes have no sign
SUPPORTED = {"avx512f", "avx512bw", "avx512vnni"} <= FEATURES
"""Whether the processor multiplies and adds bytes four at a time in registers of 64 (AVX-512 VNNI)."""

_REGISTER = ir.VectorType(WORD, LANES)


def _tile(height: int) -> Any:
    """``add(rows, first, packed, block, sums)``: the products of rows with the weights of a block.

    Rows (n, 4k) count from ``first`` on, weights are (blocks, k, 128). Bytes are taken four by four: a row's
    without a sign, the weights' with one, for 32 outputs. Products are added to ``sums`` (height, 32) of
    32 bits. Arrays are given whole, since to cut one out of another counts its users, for which threads wait.
    """

    def add(_context: Any, rows: Any, first: Any, packed: Any, block: Any, sums: Any) -> Any:
        def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def array(argument: int) -> Any:
                return context.make_array(signature.args[argument])(context, builder, arguments[argument])

            def number(argument: int) -> Any:
                return context.cast(builder, arguments[argument], signature.args[argument], numba.types.int64)

            steps = cgutils.unpack_tuple(builder, array(2).shape)[1]
            size = builder.mul(steps, PLACE(4))  # of a row
            weights = at_byte(
                builder, array(2).data, builder.mul(number(3), builder.mul(steps, PLACE(WIDTH)))
            )
            starts = [
                at_byte(builder, array(0).data, builder.mul(builder.add(number(1), PLACE(row)), size))
                for row in range(height)
            ]
            ends = [
                builder.bitcast(
                    at_byte(builder, array(4).data, PLACE(4 * LANES * half)), _REGISTER.as_pointer()
                )
                for half in range(height * BESIDE)
            ]
            kept = [cgutils.alloca_once_value(builder, builder.load(end, align=4)) for end in ends]
            with cgutils.for_range(builder, steps, intp=PLACE) as loop:
                _step(builder, loop.index, starts, weights, kept)
            for end, register in zip(ends, kept, strict=True):
                builder.store(builder.load(register), end, align=4)
            return context.get_dummy_value()

        return numba.types.void(rows, first, packed, block, sums), write

    return intrinsic(add)


def _step(builder: Any, index: Any, starts: Sequence[Any], weights: Any, kept: Sequence[Any]) -> None:
    """Add four products to every sum: those of the step ``index`` along the rows."""
    kind = ir.FunctionType(_REGISTER, [_REGISTER] * 3)
    add_products = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.vpdpbusd.512")
    here = builder.mul(index, PLACE(WIDTH))
    taken = [
        load(builder, weights, builder.add(here, PLACE(4 * LANES * half)), _REGISTER)
        for half in range(BESIDE)
    ]
    nothing, everywhere = ir.Constant(_REGISTER, ir.Undefined), ir.Constant(_REGISTER, [0] * LANES)
    for row, start in enumerate(starts):
        four = load(builder, start, builder.mul(index, PLACE(4)), WORD)
        spread = builder.shuffle_vector(builder.insert_element(nothing, four, WORD(0)), nothing, everywhere)
        for register, weight in zip(kept[row * BESIDE :], taken, strict=False):
            builder.store(builder.call(add_products, [builder.load(register), spread, weight]), register)


_add_13, _add_8, _add_4, _add_2, _add_1 = _tile(13), _tile(8), _tile(4), _tile(2), _tile(1)


@inlined()
def _add(height: int, rows: Any, first: int, packed: Bytes, block: int, sums: Integers) -> None:
    if height == 13:
        _add_13(rows, first, packed, block, sums)
    elif height == 8:
        _add_8(rows, first, packed, block, sums)
    elif height == 4:
        _add_4(rows, first, packed, block, sums)
    elif height == 2:
        _add_2(rows, first, packed, block, sums)
    else:
        _add_1(rows, first, packed, block, sums)


@inlined()
def _to_bytes(x: Array, before: int, norm: Array, eps: float, rows: NDArray[np.uint8], worth: Array) -> None:
    """Round rows to bytes (n, in) about ``ZERO``; ``worth`` (n,) gets what one is worth: NaN if unsound.

    ``before`` that, a row of x goes through what the layer does with it.
    """
    row = np.empty(x.shape[1] // 2 if before == GATED else x.shape[1], np.float32)
    for i in range(len(x)):
        prepare(x[i], before, norm, eps, row)
        largest = magnitude(row, LEAST)
        factor = np.float32(LEVELS) / largest
        for d in range(len(row)):
            rows[i, d] = np.uint8(np.int32(np.rint(row[d] * factor)) + ZERO)
        worth[i] = largest / np.float32(LEVELS)


@inlined(maths=IN_ORDER)
def _finish(
    sums: Integers,
    height: int,
    top: int,
    worth: Array,
    scales: Array,
    bias: Array,
    out: Array,
    first: int,
    adds: bool,
) -> None:
    """Turn the sums (height, 32) of a tile into outputs, from row ``top`` and column ``first`` on.

    If it ``adds``, they are added to what is there.
    """
    for i in range(height):
        for j in range(min(OUTPUTS, out.shape[1] - first)):
            made = np.float32(sums[i, j]) * scales[first + j] * worth[top + i] + bias[first + j]
            out[top + i, first + j] = out[top + i, first + j] + made if adds else made


@inlined(early=True)
def _blocks(
    first: int,
    last: int,
    rows: Any,
    worth: Array,
    packed: Bytes,
    begin: Integers,
    scales: Array,
    bias: Array,
    out: Array,
    adds: bool,
) -> None:
    """The outputs of the blocks from ``first`` to before ``last``."""
    sums = np.empty((TALLEST, OUTPUTS), np.int32)
    for panel in range(first, last, PANEL):
        top = 0
        while top < len(rows):
            height = tile_height(len(rows) - top)
            for block in range(panel, min(panel + PANEL, last)):
                for i in range(height):
                    for j in range(OUTPUTS):
                        sums[i, j] = begin[block * OUTPUTS + j]
                _add(height, rows, top, packed, block, sums)
                _finish(sums, height, top, worth, scales, bias, out, block * OUTPUTS, adds)
            top += height


@compiled()
def _multiply_alone(
    x: Array,
    before: int,
    norm: Array,
    eps: float,
    packed: Bytes,
    begin: Integers,
    scales: Array,
    bias: Array,
    out: Array,
    adds: bool,
) -> None:
    rows, worth = np.empty((len(x), 4 * packed.shape[1]), np.uint8), np.empty(len(x), np.float32)
    _to_bytes(x, before, norm, eps, rows, worth)
    _blocks(0, len(packed), rows, worth, packed, begin, scales, bias, out, adds)


@compiled(parallel=True)
def _multiply_in_threads(
    x: Array,
    before: int,
    norm: Array,
    eps: float,
    packed: Bytes,
    begin: Integers,
    scales: Array,
    bias: Array,
    out: Array,
    adds: bool,
    parts: int,
) -> None:
    rows, worth = np.empty((len(x), 4 * packed.shape[1]), np.uint8), np.empty(len(x), np.float32)
    _to_bytes(x, before, norm, eps, rows, worth)
    for part in numba.prange(parts):
        first, last = part * len(packed) // parts, (part + 1) * len(packed) // parts
        _blocks(first, last, rows, worth, packed, begin, scales, bias, out, adds)


def warm_up() -> None:
    """Compile what a step needs, or load it."""
    for inputs in (4, 4 + WORTH_THREADS // OUTPUTS) if threads() > 1 else (4,):
        TiledInt8Linear(torch.zeros(OUTPUTS, inputs), None)(torch.zeros(1, inputs))


class TiledInt8Linear(TiledLayer):
    """``y = x Wᵀ + b`` in int8, as ``cpu_linear.Int8Linear`` computes it, where ``SUPPORTED``."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__(weight, bias)
        given: Array = weight.numpy()
        inputs = given.shape[1]
        worth = np.abs(given).max(axis=1).clip(min=LEAST) / LEVELS
        blocks, steps = -(-self._outputs // OUTPUTS), -(-inputs // 4)
        rounded = np.zeros((blocks * OUTPUTS, steps * 4), np.int8)
        rounded[: self._outputs, :inputs] = np.rint(given / worth[:, None])
        side_by_side = rounded.reshape(blocks, OUTPUTS, steps, 4).transpose(0, 2, 1, 3)
        packed = np.ascontiguousarray(side_by_side).reshape(blocks, steps, WIDTH)
        begin = -ZERO * rounded.sum(axis=1, dtype=np.int32)
        scales = np.zeros(blocks * OUTPUTS, np.float32)
        scales[: self._outputs] = worth
        self._packed: tuple[Bytes, Integers, Array, Array] = packed, begin, scales, self._bias

    def multiply(
        self, x: Array, before: int = PLAIN, norm: Norm = NO_NORM, *, into: Array | None = None
    ) -> Array:
        """The outputs (n, out) of rows, which go through what is to be done ``before``; added to ``into``."""
        out = np.empty((len(x), self._outputs), np.float32) if into is None else into
        weight, eps = norm
        if (parts := self.parts()) > 1:
            _multiply_in_threads(x, before, weight, eps, *self._packed, out, into is not None, parts)
        else:
            _multiply_alone(x, before, weight, eps, *self._packed, out, into is not None)
        return out
