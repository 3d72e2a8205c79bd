"""Adapters in files: as peft writes them, added when a GGUF file is imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers.pre_tokenizers import ByteLevel
from transformers import PreTrainedTokenizerFast

from tests.training.gguf_files import byte_level, make_network, write_gguf
from training.adapter import CONFIG, WEIGHTS, Adapter, save_adapter
from training.errors import UsageError
from training.finetune.bases import with_lora
from training.finetune.plan import Lora
from training.gguf_import.convert import import_gguf

pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
"""peft asks so."""


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return byte_level(ByteLevel(add_prefix_space=False))


@pytest.fixture
def tuned(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> Any:
    """A GGUF file beside the adapter of its network, which has been moved; the merged network."""
    network = make_network("llama", len(tokenizer))
    write_gguf(tmp_path / "a.gguf", "llama", network, tokenizer)
    adapted = with_lora(network, Lora(rank=4, alpha=12), seed=1)
    chance = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=chance))
    save_adapter(adapted, tmp_path / "adapter")
    return adapted.merge_and_unload()


def test_an_imported_file_with_an_adapter_is_what_peft_merges(tuned: Any, tmp_path: Path) -> None:
    plain = import_gguf(tmp_path / "a.gguf", tmp_path / "plain")
    with_it = import_gguf(tmp_path / "a.gguf", tmp_path / "out", adapter=Adapter(tmp_path / "adapter"))
    found = load_file(tmp_path / "out" / "model.safetensors")
    expected = dict(tuned.state_dict())
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-5, rtol=1e-5)
    assert with_it["identity"] != plain["identity"]


def test_peft_reads_what_was_written(tuned: Any, tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    from peft import PeftModel

    again: Any = PeftModel.from_pretrained(
        make_network("llama", len(tokenizer)), str(tmp_path / "adapter")
    ).merge_and_unload()
    for name, value in tuned.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, atol=1e-5, rtol=1e-5)


@pytest.mark.usefixtures("tuned")
def test_an_adapter_of_another_network_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    tensors = load_file(tmp_path / "adapter" / WEIGHTS)
    save_file(
        {name.replace("layers.1", "layers.7"): value for name, value in tensors.items()}, tmp_path / "w"
    )
    (tmp_path / "w").replace(tmp_path / "adapter" / WEIGHTS)
    with pytest.raises(UsageError, match=r"layers\.7.*which the checkpoint has not"):
        import_gguf(tmp_path / "a.gguf", tmp_path / "out", adapter=Adapter(tmp_path / "adapter"))
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("tuned")
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"peft_type": "IA3"}, "another kind of adapter"),
        ({"r": 0}, "cannot be read"),
        ({"r": "x"}, "cannot be read"),
    ],
)
def test_what_is_no_adapter_of_this_kind_is_refused(
    changed: dict[str, object], says: str, tmp_path: Path
) -> None:
    path = tmp_path / "adapter" / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    with pytest.raises(UsageError, match=says):
        Adapter(tmp_path / "adapter")


def test_a_folder_without_an_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read as an adapter"):
        Adapter(tmp_path)
