"""A GGUF file becomes a model folder with the same weights and the same tokenizer, or is refused."""

from __future__ import annotations

import inspect
import json
import math
import resource
import struct
import tracemalloc
from pathlib import Path
from typing import Any, cast

import gguf
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from tokenizers import Regex, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

from autoresponder.errors import ModelCorruptError
from autoresponder.model.identity import identity_hash
from tests.training.gguf_files import (
    CONFIGS,
    CORPUS,
    END,
    byte_level,
    make_network,
    sentence_piece,
    write_gguf,
)
from training.command_line import run_command
from training.gguf_import import convert
from training.gguf_import.architectures import llama_3_scaling
from training.gguf_import.convert import import_gguf
from training.gguf_import.header import GgufError, read_header

Q4_1, Q8_0 = gguf.GGMLQuantizationType.Q4_1, gguf.GGMLQuantizationType.Q8_0


def by_words() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.ByteLevel(add_prefix_space=False)


def by_digits() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), by_words()])


def by_pattern(pattern: str) -> pre_tokenizers.PreTokenizer:
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])


def as_in_llama_3() -> pre_tokenizers.PreTokenizer:
    """With the pattern that transformers converts such tokenizers with."""
    return by_pattern(inspect.signature(TikTokenConverter).parameters["pattern"].default)


def as_in_qwen_2() -> pre_tokenizers.PreTokenizer:
    """With the pattern of transformers' own class."""
    return by_pattern(PRETOKENIZE_REGEX)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return byte_level(by_words())


@pytest.fixture(scope="module")
def small(tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama in GGUF form."""
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    write_gguf(path, "llama", make_network("llama", len(tokenizer)), tokenizer)
    return path


def refused(path: Path, tmp_path: Path, says: str) -> None:
    """The import fails with the words, and leaves nothing behind."""
    out = tmp_path / "models" / "out"
    with pytest.raises(GgufError, match=says):
        import_gguf(path, out)
    assert not out.exists()
    assert not out.parent.exists() or not list(out.parent.iterdir())


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_every_tensor_is_bit_equal_to_the_one_that_was_converted(
    kind: str, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    network = make_network(kind, len(tokenizer))
    write_gguf(tmp_path / "a.gguf", kind, network, tokenizer)
    import_gguf(tmp_path / "a.gguf", tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    expected = dict(network.state_dict())
    if network.config.tie_word_embeddings:
        expected.pop("lm_head.weight")
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        exact = not (kind == "gemma3" and name.endswith("norm.weight"))  # there 1 was added and taken away
        torch.testing.assert_close(found[name], value, atol=0 if exact else 1e-6, rtol=0)


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_the_imported_network_gives_the_logits_of_the_one_that_was_converted(
    kind: str, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    """Configuration, head sizes, windows, norms and all: on a row that is longer than a window."""
    network: Any = make_network(kind, len(tokenizer))
    write_gguf(tmp_path / "a.gguf", kind, network, tokenizer)
    import_gguf(tmp_path / "a.gguf", tmp_path / "out")
    auto: Any = AutoModelForCausalLM
    imported = auto.from_pretrained(tmp_path / "out", dtype=torch.float32)
    ids = torch.arange(2, 42)[None]
    with torch.inference_mode():
        torch.testing.assert_close(imported(ids).logits, network(ids).logits, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("quantisation", [Q4_1, Q8_0])
def test_what_is_quantised_becomes_what_the_library_makes_of_it(
    quantisation: gguf.GGMLQuantizationType, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    network = make_network("llama", len(tokenizer))
    write_gguf(tmp_path / "a.gguf", "llama", network, tokenizer, quantisation=quantisation)
    import_gguf(tmp_path / "a.gguf", tmp_path / "out")
    for name, value in load_file(tmp_path / "out" / "model.safetensors").items():
        original = network.state_dict()[name].numpy()
        if original.ndim == 2:
            packed = gguf.quants.quantize(original, quantisation)
            original = gguf.quants.dequantize(packed, quantisation)
        np.testing.assert_array_equal(value.numpy(), original, err_msg=name)


def test_every_quantisation_of_the_library_is_imported_and_any_other_refused_before_a_byte_is_written(
    small: Path, tmp_path: Path
) -> None:
    """The last tensor's type is changed in the header of a file that is made long enough."""
    header = read_header(small)
    name = list(header.tensors)[-1]
    raw = small.read_bytes()[: header.tensors[name].start]
    place = raw.index(text(name)) + len(text(name))
    dimensions = struct.unpack_from("<I", raw, place)[0]
    at = place + 4 + 8 * dimensions
    outcomes = {}
    for kind in gguf.GGMLQuantizationType:
        path = tmp_path / f"{kind.name}.gguf"
        path.write_bytes(raw[:at] + struct.pack("<I", kind.value) + raw[at + 4 :] + bytes(1 << 17))
        try:
            import_gguf(path, tmp_path / kind.name)
            outcomes[kind.name] = True
        except GgufError:
            outcomes[kind.name] = False
            assert not (tmp_path / kind.name).exists()
    known = {kind.name for kind in gguf.quants._type_traits} | {"F32", "F16"}
    rows = header.tensors[name].shape[-1]
    fits = {name for name in known if rows % gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]][0] == 0}
    assert {name for name, done in outcomes.items() if done} == fits
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("0123456789 \n\t.,'"),
        st.sampled_from(list("🙂é日")),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("pre", "split", "more"),
    [
        ("gpt-2", by_words, {}),
        ("smollm", by_digits, {}),
        ("llama-bpe", as_in_llama_3, {"whole_words": True}),
        ("qwen2", as_in_qwen_2, {"composed": True}),
    ],
)
def test_the_tokenizer_gives_the_same_ids(
    pre: str, split: Any, more: dict[str, bool], tmp_path: Path
) -> None:
    original = byte_level(split(), **more)
    write_gguf(tmp_path / "a.gguf", "llama", make_network("llama", len(original)), original, pre=pre)
    import_gguf(tmp_path / "a.gguf", tmp_path / "out")
    imported = PreTrainedTokenizerFast.from_pretrained(tmp_path / "out")
    assert imported.eos_token == END

    @given(TEXTS)
    def same(text: str) -> None:
        for written in (text, f"{text}<|im_start|>{text}", *CORPUS):
            assert imported.encode(written) == original.encode(written)
            assert imported.decode(imported.encode(written)) == original.decode(original.encode(written))

    same()


