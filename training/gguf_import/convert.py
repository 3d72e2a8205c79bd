"""``python -m training import FILE.gguf OUT``: an operator's GGUF file as a model folder in safetensors.

Everything that can be wrong is looked for before the first byte is written: types, names, shapes against the
network that the configuration describes, the tokenizer, the room on the disk. Then the weights are written
tensor by tensor, a few rows at a time, into a folder beside the wanted one, which is renamed at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from gguf import GGMLQuantizationType, dequantize
from numpy.typing import NDArray
from transformers import AutoConfig, AutoModelForCausalLM

from autoresponder.model.identity import write_identity
from training.adapter import Adapter
from training.gguf_import.architectures import (
    Architecture,
    Settings,
    architecture_of,
    llama_3_scaling,
    row_order,
)
from training.gguf_import.header import GgufError, GgufHeader, TensorEntry, read_header
from training.gguf_import.tokenizer import read_tokenizer

CONVERTER = "gguf-1"
"""Version of what this module makes of a file; part of the result's identity."""

SLICE_BYTES = 1 << 26  # of float32 values that are in memory at a time
ROOM_TO_SPARE = 1 << 28  # bytes of disk for what is not weights

_KEPT = {
    GGMLQuantizationType.F32: "F32",
    GGMLQuantizationType.F16: "F16",
    GGMLQuantizationType.BF16: "BF16",
}
"""Formats that are copied as they are; all others become float32."""
_BYTES = {"F32": 4, "F16": 2, "BF16": 2}


@dataclass(frozen=True)
class PlannedTensor:
    """A tensor to be written, and what is to be done to it on the way."""

    name: str
    entry: TensorEntry
    shape: tuple[int, ...]
    format: str
    order: NDArray[np.int64] | None = None
    transposed: bool = False
    subtracted: float = 0.0
    adapter: Adapter | None = None

    @property
    def size(self) -> int:
        """Bytes it will take."""
        return int(np.prod(self.shape, dtype=object)) * _BYTES[self.format]


