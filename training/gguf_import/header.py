"""The header of a GGUF file: metadata and the list of tensors, read as what a stranger wrote.

Every length is checked against what is left of the file before anything is allocated, sizes are computed
with Python's integers, and every tensor must lie inside the file, aligned, and overlap no other. The
``gguf`` library's own reader trusts these numbers; it is used for undoing the quantisation alone.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

from training.errors import ExitStatus, TrainingError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32
MOST_ALIGNMENT = 1 << 16
MOST_NAME_BYTES = 256  # of a key or a tensor's name
MOST_TEXT_BYTES = 1 << 24  # of a metadata text; chat templates are the longest
MOST_ENTRIES = 1 << 16  # metadata entries, and tensors
MOST_ITEMS = 1 << 22  # of a metadata array; the largest vocabularies have a quarter of a million
MOST_DIMENSIONS = 4

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 10: "Q", 11: "q", 12: "d"}
_BOOLEAN, _STRING, _ARRAY = 7, 8, 9

Value = Any
"""A metadata value: a number, a boolean, a text, or a list of one of these."""


class GgufError(TrainingError):
    """A GGUF file cannot be imported; the text says why and what to do."""

    status = ExitStatus.USAGE


@dataclass(frozen=True)
class TensorEntry:
    """Where a tensor is: ``shape`` from the outermost dimension on, ``start`` from the file's first byte."""

    name: str
    shape: tuple[int, ...]
    type: GGMLQuantizationType
    start: int
    size: int

    @property
    def rows(self) -> int:
        """Number of rows: all dimensions but the last, multiplied."""
        return math.prod(self.shape[:-1])

    @property
    def row_bytes(self) -> int:
        return self.size // self.rows


@dataclass(frozen=True)
class GgufHeader:
    """What stands before a file's data."""

    metadata: Mapping[str, Value]
    tensors: Mapping[str, TensorEntry]

    def text(self, key: str) -> str:
        """A text that must be there. Raises GgufError."""
        value = self.metadata.get(key)
        if not isinstance(value, str):
            raise GgufError(f"the file has no text {key}: it is no language model, or from an old converter")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number above 0; required where there is no ``default``. Raises GgufError."""
        value = self.metadata.get(key, default)
        if isinstance(value, list):  # one for each block
            if len(set(value)) != 1:
                raise GgufError(f"{key} differs from block to block, which no supported architecture has")
            value = value[0]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 31:
            raise GgufError(f"{key} is {value!r} in the file; a number above 0 is needed")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number; required where there is no ``default``. Raises GgufError."""
        value = self.metadata.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise GgufError(f"{key} is {value!r} in the file; a number is needed")
        return float(value)


def read_header(path: Path) -> GgufHeader:
    """Read and check a file's header; nothing of its data. Raises GgufError."""
    try:
        size = path.stat().st_size
        with path.open("rb") as opened:
            return _Reader(opened, size).header()
    except OSError as error:
        raise GgufError(f"{path} cannot be read: {error.strerror}") from None
    except GgufError as error:
        raise GgufError(f"{path}: {error}") from None


