"""A model in another format for llama.cpp is the same model, rounded as that format rounds."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.torch import load_file
from tokenizers import pre_tokenizers

from benchmarks.generator_llama_cpp import write_in_format
from tests.training.gguf_files import byte_level, make_network, write_gguf
from training.gguf_import.convert import import_gguf


@pytest.mark.parametrize("kind", [gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.Q8_0])
def test_a_file_in_another_format_holds_the_same_model(
    kind: gguf.GGMLQuantizationType, tmp_path: Path
) -> None:
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False))
    network = make_network("llama", len(tokenizer))
    write_gguf(tmp_path / "a.gguf", "llama", network, tokenizer)
    write_in_format(tmp_path / "a.gguf", tmp_path / "b.gguf", kind)
    import_gguf(tmp_path / "a.gguf", tmp_path / "a")
    import_gguf(tmp_path / "b.gguf", tmp_path / "b")
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in "ab")
    for name, value in first.items():
        tolerance = 0.0 if kind is gguf.GGMLQuantizationType.F32 else float(value.abs().max()) / 100
        np.testing.assert_allclose(second[name], value, atol=tolerance, rtol=0)
    assert (tmp_path / "a" / "tokenizer.json").read_text() == (tmp_path / "b" / "tokenizer.json").read_text()
