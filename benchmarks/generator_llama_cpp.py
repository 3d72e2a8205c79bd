"""llama.cpp beside our loop: the same prompt, run once for all candidates, and as many tokens of each.

No sampling: the tokens are given, so that only the network is measured. Its library (``llama-cpp-python``)
must be importable, and is asked through its C interface: its Python classes write one text at a time.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, dequantize, quantize


class LlamaCpp:
    """A model of llama.cpp that writes N texts behind one prompt."""

    def __init__(self, path: Path, prompt: Sequence[int], new: int, threads: int) -> None:
        self._library: Any = importlib.import_module("llama_cpp")
        self._prompt, self._new, self._threads = list(prompt), new, threads
        self._quiet = self._library.llama_log_callback(lambda *_: None)
        self._library.llama_log_set(self._quiet, None)
        self._library.llama_backend_init()
        parameters = self._library.llama_model_default_params()
        self._model = self._library.llama_model_load_from_file(str(path).encode(), parameters)

    def __call__(self, count: int) -> None:
        """Write so many texts."""
        parameters = self._library.llama_context_default_params()
        parameters.n_ctx = len(self._prompt) + count * (self._new + 1) + 64
        parameters.n_batch = parameters.n_ubatch = 512
        parameters.n_threads = parameters.n_threads_batch = self._threads
        parameters.n_seq_max = count
        parameters.kv_unified = True
        context = self._library.llama_init_from_model(self._model, parameters)
        try:
            everyone = list(range(count))
            self._step(context, self._prompt, range(len(self._prompt)), [everyone] * len(self._prompt))
            for place in range(self._new):
                position = len(self._prompt) + place
                self._step(context, [6 + place] * count, [position] * count, [[row] for row in everyone])
        finally:
            self._library.llama_free(context)

    def _step(
        self, context: Any, tokens: Sequence[int], positions: Sequence[int], rows: Sequence[list[int]]
    ) -> None:
        batch = self._library.llama_batch_init(len(tokens), 0, max(map(len, rows)))
        batch.n_tokens = len(tokens)
        for place, (token, position, own) in enumerate(zip(tokens, positions, rows, strict=True)):
            batch.token[place], batch.pos[place], batch.n_seq_id[place] = token, position, len(own)
            for number, row in enumerate(own):
                batch.seq_id[place][number] = row
            batch.logits[place] = len(own) == 1 or place == len(tokens) - 1
        failed = self._library.llama_decode(context, batch)
        self._library.llama_synchronize(context)
        self._library.llama_batch_free(batch)
        assert not failed, failed


def llama_cpp_ways(
    files: Sequence[Path], prompt: Sequence[int], new: int, threads: int
) -> dict[str, Callable[[int], object]]:
    """A way for each GGUF file, named after it."""
    return {f"llama_cpp_{path.stem}": LlamaCpp(path, prompt, new, threads) for path in files}


def write_in_format(source: Path, target: Path, kind: GGMLQuantizationType) -> None:
    """Write a GGUF file's model with all matrices in another format, for a comparison at equal bits."""
    reader = GGUFReader(source)
    writer = GGUFWriter(target, str(reader.fields["general.architecture"].contents()))
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name not in ("general.architecture", "general.file_type"):
            inner = field.types[-1] if field.types[0] is GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    for tensor in reader.tensors:
        values = np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type))
        values = values.reshape(tuple(reversed([int(size) for size in tensor.shape])))
        if values.ndim == 1:
            writer.add_tensor(tensor.name, values)
        else:
            writer.add_tensor(tensor.name, quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
