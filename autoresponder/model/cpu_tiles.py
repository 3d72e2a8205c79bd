"""Matrix products on a CPU, in tiles of a few rows and 32 columns, and linear layers made of them.

A tile's sums stay in the processor's registers while it goes along the rows, and every weight is read once.
Numba does not find this by itself, so a tile is written down in LLVM's language. Every sum is added up in one
order, whatever the number of rows: a row's numbers do not depend on those beside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import torch
from llvmlite import ir
from numba.core import cgutils as _cgutils
from numba.core.codegen import get_host_cpu_features as _get_host_cpu_features
from numba.extending import intrinsic as _intrinsic
from torch import Tensor, nn

from autoresponder.model.cpu_kernels import (
    CONFIG,
    IN_ORDER,
    Array,
    compiled,
    gate_row,
    inlined,
    linked,
    norm_row,
    threads,
)

cgutils: Any = _cgutils
get_host_cpu_features: Any = _get_host_cpu_features
intrinsic: Any = _intrinsic

LANES = 16  # numbers of 32 bits in a register
BESIDE = 2  # registers of columns in a tile
OUTPUTS = BESIDE * LANES  # of a block of weights
TALLEST = 13  # rows of a tile: the candidates of an answer
WORTH_THREADS = 1 << 17  # weights of a layer that threads share; fewer take a few microseconds alone
PANEL = 1 << 17  # weights that go through all rows before the next: they stay in the second cache
PLAIN, NORMED, GATED = range(3)
"""What a layer does with a row before it multiplies: nothing, a norm, or ``silu(gate) · up``."""
Norm = tuple[Array, float]
"""The weight (in,) of a root mean square norm, and what keeps it from dividing by zero."""
NO_NORM: Norm = np.empty(0, np.float32), 0.0


def _features() -> frozenset[str]:
    """What the compiler takes this processor to be capable of."""
    told: str | None = CONFIG.CPU_FEATURES  # an operator's own word
    names = (get_host_cpu_features() if told is None else told).split(",")
    return frozenset(name[1:] for name in names if name.startswith("+"))


FEATURES = _features()
WIDE = "avx512f" in FEATURES
"""Whether registers hold 16 numbers of 32 bits, and there are 32 of them. Else only low tiles fit."""
WORD, PLACE = ir.IntType(32), ir.IntType(64)
_FLOAT = ir.FloatType()
_FLOATS = ir.VectorType(_FLOAT, LANES)


def at_byte(builder: Any, array: Any, offset: Any) -> Any:
    """A pointer so many bytes into an array."""
    return builder.gep(builder.bitcast(array, ir.IntType(8).as_pointer()), [offset])


def load(builder: Any, pointer: Any, offset: Any, kind: Any) -> Any:
    return builder.load(builder.bitcast(at_byte(builder, pointer, offset), kind.as_pointer()), align=1)


@inlined()
def tile_height(left: int) -> int:
    """How many of the rows that are left the next tile takes."""
    if WIDE and (left == 13 or left > 16):  # of 14 to 16, twice eight is less work than thirteen and the rest
        return 13
    if WIDE and left >= 8:
        return 8
    if WIDE and left >= 4:
        return 4
    return min(left, 2)


def _tile(height: int) -> Any:
    """``multiply(a, a_from, a_row, b, b_from, b_row, count, c, c_from, c_row, adds)``: a product of matrices.

    c (height, 32) becomes a (height, count) times b (count, 32), or grows by that if it ``adds``. Each matrix
    is a part of an array: it begins ``_from`` numbers behind the array's beginning, and has ``_row`` numbers
    from the beginning of a row to that of the next; the array must lie in one piece. Products are added up
    one after the other.
    """

    def multiply(
        _context: Any,
        a: Any,
        a_from: Any,
        a_row: Any,
        b: Any,
        b_from: Any,
        b_row: Any,
        count: Any,
        c: Any,
        c_from: Any,
        c_row: Any,
        adds: Any,
    ) -> Any:
        def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def start(argument: int, row: int = 0, column: int = 0) -> Any:
                array = context.make_array(signature.args[argument])(context, builder, arguments[argument])
                place = builder.add(number(argument + 1), builder.mul(number(argument + 2), PLACE(row)))
                return at_byte(builder, array.data, builder.mul(PLACE(4), builder.add(place, PLACE(column))))

            def number(argument: int) -> Any:
                return context.cast(builder, arguments[argument], signature.args[argument], numba.types.int64)

            rows, columns = [start(0, row) for row in range(height)], start(3)
            ends = [
                builder.bitcast(start(7, row, half * LANES), _FLOATS.as_pointer())
                for row in range(height)
                for half in range(BESIDE)
            ]
            goes_on = builder.icmp_signed("!=", number(10), PLACE(0))
            nothing = ir.Constant(_FLOATS, [0.0] * LANES)
            kept = [
                cgutils.alloca_once_value(
                    builder, builder.select(goes_on, builder.load(end, align=4), nothing)
                )
                for end in ends
            ]
            step = builder.mul(number(5), PLACE(4))
            with cgutils.for_range(builder, number(6), intp=PLACE) as loop:
                _add_products(
                    builder, loop.index, rows, at_byte(builder, columns, builder.mul(loop.index, step)), kept
                )
            for end, register in zip(ends, kept, strict=True):
                builder.store(builder.load(register), end, align=4)
            return context.get_dummy_value()

        given = (a, a_from, a_row, b, b_from, b_row, count, c, c_from, c_row, adds)
        return numba.types.void(*given), write

    return intrinsic(multiply)


def _add_products(builder: Any, index: Any, rows: Sequence[Any], columns: Any, kept: Sequence[Any]) -> None:
    """Add to every sum the product of the number ``index`` of its row with those of its columns."""
    kind = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
    multiply_add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{LANES}f32")
    taken = [load(builder, columns, PLACE(4 * LANES * half), _FLOATS) for half in range(BESIDE)]
    nothing = ir.Constant(_FLOATS, ir.Undefined)
    everywhere = ir.Constant(ir.VectorType(WORD, LANES), [0] * LANES)
    for row, start in enumerate(rows):
        one = load(builder, start, builder.mul(index, PLACE(4)), _FLOAT)
        spread = builder.shuffle_vector(builder.insert_element(nothing, one, WORD(0)), nothing, everywhere)
        for register, column in zip(kept[row * BESIDE :], taken, strict=False):
            builder.store(builder.call(multiply_add, [spread, column, builder.load(register)]), register)


_multiply_13, _multiply_8, _multiply_4 = _tile(13), _tile(8), _tile(4)
_multiply_2, _multiply_1 = _tile(2), _tile(1)


@linked
def multiply(
    height: int,
    a: Any,
    a_from: int,
    a_row: int,
    b: Any,
    b_from: int,
    b_row: int,
    count: int,
    c: Any,
    c_from: int,
    c_row: int,
    adds: int,
) -> None:
    """What ``_tile`` says, for any number of rows."""
    done = 0
    while done < height:
        taken = tile_height(height - done)
        a_at, c_at = a_from + done * a_row, c_from + done * c_row
        if taken == 13:
            _multiply_13(a, a_at, a_row, b, b_from, b_row, count, c, c_at, c_row, adds)
        elif taken == 8:
            _multiply_8(a, a_at, a_row, b, b_from, b_row, count, c, c_at, c_row, adds)
        elif taken == 4:
            _multiply_4(a, a_at, a_row, b, b_from, b_row, count, c, c_at, c_row, adds)
        elif taken == 2:
            _multiply_2(a, a_at, a_row, b, b_from, b_row, count, c, c_at, c_row, adds)
        else:
            _multiply_1(a, a_at, a_row, b, b_from, b_row, count, c, c_at, c_row, adds)
        done += taken


@inlined()
def prepare(x: Array, before: int, norm: Array, eps: float, row: Array) -> None:
    """Do with a row of x what a layer does ``before`` it multiplies."""
    if before == NORMED:
        norm_row(x, norm, eps, row)
    elif before == GATED:
        gate_row(x, row)
    else:
        for d in range(len(x)):
            row[d] = x[d]


@inlined()
def _prepared(x: Array, before: int, norm: Array, eps: float, inputs: int) -> Array:
    """Rows (n, inputs and some unused) as a layer reads them.

    They lie an odd number of cache lines apart: else those of a tile share few places in the first cache.
    """
    lines = (inputs + LANES - 1) // LANES
    rows = np.empty((len(x), (lines + 1 - lines % 2) * LANES), np.float32)
    for i in range(len(x)):
        prepare(x[i], before, norm, eps, rows[i, :inputs])
    return rows


@inlined(maths=IN_ORDER)
def _finish(sums: Array, height: int, top: int, bias: Array, out: Array, first: int, adds: bool) -> None:
    """Turn the sums (height, 32) of a tile into outputs, from row ``top`` and column ``first`` on.

    If it ``adds``, they are added to what is there.
    """
    for i in range(height):
        for j in range(min(OUTPUTS, out.shape[1] - first)):
            made = sums[i, j] + bias[first + j]
            out[top + i, first + j] = out[top + i, first + j] + made if adds else made


@inlined(early=True)
def _blocks(first: int, last: int, rows: Array, packed: Array, bias: Array, out: Array, adds: bool) -> None:
    """The outputs of the blocks from ``first`` to before ``last``."""
    inputs, apart = packed.shape[1], rows.shape[1]
    panel = max(1, PANEL // (inputs * OUTPUTS))
    sums = np.empty((TALLEST, OUTPUTS), np.float32)
    for begin in range(first, last, panel):
        top = 0
        while top < len(rows):
            height = tile_height(len(rows) - top)
            for block in range(begin, min(begin + panel, last)):
                weights = block * inputs * OUTPUTS
                multiply(
                    height, rows, top * apart, apart, packed, weights, OUTPUTS, inputs, sums, 0, OUTPUTS, 0
                )
                _finish(sums, height, top, bias, out, block * OUTPUTS, adds)
            top += height


@compiled()
def _multiply_alone(
    x: Array, before: int, norm: Array, eps: float, packed: Array, bias: Array, out: Array, adds: bool
) -> None:
    _blocks(0, len(packed), _prepared(x, before, norm, eps, packed.shape[1]), packed, bias, out, adds)


@compiled(parallel=True)
def _multiply_in_threads(
    x: Array,
    before: int,
    norm: Array,
    eps: float,
    packed: Array,
    bias: Array,
    out: Array,
    adds: bool,
    parts: int,
) -> None:
    rows = _prepared(x, before, norm, eps, packed.shape[1])
    for part in numba.prange(parts):
        first, last = part * len(packed) // parts, (part + 1) * len(packed) // parts
        _blocks(first, last, rows, packed, bias, out, adds)


def warm_up() -> None:
    """Compile what a step needs, or load it."""
    for inputs in (4, 4 + WORTH_THREADS // OUTPUTS) if threads() > 1 else (4,):
        TiledLinear(torch.zeros(OUTPUTS, inputs), None)(torch.zeros(1, inputs))


class TiledLayer(nn.Module, ABC):
    """``y = x Wᵀ + b`` whose weights lie in blocks of 32 outputs, in the order in which they are read."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weights = weight.numel() + (0 if bias is None else bias.numel())
        self._outputs = len(weight)
        self._bias = np.zeros(-(-self._outputs // OUTPUTS) * OUTPUTS, np.float32)
        if bias is not None:
            self._bias[: self._outputs] = bias.numpy()

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, in) to (…, out)."""
        rows: Array = x.reshape(-1, x.shape[-1]).contiguous().numpy()
        return torch.from_numpy(self.multiply(rows)).view(*x.shape[:-1], -1)

    @abstractmethod
    def multiply(
        self, x: Array, before: int = PLAIN, norm: Norm = NO_NORM, *, into: Array | None = None
    ) -> Array:
        """The outputs (n, out) of rows, which go through what is to be done ``before``; added to ``into``."""

    def parts(self) -> int:
        """Among how many threads its work is shared.

        The layer decides that and not the number of rows, so that no row's sums depend on those beside it.
        """
        return threads() if self.weights > WORTH_THREADS else 1


class TiledLinear(TiledLayer):
    """A layer in float32. Each sum is added up from its beginning to its end."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__(weight, bias)
        padded = np.zeros((len(self._bias), weight.shape[1]), np.float32)
        padded[: self._outputs] = weight.numpy()
        blocks = padded.reshape(-1, OUTPUTS, weight.shape[1]).swapaxes(1, 2)
        self._packed = np.ascontiguousarray(blocks), self._bias

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
