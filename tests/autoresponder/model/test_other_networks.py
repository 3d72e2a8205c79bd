"""Every kind of network writes as it would in transformers, and has a trunk like GPT-2's."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPTJConfig,
    GPTNeoConfig,
    LlamaConfig,
    MistralConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

from autoresponder.generation.decoder import Decoder
from autoresponder.generation.generator import WritingLimits
from autoresponder.generation.prompt_cache import PromptCache
from autoresponder.heads.files import save_head
from autoresponder.heads.head_2021 import HEAD_NAMES, GeneratorIdentity, Head, HeadSettings
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import load_generator, load_heads
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.cpu_linear import pack_linears
from autoresponder.model.cpu_tiles import TiledLayer
from autoresponder.model.fused import fuse
from autoresponder.model.trunk import blocks_of, run_trunk
from autoresponder.model.weights import content_hash
from switchboard.messages import GenerationJob, GenerationResult

SIZE: Any = {"vocab_size": 300, "bos_token_id": 0, "eos_token_id": 0}
LLAMA_SIZE: Any = SIZE | {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
CONFIGS: dict[str, PretrainedConfig] = {
    "gpt2": GPT2Config(**SIZE, n_embd=32, n_layer=3, n_head=4, n_positions=128),
    "gpt_neo": GPTNeoConfig(
        **SIZE,
        hidden_size=32,
        num_layers=4,
        num_heads=4,
        attention_types=[[["global", "local"], 2]],
        window_size=8,
        max_position_embeddings=128,
    ),
    "gptj": GPTJConfig(**SIZE, n_embd=32, n_layer=3, n_head=4, rotary_dim=4, n_positions=128),
    "llama": LlamaConfig(**LLAMA_SIZE),
    "mistral": MistralConfig(**LLAMA_SIZE, head_dim=16, sliding_window=8),
    "qwen2": Qwen2Config(**LLAMA_SIZE),
    "qwen3": Qwen3Config(**LLAMA_SIZE, head_dim=16),
    "gemma3_text": Gemma3TextConfig(
        **LLAMA_SIZE,
        head_dim=16,
        query_pre_attn_scalar=12,
        sliding_window=8,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
}
PROMPT = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]


def make_other(kind: str) -> PreTrainedModel:
    """A small network with random weights, of each kind there is."""
    torch.manual_seed(3)
    auto: Any = AutoModelForCausalLM
    network: PreTrainedModel = auto.from_config(copy.deepcopy(CONFIGS[kind]))
    network.requires_grad_(requires_grad=False)
    network.train(mode=False)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            parameter.normal_(std=0.3)
    return network


@pytest.fixture(params=list(CONFIGS))
def other(request: pytest.FixtureRequest) -> PreTrainedModel:
    return make_other(request.param)


@pytest.fixture
def reference(other: PreTrainedModel) -> PreTrainedModel:
    """The same network as transformers made it; of the other one, the engine replaces layers."""
    return copy.deepcopy(other)


def full(network: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    call: Any = network
    logits: torch.Tensor = call(torch.tensor([ids])).logits[0, -1]
    return logits


def check_rows(decoder: Decoder, network: PreTrainedModel, rows: list[list[int]], steps: int) -> None:
    for step in range(steps):
        logits = decoder.step([row[-1] for row in rows])
        for row, got in zip(rows, logits, strict=True):
            torch.testing.assert_close(got, full(network, row), atol=1e-3, rtol=1e-3)
            row.append(30 + step + len(row))


def test_rows_with_shared_and_own_beginnings_equal_full_passes(
    other: PreTrainedModel, reference: PreTrainedModel
) -> None:
    """Two rows share a beginning, one has another, one has none; windows of 8 are long passed."""
    decoder = Decoder(other, slots=4)
    shared, own = decoder.prefill(PROMPT), decoder.prefill([40, 41, 42])
    for slot, prefix in enumerate((shared, own, shared, decoder.prefill([]))):
        decoder.place(slot, prefix)
    check_rows(decoder, reference, [[*PROMPT, 50], [40, 41, 42, 60], [*PROMPT, 70], [80]], steps=12)


def test_a_known_beginning_is_gone_on_from(other: PreTrainedModel, reference: PreTrainedModel) -> None:
    known = PromptCache(10**7)
    Decoder(other, slots=1, known=known).prefill([*PROMPT, 99])
    decoder = Decoder(other, slots=1, known=known)
    decoder.place(0, decoder.prefill([*PROMPT, 51, 52]))
    check_rows(decoder, reference, [[*PROMPT, 51, 52, 53]], steps=2)


def test_greedy_tokens_equal_those_of_generate(other: PreTrainedModel, reference: PreTrainedModel) -> None:
    call: Any = reference
    prompts = [PROMPT, [40, 41, 42], [*PROMPT, 50]]
    rows = [list(prompt) for prompt in prompts]
    decoder = Decoder(other, slots=3)
    for slot, row in enumerate(rows):
        decoder.place(slot, decoder.prefill(row[:-1]))
    for _ in range(12):
        for row, token in zip(rows, decoder.step([row[-1] for row in rows]).argmax(-1).tolist(), strict=True):
            row.append(token)
    for prompt, row in zip(prompts, rows, strict=True):
        ids = torch.tensor([prompt])
        mask = torch.ones_like(ids)
        slow = call.generate(
            ids, attention_mask=mask, do_sample=False, max_new_tokens=12, eos_token_id=[], pad_token_id=0
        )
        assert row == slow[0].tolist()


def test_the_trunk_gives_the_full_models_hidden_states(
    other: PreTrainedModel, reference: PreTrainedModel
) -> None:
    call: Any = reference
    fuse(other)
    ids = torch.tensor([PROMPT])
    hidden = call(ids, output_hidden_states=True).hidden_states
    for layer, stream in run_trunk(other, ids, (0, 1)).items():
        torch.testing.assert_close(stream, hidden[layer + 1], atol=1e-4, rtol=1e-4)
    assert len(blocks_of(other)) in (3, 4)


def test_fusing_twice_or_packing_changes_no_full_pass(other: PreTrainedModel) -> None:
    before = full(other, PROMPT)
    fuse(other)
    fuse(other)
    torch.testing.assert_close(full(other, PROMPT), before, atol=1e-4, rtol=1e-4)
    pack_linears(other, "float32")
    torch.testing.assert_close(full(other, PROMPT), before, atol=1e-3, rtol=1e-3)


def test_streams_kept_while_writing_are_those_of_a_pass_over_the_row(other: PreTrainedModel) -> None:
    decoder = Decoder(other, slots=2, keep=(0, 1))
    prefix = decoder.prefill(PROMPT)
    for slot in range(2):
        decoder.place(slot, prefix)
    for tokens in ([50, 60], [51, 61], [0, 62]):
        decoder.step(tokens)
    trunk = run_trunk(other, torch.tensor([[*PROMPT, 50, 51, 0]]), (0, 1))
    for layer, stream in decoder.streams(0).items():
        torch.testing.assert_close(stream, trunk[layer][0], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("dtype", "nearness"), [("float32", 1e-4), ("int8", 0.05)])
def test_steps_of_a_packed_network_are_near_its_full_passes(
    other: PreTrainedModel, dtype: str, nearness: float
) -> None:
    """In int8 as near as numbers are that now and then fall to another byte."""
    pack_linears(other, dtype)
    rows = [[*PROMPT, 50], [*PROMPT, 70]]
    decoder = Decoder(other, slots=2)
    stepper: Any = decoder._stepper
    if other.config.model_type in ("llama", "mistral", "qwen2", "qwen3"):
        is_tiled = isinstance(stepper._blocks[0].self_attn.qkv, TiledLayer)
        assert all((layers is not None) == is_tiled for layers in stepper._joined)
    prefix = decoder.prefill(PROMPT)
    for slot in range(2):
        decoder.place(slot, prefix)
    for step in range(6):
        for row, got in zip(rows, decoder.step([row[-1] for row in rows]), strict=True):
            expected = full(other, row)
            assert float((got - expected).norm() / expected.norm()) < nearness
            row.append(30 + step + len(row))


@pytest.fixture
def saved(other: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> Path:
    """A model folder of each kind, with heads of its own. It writes nonsense, and likes newlines."""
    config = copy.deepcopy(other.config)
    config.vocab_size, config.max_position_embeddings = len(tokenizer), 256
    config.bos_token_id = config.eos_token_id = tokenizer.eos_token_id
    torch.manual_seed(4)
    auto: Any = AutoModelForCausalLM
    config.tie_word_embeddings = False
    network = auto.from_config(config)
    network.get_output_embeddings().weight.data[tokenizer.encode("\n")] *= 40
    network.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    identity = GeneratorIdentity(name="any", sha256=content_hash([tmp_path / "model.safetensors"]))
    for seed, name in enumerate(HEAD_NAMES):
        sizes: Any = {"layers": (0, 1), "width": 32, "n_head": 2, "mlp_ratio": 2, "max_tokens": 60}
        head = Head(HeadSettings(name=name, generator=identity, **sizes))
        save_head(head.initialise(torch.Generator().manual_seed(seed)), tmp_path / "heads")
    return tmp_path


@pytest.mark.parametrize("dtype", ["float32", "int8", "bfloat16"])
def test_a_folder_of_any_kind_is_loaded_and_does_a_job(
    saved: Path, settings: WritingSettings, sample: GenerationJob, dtype: str
) -> None:
    generator = load_generator(str(saved), device="cpu", dtype=dtype)
    limits = WritingLimits(context=252, window=40, max_new=24)
    one = sample.model_copy(update={"kwargs": sample.kwargs.model_copy(update={"best_of": 2})})
    runner = JobRunner(generator, load_heads(generator), replace(settings, limits=limits))
    result, report = runner.run("job", one)
    assert isinstance(result, GenerationResult)
    assert 1 <= len(result.continuations) == len(result.sentiment_logit_diffs)
    assert report.scores.selector_probabilities == result.selection_proba
    assert runner.run("job", one)[0] == result