def test_a_sentence_piece_tokenizer_gives_the_same_ids(tmp_path: Path) -> None:
    original = sentence_piece()
    write_gguf(tmp_path / "a.gguf", "llama", make_network("llama", len(original)), original)
    import_gguf(tmp_path / "a.gguf", tmp_path / "out")
    imported = PreTrainedTokenizerFast.from_pretrained(tmp_path / "out")

    @given(TEXTS)
    def same(text: str) -> None:
        for written in (text, *CORPUS):
            ids = imported.encode(written, add_special_tokens=False)
            assert ids == original.encode(written, add_special_tokens=False)
            assert imported.decode(ids) == original.decode(ids)

    same()


@pytest.mark.parametrize("adds_bos", [True, False, None])
def test_a_text_begins_with_the_first_token_once_where_the_file_says_so(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, adds_bos: bool | None
) -> None:
    network = make_network("llama", len(tokenizer))
    write_gguf(tmp_path / "a.gguf", "llama", network, tokenizer, adds_bos=adds_bos)
    import_gguf(tmp_path / "a.gguf", tmp_path / "out")
    imported = PreTrainedTokenizerFast.from_pretrained(tmp_path / "out")
    ids = imported.encode("hello frank")
    assert ids.count(imported.bos_token_id) == (1 if adds_bos else 0)
    assert ids[-2:] == tokenizer.encode("hello frank")[-2:]


