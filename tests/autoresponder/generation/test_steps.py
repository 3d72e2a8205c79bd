"""Steps of one token give the logits of transformers' full passes, for all shapes and rotary embeddings."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    LlamaConfig,
    PretrainedConfig,
    PreTrainedModel,
    Qwen2Config,
)

from autoresponder.errors import ModelError
from autoresponder.generation.decoder import Decoder
from autoresponder.generation.steps import LEAST_TABLE, STEPPERS, LlamaStepper
from autoresponder.model.families import FAMILIES, check_config, longest_row
from autoresponder.model.fused import FUSABLE, fuse
from tests.autoresponder.model.test_other_networks import CONFIGS

SIZE: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 48,
    "intermediate_size": 56,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def make(config: PretrainedConfig) -> PreTrainedModel:
    torch.manual_seed(2)
    auto: Any = AutoModelForCausalLM
    network: PreTrainedModel = auto.from_config(config)
    for parameter in network.parameters():
        parameter.data.normal_(std=0.4)
    network.requires_grad_(requires_grad=False)
    network.train(mode=False)
    return network


def check(network: PreTrainedModel, rows: list[list[int]], steps: int, *, within: float = 2e-4) -> None:
    """Prefill all but the last id of each row, then step; compare with full passes of an untouched copy."""
    reference: Any = copy.deepcopy(network)
    decoder = Decoder(network, slots=len(rows))
    for slot, row in enumerate(rows):
        decoder.place(slot, decoder.prefill(row[:-1]))
    for step in range(steps):
        logits = decoder.step([row[-1] for row in rows])
        for row, got in zip(rows, logits, strict=True):
            with torch.inference_mode():
                expected = reference(torch.tensor([row])).logits[0, -1]
            scale = float(expected.abs().max())
            torch.testing.assert_close(got, expected, atol=within * scale, rtol=0)
            row.append((7 * step + len(row)) % 90 + 1)


def some_rows(seed: int, lengths: tuple[int, ...]) -> list[list[int]]:
    chance = random.Random(seed)
    return [[chance.randrange(1, 97) for _ in range(length)] for length in lengths]


def test_every_family_has_its_step() -> None:
    assert STEPPERS.keys() == FAMILIES.keys() == CONFIGS.keys()
    assert {name for name, stepper in STEPPERS.items() if stepper is LlamaStepper} == set(FUSABLE)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", FUSABLE)
def test_random_shapes(kind: str, seed: int) -> None:
    """Groups of any size, heads that are no share of the width, biases, windows on some blocks."""
    chance = random.Random(f"{kind} {seed}")
    config: Any = copy.deepcopy(CONFIGS[kind])
    keys = chance.choice((1, 2, 3))
    config.num_key_value_heads, config.num_attention_heads = keys, keys * chance.choice((1, 2, 4))
    config.hidden_size = config.num_attention_heads * chance.choice((4, 6, 10))
    config.head_dim = chance.choice((4, 8, 14)) if kind != "qwen2" else None
    if kind == "qwen2":
        config.head_dim = config.hidden_size // config.num_attention_heads
    config.intermediate_size = chance.choice((8, 30))
    config.tie_word_embeddings = chance.random() < 0.5
    if kind == "llama":
        config.attention_bias = config.mlp_bias = chance.random() < 0.5
    if kind == "gemma3_text":
        config.layer_types = [chance.choice(("sliding_attention", "full_attention")) for _ in range(3)]
    network = make(config)
    check(network, some_rows(seed, (chance.randrange(1, 30), 17, chance.randrange(1, 9))), steps=4)


def test_query_key_and_value_biases_are_kept_where_the_configuration_does_not_name_them() -> None:
    network = make(Qwen2Config(**SIZE))
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            parameter.mul_(20)
    check(network, some_rows(1, (5, 9)), steps=2)


@pytest.mark.parametrize("position", [0, 1, 11, 12, 19])
def test_only_full_blocks_see_beyond_a_window(position: int) -> None:
    """A window of 8 on the first and the last of three blocks: what is before it comes by the middle one."""
    network = make(copy.deepcopy(CONFIGS["gemma3_text"]))
    row = some_rows(4, (20,))[0]
    row[position] = 96
    check(network, [row], steps=3)


ROTARY: dict[str, dict[str, Any]] = {
    "default": {},
    "linear": {"factor": 4.0},
    "dynamic": {"factor": 4.0},
    "llama3": {
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    },
    "yarn": {"factor": 4.0, "original_max_position_embeddings": 64},
    "yarn, 1.0": {"factor": 4.0, "original_max_position_embeddings": 64, "attention_factor": 1.0},
    "yarn, 1.2": {"factor": 4.0, "original_max_position_embeddings": 64, "attention_factor": 1.2},
    "yarn, scales": {
        "factor": 4.0,
        "original_max_position_embeddings": 64,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
    },
    "longrope": {
        "factor": 4.0,
        "original_max_position_embeddings": 64,
        "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5],
        "long_factor": [2.0, 2.5, 3.0, 3.5, 4.0, 4.5],
    },
}


def with_rotary(name: str, **more: Any) -> PretrainedConfig:
    kind = name.partition(",")[0]
    rotary = {"rope_type": kind, "rope_theta": 10000.0, **ROTARY[name]}
    return LlamaConfig(**(SIZE | more), rope_parameters=rotary)


@pytest.mark.parametrize("name", list(ROTARY))
def test_step_by_step_is_as_all_at_once_up_to_the_longest_row(name: str) -> None:
    config = with_rotary(name)
    check_config(config, None)  # type: ignore[arg-type]
    longest = longest_row(config)
    assert longest == (64 if name == "longrope" else 256)
    row = some_rows(3, (longest - 4,))[0]
    check(make(config), [row, row[:5]], steps=4, within=1e-3)


def test_a_row_at_position_9000_of_llama_3() -> None:
    """Beyond the first tables, and beyond the length of the first training."""
    config = with_rotary("llama3", max_position_embeddings=16384, num_hidden_layers=1)
    config.rope_parameters["original_max_position_embeddings"] = 8192
    check(make(config), some_rows(5, (9000,)), steps=1, within=1e-3)


@pytest.mark.parametrize(
    ("rotary", "says"),
    [
        ({"rope_type": "proportional"}, "'proportional'"),
        ({"rope_type": "default", "partial_rotary_factor": 0.5}, "partial_rotary_factor"),
    ],
)
def test_what_is_not_computed_is_refused_by_name(rotary: dict[str, Any], says: str) -> None:
    config: Any = LlamaConfig(**SIZE)
    config.rope_parameters = rotary | {"rope_theta": 1e4}
    with pytest.raises(ModelError, match=says):
        check_config(config, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["attn_logit_softcapping", "final_logit_softcapping", "use_bidirectional_attention"]
)
def test_soft_caps_and_sight_of_what_comes_are_refused(name: str) -> None:
    config: Any = copy.deepcopy(CONFIGS["gemma3_text"])
    setattr(config, name, True if name.startswith("use") else 30.0)
    with pytest.raises(ModelError, match=name):
        check_config(config, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_rows_are_the_same_alone_together_and_behind_a_known_beginning(kind: str) -> None:
    network = make(copy.deepcopy(CONFIGS[kind]))
    rows = [*some_rows(6, (12, 1, 5)), [0]]
    together = Decoder(network, slots=4)
    for slot, row in enumerate(rows):
        together.place(slot, together.prefill(row[:-1]))
    found = together.step([row[-1] for row in rows])
    for row, got in zip(rows, found, strict=True):
        alone = Decoder(network, slots=1)
        alone.place(0, alone.prefill(row[:-1]))
        torch.testing.assert_close(alone.step([row[-1]])[0], got, atol=1e-3, rtol=1e-3)
        assert got.isfinite().all()


def test_a_norm_in_bfloat16_does_not_drift_in_deep_networks() -> None:
    """Forty blocks and one channel two hundred times the others."""
    config = LlamaConfig(**(SIZE | {"num_hidden_layers": 40}))
    torch.manual_seed(3)
    auto: Any = AutoModelForCausalLM
    exact = auto.from_config(config).eval().requires_grad_(requires_grad=False)
    exact.model.embed_tokens.weight[:, 7] *= 200
    short = copy.deepcopy(exact).to(torch.bfloat16)
    fuse(short)
    ids = torch.tensor(some_rows(8, (20,)))
    one, other = (call.model(ids).last_hidden_state.float().flatten() for call in (exact, short))
    assert float(torch.cosine_similarity(one, other, dim=0)) > 0.99


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("first", [0, 5])
def test_gemma_in_either_format_with_and_without_its_first_token(dtype: torch.dtype, first: int) -> None:
    """The scale of its embeddings is no short number: the root of 48 is 6.9282, and 6.9375 in bfloat16.

    A step and a full pass of the same format differ by its rounding; a scale that is rounded at another place
    shows in the embeddings themselves.
    """
    config: Any = copy.deepcopy(CONFIGS["gemma3_text"])
    config.hidden_size, config.num_attention_heads, config.initializer_range = 48, 4, 0.1
    torch.manual_seed(4)
    auto: Any = AutoModelForCausalLM
    network = auto.from_config(config).eval().requires_grad_(requires_grad=False).to(dtype)
    reference = copy.deepcopy(network)
    row = [first, *some_rows(11, (24,))[0]]
    decoder = Decoder(network, slots=1)
    decoder.place(0, decoder.prefill(row[:-1]))
    stepper: Any = decoder._stepper
    stepper.reach(len(row))
    ids = torch.tensor(row)
    torch.testing.assert_close(stepper._begin(ids, ids), reference.model.embed_tokens(ids), atol=0, rtol=0)
    with torch.inference_mode():
        expected = reference(ids[None]).logits[0, -1].float()
    got = decoder.step([row[-1]])[0]
    within = 1e-4 if dtype is torch.float32 else 0.03
    torch.testing.assert_close(got, expected, atol=within * float(expected.abs().max()), rtol=0)


@pytest.mark.parametrize("name", ["linear", "llama3", "yarn, 1.2"])
def test_a_scaling_may_be_named_as_older_configurations_name_it(name: str, tmp_path: Path) -> None:
    """``rope_scaling`` with ``type`` is read as ``rope_parameters`` with ``rope_type``; never ignored."""
    network = make(with_rotary(name))
    network.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    content = json.loads(path.read_text())
    rotary = content.pop("rope_parameters")
    old = {"type": rotary.pop("rope_type"), **rotary}
    path.write_text(json.dumps(content | {"rope_theta": old.pop("rope_theta"), "rope_scaling": old}))
    auto: Any = AutoModelForCausalLM
    read = auto.from_pretrained(tmp_path)
    check_config(read.config, tmp_path)
    check(read, some_rows(3, (200,)), steps=2, within=1e-3)
    ids = torch.tensor(some_rows(3, (200,)))
    call: Any = network
    with torch.inference_mode():
        torch.testing.assert_close(auto.from_pretrained(tmp_path)(ids).logits, call(ids).logits)
    content["rope_scaling"] = {"type": "spiral", "factor": 2.0}
    path.write_text(json.dumps(content))
    unknown: Any = AutoConfig
    with pytest.raises((ModelError, KeyError, ValueError), match="spiral"):
        check_config(unknown.from_pretrained(tmp_path), tmp_path)


@pytest.mark.parametrize("positions", [1024, 8192, 131072])
def test_a_long_context_costs_nothing_until_it_is_used(positions: int) -> None:
    """400 tokens in use: tables, keys and values are as large whatever could be read."""
    config = LlamaConfig(**(SIZE | {"max_position_embeddings": positions}))
    decoder = Decoder(make(config), slots=3)
    prefix = decoder.prefill(some_rows(9, (390,))[0])
    for slot in range(3):
        decoder.place(slot, prefix)
    for token in range(10):
        decoder.step([token + 1] * 3)
    stepper: Any = decoder._stepper
    tables = [table for pair in stepper._tables.values() for table in pair]
    assert {len(table) for table in tables} == {LEAST_TABLE}
    cache: Any = decoder._cache
    room = sum(buffer.size for pair in cache._blocks.values() for buffer in pair)
    # blocks, slots, heads, room for 128; keys of a size of 12, and values of one rounded up to 32
    assert room == 2 * 3 * 2 * 128 * (12 + 32)