def import_gguf(
    source: Path,
    target: Path,
    *,
    end_token: str | None = None,
    adapter: Adapter | None = None,
    watch: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Write the model folder ``target`` from the file ``source``; gives a report.

    ``adapter`` is added to the weights; ``watch`` hears how many bytes of the file are done. Raises
    GgufError, with nothing left behind, for whatever cannot be imported, and UsageError for an adapter that
    does not fit.
    """
    if target.exists():
        raise GgufError(f"{target} is there already: name a folder that is not, or remove it")
    header = read_header(source)
    name, architecture = architecture_of(header)
    settings = architecture.settings(header, name)
    if "rope_freqs.weight" in header.tensors and "rope_freqs.weight" in architecture.computed:
        factors = _values(source, header.tensors["rope_freqs.weight"])
        settings["rope_parameters"] = llama_3_scaling(factors, settings)
    tokenizer = read_tokenizer(header, end_token)
    settings |= {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    planned = plan(header, architecture, settings)
    if adapter is not None:
        planned = _adapted(planned, adapter)
    _check_network(settings, planned)
    _check_room(target.parent, planned)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=_made(target.parent)))
    try:
        write_weights(source, planned, folder / "model.safetensors", watch)
        _write_json(folder / "config.json", settings | {"dtype": "float32"})
        tokenizer.save_pretrained(folder)
        identity = write_identity(
            folder,
            source=source.name,
            source_sha256=_sha256(source),
            adapter_sha256=None if adapter is None else adapter.sha256,
            converter=CONVERTER,
        )
        folder.chmod(0o755)
        folder.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "folder": str(target),
        "architecture": name,
        "weights": sum(int(np.prod(tensor.shape, dtype=object)) for tensor in planned),
        "bytes": sum(tensor.size for tensor in planned),
        "identity": identity,
        "end_token": tokenizer.eos_token,
    }


def plan(header: GgufHeader, architecture: Architecture, settings: Settings) -> list[PlannedTensor]:
    """What is to be written for every tensor of a file. Raises GgufError for one without a place."""
    return [
        _planned(entry, architecture, settings)
        for name, entry in header.tensors.items()
        if name not in architecture.computed
    ]


def _planned(entry: TensorEntry, architecture: Architecture, settings: Settings) -> PlannedTensor:
    form, block, ending = _split(entry.name)
    if form not in architecture.names:
        raise GgufError(f"the tensor {entry.name} has no place in this architecture; nothing is left out")
    try:
        dequantize(np.zeros((1, entry.row_bytes), np.uint8), entry.type)
    except NotImplementedError:
        raise GgufError(
            f"{entry.name} is in {entry.type.name}, which the gguf library cannot undo: "
            "export the file in another format"
        ) from None
    name = architecture.names[form].format(block)
    is_norm = architecture.norms_plus_one and ending.endswith("norm.weight")
    order = None
    if ending in architecture.permuted:
        heads = settings["num_attention_heads" if "_q." in ending else "num_key_value_heads"]
        if entry.shape[0] % (2 * heads):
            raise GgufError(f"{entry.name} has {entry.shape[0]} rows, which {heads} heads do not divide")
        if len(entry.shape) == 1 and entry.type not in _KEPT:
            raise GgufError(f"{entry.name} is in {entry.type.name}, whose blocks span several rows")
        order = row_order(entry.shape[0], heads)
    transposed = ending in architecture.transposed
    return PlannedTensor(
        name,
        entry,
        tuple(reversed(entry.shape)) if transposed else entry.shape,
        "F32" if is_norm else _KEPT.get(entry.type, "F32"),
        order,
        transposed,
        1.0 if is_norm else 0.0,
    )


def _adapted(planned: list[PlannedTensor], adapter: Adapter) -> list[PlannedTensor]:
    """Plan that an adapter is added; what it changes becomes float32."""
    adapter.check({tensor.name: tensor.shape for tensor in planned})
    if any(tensor.transposed for tensor in planned):
        raise GgufError("adapters of GPT-2 are not added to a file of this form")
    return [
        replace(tensor, format="F32", adapter=adapter) if tensor.name in adapter.names else tensor
        for tensor in planned
    ]


def _split(name: str) -> tuple[str, int, str]:
    """A tensor's name with its block's number as ``{}``, the number, and the name within the block."""
    found = re.fullmatch(r"blk\.(\d{1,4})\.(.+)", name)
    if found is None:
        return name, 0, name
    return f"blk.{{}}.{found[2]}", int(found[1]), found[2]


def _check_network(settings: Settings, planned: list[PlannedTensor]) -> None:
    """Compare names and shapes with the network that the configuration describes, which is not filled."""
    config = AutoConfig.for_model(**settings)
    auto: Any = AutoModelForCausalLM
    with torch.device("meta"):
        network = auto.from_config(config)
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    if settings["tie_word_embeddings"]:
        expected.pop("lm_head.weight", None)
    found = {tensor.name: tensor.shape for tensor in planned}
    if missing := sorted(expected.keys() - found.keys()):
        raise GgufError(f"the file lacks {missing[0]} and {len(missing) - 1} more tensors")
    if surplus := sorted(found.keys() - expected.keys()):
        raise GgufError(f"{surplus[0]} has no place in the network that the file describes")
    for name, shape in expected.items():
        if found[name] != shape:
            raise GgufError(f"{name} has the shape {found[name]} in the file; {shape} is needed")


def _check_room(parent: Path, planned: list[PlannedTensor]) -> None:
    needed = sum(tensor.size for tensor in planned) + ROOM_TO_SPARE
    there = next(folder for folder in (parent, *parent.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise GgufError(f"{needed >> 20} MiB are needed on the disk of {parent}, and {free >> 20} are free")


def write_weights(
    source: Path, planned: list[PlannedTensor], target: Path, watch: Callable[[int], None] = lambda _: None
) -> None:
    """Write a safetensors file, holding at most one tensor as it is in the file and a slice of its values.

    By hand, since the library wants all tensors in memory: eight bytes for the length of the header, the
    header in JSON, the data.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for tensor in planned:
        header[tensor.name] = {
            "dtype": tensor.format,
            "shape": tensor.shape,
            "data_offsets": [end, end + tensor.size],
        }
        end += tensor.size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the data begins aligned
    with source.open("rb") as read, target.open("wb") as write:
        write.write(len(text).to_bytes(8, "little") + text)
        done = 0
        for tensor in planned:
            for part in _slices(read, tensor):
                write.write(part.tobytes())
            done += tensor.entry.rows * tensor.entry.row_bytes
            watch(done)
        write.flush()
        os.fsync(write.fileno())


def _slices(read: BinaryIO, tensor: PlannedTensor) -> Iterator[NDArray[Any]]:
    """A tensor's data in the form in which it is written, a few rows at a time unless it is turned round."""
    entry = tensor.entry
    if tensor.transposed:
        yield np.ascontiguousarray(_finished(_rows(read, entry, 0, entry.rows), tensor).T)
    elif tensor.order is not None:
        rows = _rows(read, entry, 0, entry.rows)
        rows = rows.reshape(len(tensor.order), -1)[tensor.order].reshape(rows.shape)
        step = _step(entry)
        for first in range(0, entry.rows, step):
            yield _finished(rows[first : first + step], tensor, first)
    else:
        step = _step(entry)
        for first in range(0, entry.rows, step):
            yield _finished(_rows(read, entry, first, min(step, entry.rows - first)), tensor, first)


def _step(entry: TensorEntry) -> int:
    """Rows whose values fit into a slice."""
    return max(1, SLICE_BYTES // (4 * entry.shape[-1]))


def _rows(read: BinaryIO, entry: TensorEntry, first: int, count: int) -> NDArray[np.uint8]:
    """So many rows as bytes (count, bytes of a row)."""
    read.seek(entry.start + first * entry.row_bytes)
    data = read.read(count * entry.row_bytes)
    if len(data) < count * entry.row_bytes:
        raise GgufError("the file became shorter while it was read")
    return np.frombuffer(data, np.uint8).reshape(count, entry.row_bytes)


def _finished(rows: NDArray[np.uint8], tensor: PlannedTensor, first: int = 0) -> NDArray[Any]:
    """Rows of bytes, from a first one on, as the values that are written; formats that are kept stay bits."""
    if tensor.format in ("F16", "BF16"):
        return rows.view(np.uint16)
    with np.errstate(invalid="ignore", over="ignore"):
        values = dequantize(rows, tensor.entry.type)
    if not np.isfinite(values).all():
        raise GgufError(f"{tensor.entry.name} holds numbers that are not finite: copy the file again")
    if tensor.adapter is not None:
        values = values + tensor.adapter.rows(tensor.name, first, len(rows))
    return values - np.float32(tensor.subtracted) if tensor.subtracted else values


def _values(source: Path, entry: TensorEntry) -> NDArray[np.float32]:
    with source.open("rb") as read:
        return np.asarray(dequantize(_rows(read, entry, 0, entry.rows), entry.type)).reshape(-1)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