def test_a_way_of_splitting_that_is_not_known_is_refused_by_name(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    path = tmp_path / "a.gguf"
    write_gguf(path, "llama", make_network("llama", len(tokenizer)), tokenizer, pre="deepseek-llm")
    refused(path, tmp_path, "'deepseek-llm'")


def test_the_end_token_can_be_chosen(small: Path, tmp_path: Path) -> None:
    report = import_gguf(small, tmp_path / "out", end_token="<|im_start|>")
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert report["end_token"] == "<|im_start|>"
    assert config["eos_token_id"] == config["bos_token_id"] == 1
    refusal = pytest.raises(GgufError, match="no token '<nothing>'")
    with refusal:
        import_gguf(small, tmp_path / "other", end_token="<nothing>")


def _llama_3_factors(size: int) -> np.ndarray[Any, Any]:
    """What the converter writes into rope_freqs.weight: plain frequencies over Llama 3's, by transformers."""
    rotary = {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    config = LlamaConfig(hidden_size=2 * size, num_attention_heads=2, head_dim=size, rope_parameters=rotary)
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    plain = 500000.0 ** -(torch.arange(0, size, 2).double() / size)
    return (plain / scaled).float().numpy()


def test_llama_3s_scaling_is_read_from_the_tensor_that_holds_it() -> None:
    settings = {"rope_parameters": {"rope_theta": 500000.0}, "head_dim": 64}
    found = llama_3_scaling(_llama_3_factors(64), settings)
    assert found["rope_type"] == "llama3"
    assert math.isclose(found["factor"], 32, rel_tol=1e-3)
    with pytest.raises(GgufError, match="Llama 3's factors"):
        llama_3_scaling(_llama_3_factors(64) * 2, settings)


def test_a_scaling_tensor_that_is_not_llama_3s_is_refused(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    network = make_network("llama", len(tokenizer))
    factors = {"rope_freqs.weight": np.full(4, 2.0, np.float32)}
    write_gguf(tmp_path / "a.gguf", "llama", network, tokenizer, extra=factors)
    refused(tmp_path / "a.gguf", tmp_path, "rope_freqs")


def test_a_tensor_without_a_place_is_refused(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    surplus = {"blk.0.attn_sinks.weight": np.zeros(4, np.float32)}
    write_gguf(tmp_path / "a.gguf", "llama", make_network("llama", len(tokenizer)), tokenizer, extra=surplus)
    refused(tmp_path / "a.gguf", tmp_path, "attn_sinks")


def test_an_architecture_that_is_not_known_is_refused_by_name(small: Path, tmp_path: Path) -> None:
    raw = small.read_bytes()
    path = tmp_path / "a.gguf"
    path.write_bytes(raw.replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0olmoe", 1))
    refused(path, tmp_path, "'olmoe'")


def test_a_file_cut_at_any_kilobyte_is_refused(small: Path, tmp_path: Path) -> None:
    raw = small.read_bytes()
    path = tmp_path / "cut.gguf"
    for length in range(0, len(raw) - 1024, 1024):
        path.write_bytes(raw[:length])
        with pytest.raises(GgufError):
            read_header(path)
    path.write_bytes(raw[:-64])
    with pytest.raises(GgufError, match="cut"):
        read_header(path)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def crafted(*, entries: bytes = b"", count: int = 0, tensors: bytes = b"", tensor_count: int = 0) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensor_count, count) + entries + tensors


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    dimensions = b"".join(struct.pack("<Q", size) for size in shape)
    return text(name) + struct.pack("<I", len(shape)) + dimensions + struct.pack("<IQ", kind, offset)


CRAFTED = {
    "no magic": b"GGML" + bytes(40),
    "big endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "a key of 2^63 bytes": crafted(entries=struct.pack("<Q", 1 << 63), count=1),
    "a text of 2^63 bytes": crafted(entries=text("a") + struct.pack("<IQ", 8, 1 << 63), count=1),
    "2^62 entries": crafted(count=1 << 62),
    "2^62 tensors": crafted(tensor_count=1 << 62),
    "an array of 2^60": crafted(entries=text("a") + struct.pack("<IIQ", 9, 4, 1 << 60), count=1),
    "texts of 2^20": crafted(entries=text("a") + struct.pack("<IIQ", 9, 8, 1 << 20), count=1),
    "arrays in arrays": crafted(entries=text("a") + struct.pack("<IIQ", 9, 9, 1) + bytes(20), count=1),
    "an unknown type": crafted(entries=text("a") + struct.pack("<I", 99), count=1),
    "not UTF-8": crafted(entries=struct.pack("<Q", 2) + b"\xff\xfe", count=1),
    "a key twice": crafted(entries=(text("a") + struct.pack("<II", 4, 1)) * 2, count=2),
    "alignment 0": crafted(entries=text("general.alignment") + struct.pack("<II", 4, 0), count=1),
    "alignment 2^30": crafted(entries=text("general.alignment") + struct.pack("<II", 4, 1 << 30), count=1),
    "2^31 dimensions": crafted(tensors=text("t") + struct.pack("<I", 1 << 31), tensor_count=1),
    "a product that wraps": crafted(tensors=tensor("t", (1 << 32, 1 << 32, 4)), tensor_count=1),
    "a dimension of 0": crafted(tensors=tensor("t", (0,)), tensor_count=1),
    "a tensor past the end": crafted(tensors=tensor("t", (4,), offset=1 << 40), tensor_count=1) + bytes(99),
    "an unaligned tensor": crafted(tensors=tensor("t", (4,), offset=3), tensor_count=1) + bytes(99),
    "overlapping tensors": crafted(tensors=tensor("t", (4,)) + tensor("u", (4,)), tensor_count=2) + bytes(99),
    "a name twice": crafted(tensors=tensor("t", (4,)) + tensor("t", (4,), 0, 32), tensor_count=2) + bytes(99),
    "an unknown format": crafted(tensors=tensor("t", (4,), kind=4711), tensor_count=1) + bytes(99),
    "half a block": crafted(tensors=tensor("t", (7,), kind=Q8_0.value), tensor_count=1) + bytes(99),
    "nothing in it": crafted(),
}


@pytest.mark.parametrize("name", list(CRAFTED))
def test_a_crafted_file_is_refused_with_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "crafted.gguf"
    path.write_bytes(CRAFTED[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, tmp_path, "crafted.gguf|general.architecture")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


@given(st.data())
def test_a_header_with_any_bytes_changed_is_read_or_refused(small: Path, data: st.DataObject) -> None:
    raw = bytearray(small.read_bytes())
    end = min(entry.start for entry in read_header(small).tensors.values())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    changed = small.with_name("changed.gguf")
    changed.write_bytes(raw)
    try:
        header = read_header(changed)
    except GgufError:
        return
    for entry in header.tensors.values():
        assert 0 <= entry.start <= entry.start + entry.size <= len(raw)


def test_a_folder_that_is_there_is_not_written_over(small: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(GgufError, match="there already"):
        import_gguf(small, tmp_path / "out")


def test_a_failure_half_way_leaves_nothing_behind(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file shrinks while it is read: the header still names what is no longer there."""
    whole = read_header(small)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(small.read_bytes()[:-4096])
    monkeypatch.setattr(convert, "read_header", lambda _: whole)
    with pytest.raises(GgufError, match="shorter"):
        import_gguf(cut, tmp_path / "models" / "out")
    assert not list((tmp_path / "models").iterdir())


def test_no_more_memory_is_taken_than_for_the_largest_tensor(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve tensors of four megabytes, and less than four of them at a time: dequantising copies."""
    monkeypatch.setattr(CONFIGS["llama"], "intermediate_size", 1 << 14)
    monkeypatch.setattr(CONFIGS["llama"], "num_hidden_layers", 4)
    network = make_network("llama", len(tokenizer))
    path = tmp_path / "a.gguf"
    write_gguf(path, "llama", network, tokenizer, quantisation=Q8_0)
    whole = sum(parameter.numel() * 4 for parameter in network.parameters())
    largest = max(parameter.numel() * 4 for parameter in network.parameters())
    del network
    tracemalloc.start()
    try:
        import_gguf(path, tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "out" / "model.safetensors").stat().st_size > whole
    assert peak < 4 * largest < whole / 2


def test_too_small_a_disk_is_noticed_before_anything_is_written(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "ROOM_TO_SPARE", 1 << 60)
    refused(small, tmp_path, "MiB are needed")


def test_the_identity_is_that_of_the_file_and_the_weights_are_tied_to_it(small: Path, tmp_path: Path) -> None:
    report = import_gguf(small, tmp_path / "a")
    weights = tmp_path / "a" / "model.safetensors"
    assert identity_hash(tmp_path / "a", [weights]) == report["identity"]
    assert import_gguf(small, tmp_path / "b", end_token="<|im_start|>")["identity"] == report["identity"]
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(ModelCorruptError, match="not those"):
        identity_hash(tmp_path / "a", [weights])


def test_the_command_reports_what_it_made_or_says_in_one_line_why_not(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, unread = tmp_path / "out", cast("Any", lambda _: None)
    assert run_command(unread, ["import", str(small), str(out)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["folder"] == str(out)
    assert run_command(unread, ["import", str(small), str(out)]) == 2
    assert (
        capsys.readouterr().err == f"error: {out} is there already: name a folder that is not, or remove it\n"
    )