class _Reader:
    def __init__(self, opened: BinaryIO, size: int) -> None:
        self._opened = opened
        self._size = size

    def header(self) -> GgufHeader:
        if self._bytes(4, "the magic") != MAGIC:
            raise GgufError("no GGUF file")
        version = self._number("I")
        if version not in VERSIONS:
            raise GgufError(f"version {version} of the format; {VERSIONS} in little-endian order are read")
        tensors, entries = self._count(MOST_ENTRIES, "tensors"), self._count(MOST_ENTRIES, "metadata entries")
        metadata: dict[str, Value] = {}
        for _ in range(entries):
            key = self._text(MOST_NAME_BYTES, "a metadata key")
            if key in metadata:
                raise GgufError(f"{key} twice in the metadata")
            metadata[key] = self._value(self._number("I"), key)
        found = [self._tensor() for _ in range(tensors)]
        return GgufHeader(metadata, self._placed(found, _alignment(metadata)))

    def _bytes(self, count: int, what: str) -> bytes:
        if count > self._size - self._opened.tell():
            raise GgufError(f"{what} reaches beyond the end of the file: it was cut, or is no model")
        return self._opened.read(count)

    def _number(self, form: str) -> Any:
        (value,) = struct.unpack(f"<{form}", self._bytes(struct.calcsize(form), "a number"))
        return value

    def _count(self, most: int, what: str) -> int:
        count = int(self._number("Q"))
        if count > most:
            raise GgufError(f"{count} {what}; at most {most} are read")
        return count

    def _text(self, most: int, what: str) -> str:
        length = self._number("Q")
        if length > most:
            raise GgufError(f"{what} of {length} bytes; at most {most} are read")
        try:
            return self._bytes(length, what).decode()
        except UnicodeDecodeError:
            raise GgufError(f"{what} is not UTF-8") from None

    def _value(self, kind: int, key: str) -> Value:
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        if kind == _BOOLEAN:
            return bool(self._number("B"))
        if kind == _STRING:
            return self._text(MOST_TEXT_BYTES, key)
        if kind == _ARRAY:
            return self._array(key)
        raise GgufError(f"{key} has the unknown type {kind}")

    def _array(self, key: str) -> list[Value]:
        kind, count = self._number("I"), self._count(MOST_ITEMS, f"items of {key}")
        if kind in _NUMBERS:
            form = _NUMBERS[kind]
            raw = self._bytes(count * struct.calcsize(form), key)
            return list(struct.unpack(f"<{count}{form}", raw))
        if kind == _BOOLEAN:
            return [bool(byte) for byte in self._bytes(count, key)]
        if kind == _STRING:
            if count * 8 > self._size - self._opened.tell():  # each has its length in front
                raise GgufError(f"{key} reaches beyond the end of the file")
            return [self._text(MOST_TEXT_BYTES, key) for _ in range(count)]
        raise GgufError(f"{key} is an array of type {kind}; only texts, numbers and booleans are read")

    def _tensor(self) -> TensorEntry:
        name = self._text(MOST_NAME_BYTES, "a tensor's name")
        dimensions = self._number("I")
        if not 1 <= dimensions <= MOST_DIMENSIONS:
            raise GgufError(f"{name} has {dimensions} dimensions; 1 to {MOST_DIMENSIONS} are read")
        shape = tuple(reversed([self._number("Q") for _ in range(dimensions)]))
        code, offset = self._number("I"), self._number("Q")
        if 0 in shape:
            raise GgufError(f"{name} has a dimension of 0")
        try:
            kind = GGMLQuantizationType(code)
            block, block_bytes = GGML_QUANT_SIZES[kind]
        except (ValueError, KeyError):
            raise GgufError(f"{name} has the unknown number format {code}") from None
        if shape[-1] % block:
            raise GgufError(f"{name} has rows of {shape[-1]}, no multiple of {kind.name}'s blocks of {block}")
        return TensorEntry(name, shape, kind, offset, math.prod(shape) // block * block_bytes)

    def _placed(self, tensors: list[TensorEntry], alignment: int) -> dict[str, TensorEntry]:
        """Tensors with their places in the file, by name; each inside it, and apart from the others."""
        base = -(-self._opened.tell() // alignment) * alignment
        placed: dict[str, TensorEntry] = {}
        end, before = base, "the header"
        for entry in sorted(tensors, key=lambda tensor: tensor.start):
            start = base + entry.start
            if entry.start % alignment or start < end:
                raise GgufError(f"{entry.name} overlaps {before} or is not aligned")
            end, before = start + entry.size, entry.name
            if end > self._size:
                raise GgufError(f"{entry.name} reaches beyond the end of the file: it was cut; copy it again")
            if entry.name in placed:
                raise GgufError(f"{entry.name} twice among the tensors")
            placed[entry.name] = TensorEntry(entry.name, entry.shape, entry.type, start, entry.size)
        return placed


def _alignment(metadata: Mapping[str, Value]) -> int:
    value = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(value, int) or not 8 <= value <= MOST_ALIGNMENT or value & (value - 1):
        raise GgufError(f"an alignment of {value!r}; a power of two from 8 to {MOST_ALIGNMENT} is needed")
    return value
