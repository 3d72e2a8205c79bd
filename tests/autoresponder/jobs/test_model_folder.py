"""A model folder loads whole, and everything that can be wrong with one says what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2LMHeadModel

from autoresponder.errors import (
    HeadMismatchError,
    ModelCorruptError,
    ModelError,
    ModelMissingError,
    TokenizerMismatchError,
)
from autoresponder.heads.files import save_head
from autoresponder.heads.head_2021 import HEAD_NAMES, GeneratorIdentity, Head, HeadSettings
from autoresponder.jobs.model_folder import load_generator, load_heads, pick_device, pick_dtype
from autoresponder.model.weights import content_hash, find_model, weight_files
from autoresponder.settings import GeneratorConfig
from tests.autoresponder.conftest import make_network


@pytest.fixture
def folder(bare_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bare_folder, tmp_path / "tiny"))


def change_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def drop_weight(path: Path, name: str) -> None:
    weights = load_file(path)
    del weights[name]
    save_file(weights, path, metadata={"format": "pt"})


def only_pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def only_a_bad_index(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../x"}}')


def grow_tokenizer(folder: Path) -> None:
    inner = json.loads((folder / "tokenizer.json").read_text())
    inner["added_tokens"].append(dict(inner["added_tokens"][0], id=372, content="<|more|>"))
    (folder / "tokenizer.json").write_text(json.dumps(inner))


def test_a_whole_folder_loads(bare_folder: Path, network: GPT2LMHeadModel) -> None:
    generator = load_generator(str(bare_folder), device="cpu")
    ids = torch.tensor([[5, 6, 7]])
    torch.testing.assert_close(generator.network(ids).logits, network(ids).logits)
    assert generator.positions == 256
    assert generator.identity.name == "tiny"
    assert generator.identity.sha256 == content_hash([bare_folder / "model.safetensors"])
    assert not any(p.requires_grad for p in generator.network.parameters())


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's list of mapped files")
@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_a_packed_network_lets_the_file_of_its_weights_go(folder: Path, dtype: str) -> None:
    generator = load_generator(str(folder), device="cpu", dtype=dtype)
    assert str(folder) not in Path("/proc/self/maps").read_text()
    del generator


def test_one_of_several_end_tokens_may_be_the_tokenizers(bare_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(bare_folder, tmp_path / "several"))
    change_json(folder / "config.json", eos_token_id=[7, 0])
    assert load_generator(str(folder), device="cpu").encoder.eot == 0


def test_a_checkpoint_in_several_files_loads(
    bare_folder: Path, tmp_path: Path, network: GPT2LMHeadModel
) -> None:
    folder = Path(shutil.copytree(bare_folder, tmp_path / "sharded"))
    (folder / "model.safetensors").unlink()
    network.save_pretrained(folder, max_shard_size="60KB")
    assert len(weight_files(folder)) > 1
    ids = torch.tensor([[5, 6, 7]])
    loaded = load_generator(str(folder), device="cpu")
    torch.testing.assert_close(loaded.network(ids).logits, network(ids).logits)


def test_what_is_loaded_is_hashed_whatever_index_lies_beside_it(
    bare_folder: Path, tmp_path: Path, network: GPT2LMHeadModel
) -> None:
    """transformers loads the one file where there is one; an index of other files is left over."""
    folder = Path(shutil.copytree(bare_folder, tmp_path / "both"))
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "gone.safetensors"}}')
    assert load_generator(str(folder), device="cpu").identity.sha256 == content_hash(
        [folder / "model.safetensors"]
    )
    other = make_network(372, 0, layers=4)
    other.transformer.wte.weight.data.add_(1)
    other.save_pretrained(tmp_path / "shards", max_shard_size="60KB")
    for path in (tmp_path / "shards").glob("model*"):
        shutil.copy(path, folder)
    loaded = load_generator(str(folder), device="cpu")
    assert loaded.identity.sha256 == content_hash([folder / "model.safetensors"])
    ids = torch.tensor([[5, 6, 7]])
    torch.testing.assert_close(loaded.network(ids).logits, network(ids).logits)


@pytest.mark.parametrize(
    "changes",
    [
        {"attn_implementation": "flash_attention_2"},
        {"_attn_implementation": "eager"},
        {"dtype": "float16"},
        {"torch_dtype": "bfloat16"},
    ],
)
def test_wishes_of_the_configuration_about_the_engine_are_not_followed(
    folder: Path, network: GPT2LMHeadModel, changes: dict[str, str]
) -> None:
    change_json(folder / "config.json", **changes)
    loaded = load_generator(str(folder), device="cpu")
    ids = torch.tensor([[5, 6, 7]])
    torch.testing.assert_close(loaded.network(ids).logits, network(ids).logits)


@pytest.mark.parametrize(
    "content", [{"dtype": "float99"}, {"torch_dtype": 7}, {"layer_norm_epsilon": "tiny"}]
)
def test_strange_values_of_the_configuration_end_in_a_model_error_if_at_all(
    folder: Path, content: dict[str, object]
) -> None:
    change_json(folder / "config.json", **content)
    with suppress(ModelError):
        load_generator(str(folder), device="cpu")


def test_old_attention_buffers_among_the_weights_are_allowed(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    for layer in range(4):
        weights[f"transformer.h.{layer}.attn.bias"] = torch.ones(1, 1, 4, 4)
        weights[f"transformer.h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    load_generator(str(folder), device="cpu")


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_a_padded_vocabulary_loads_and_its_padding_is_never_drawn(
    folder: Path, network: GPT2LMHeadModel, dtype: str
) -> None:
    """372 tokens in a network of 384 rows, whose last ones would be drawn before all others."""
    padded = make_network(384, 0)
    rows = torch.full((384, 32), 9.0)
    rows[:372] = network.transformer.wte.weight
    weights = dict(network.state_dict())
    padded.load_state_dict(weights | dict.fromkeys(("transformer.wte.weight", "lm_head.weight"), rows))
    padded.save_pretrained(folder)
    loaded = load_generator(str(folder), device="cpu", dtype=dtype)
    ids = torch.tensor([[5, 6, 7]])
    found = loaded.network(ids).logits
    assert found.shape[-1] == 372
    if dtype == "float32":
        torch.testing.assert_close(found, network(ids).logits)


@pytest.mark.parametrize("vocabulary", [373, 1024, 371])
def test_a_vocabulary_that_is_not_padded_but_anothers_is_refused(folder: Path, vocabulary: int) -> None:
    make_network(vocabulary, 0).save_pretrained(folder)
    with pytest.raises(TokenizerMismatchError, match="372 tokens"):
        load_generator(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (lambda f: (f / "config.json").unlink(), ModelMissingError, "config.json"),
        (lambda f: (f / "config.json").write_text("{"), ModelCorruptError, "cannot be loaded"),
        (lambda f: (f / "model.safetensors").unlink(), ModelMissingError, "model.safetensors"),
        (lambda f: truncate(f / "model.safetensors"), ModelCorruptError, "not a whole safetensors"),
        (only_pickled, ModelError, "pickled checkpoint"),
        (
            lambda f: drop_weight(f / "model.safetensors", "transformer.ln_f.weight"),
            ModelCorruptError,
            "lack",
        ),
        (lambda f: change_json(f / "config.json", model_type="bloom"), ModelError, "bloom"),
        (lambda f: change_json(f / "config.json", n_embd=64), ModelCorruptError, "cannot be loaded"),
        (lambda f: (f / "tokenizer.json").unlink(), ModelMissingError, "tokenizer.json"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), ModelCorruptError, "tokenizer"),
        (grow_tokenizer, TokenizerMismatchError, "373 tokens, the network 372"),
        (
            lambda f: change_json(f / "config.json", eos_token_id=7),
            TokenizerMismatchError,
            "is 0 for the tokenizer",
        ),
        (
            lambda f: change_json(f / "config.json", eos_token_id=[7, 8]),
            TokenizerMismatchError,
            r"\[7, 8\] for the network",
        ),
        (only_a_bad_index, ModelCorruptError, "no index"),
        (
            lambda f: change_json(f / "config.json", quantization_config={"quant_method": "gptq"}),
            ModelError,
            "quantised",
        ),
        (lambda f: change_json(f / "config.json", n_layer="4"), ModelCorruptError, "n_layer is '4'"),
        (lambda f: change_json(f / "config.json", n_head="four"), ModelCorruptError, "cannot be loaded"),
        (lambda f: change_json(f / "config.json", vocab_size=None), ModelCorruptError, "vocab_size"),
        (lambda f: (f / "config.json").write_text("[]"), ModelCorruptError, "no JSON object"),
        (lambda f: (f / "config.json").write_bytes(b"\xff"), ModelCorruptError, "cannot be loaded"),
        (lambda f: change_json(f / "config.json", model_type=["gpt2"]), ModelError, "holds a"),
        (
            lambda f: change_json(f / "config.json", add_cross_attention=True),
            ModelError,
            "add_cross_attention",
        ),
        (lambda f: change_json(f / "config.json", n_layer=2), ModelCorruptError, "no place for"),
        (lambda f: (f / "adapter_config.json").write_text("{}"), ModelError, "adapter"),
        (lambda f: (f / "tokenizer_config.json").write_text("[]"), ModelCorruptError, "tokenizer"),
        (lambda f: (f / "tokenizer_config.json").write_text("7"), ModelCorruptError, "tokenizer"),
        (
            lambda f: change_json(f / "tokenizer.json", decoder=None),
            TokenizerMismatchError,
            "does not give back",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(
    folder: Path, spoil: Callable[[Path], object], error: type[ModelError], says: str
) -> None:
    spoil(folder)
    with pytest.raises(error, match=says) as raised:
        load_generator(str(folder), device="cpu")
    assert raised.value.hint
    assert "\n" not in raised.value.message


def test_without_a_model_the_error_says_how_to_name_one() -> None:
    default = GeneratorConfig().model
    with pytest.raises(ModelMissingError, match=r"set generator\.model to a folder .* or to hf://OWNER/NAME"):
        find_model(default)


@pytest.mark.parametrize("name", ["/nowhere/at/all", "./nothing", "nothing", "owner/name"])
def test_a_folder_that_is_not_there_is_looked_for_nowhere_else(name: str) -> None:
    with pytest.raises(ModelMissingError, match="no model folder"):
        find_model(name)


def test_a_name_no_hub_can_have_is_refused() -> None:
    with pytest.raises(ModelMissingError, match="HFValidationError"):
        find_model("hf://not/a/name")


def save_heads(folder: Path, identity: GeneratorIdentity) -> None:
    for name in HEAD_NAMES:
        settings = HeadSettings(
            name=name, generator=identity, layers=(1, 2), width=32, n_head=2, mlp_ratio=1, max_tokens=100
        )
        save_head(Head(settings).initialise(torch.Generator().manual_seed(1)), folder)


def test_heads_load_from_the_model_folder_or_another(folder: Path, tmp_path: Path) -> None:
    generator = load_generator(str(folder), device="cpu")
    save_heads(folder / "heads", generator.identity)
    assert set(load_heads(generator)) == {"selector", "sentiment"}
    (folder / "heads").rename(tmp_path / "elsewhere")
    assert set(load_heads(generator, tmp_path / "elsewhere")) == {"selector", "sentiment"}


def test_heads_of_another_generator_are_refused(folder: Path) -> None:
    generator = load_generator(str(folder), device="cpu")
    save_heads(folder / "heads", GeneratorIdentity(name="old", sha256="0" * 64))
    with pytest.raises(HeadMismatchError, match="belongs to the generator old"):
        load_heads(generator)


def test_devices_and_formats() -> None:
    cpu = torch.device("cpu")
    assert pick_device("cpu") == cpu
    assert pick_dtype("auto", cpu) == torch.float32
    assert pick_dtype("auto", torch.device("cuda")) == torch.bfloat16
    assert pick_dtype("float16", cpu) == torch.float16
    for name in ("abacus", "mps", "meta"):
        with pytest.raises(ModelError, match="runs on no device"):
            pick_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there() -> None:
    assert pick_device("auto") == torch.device("cpu")
    with pytest.raises(ModelError, match="none is usable"):
        pick_device("cuda")
