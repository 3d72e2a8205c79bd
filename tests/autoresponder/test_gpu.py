"""What only a GPU can run: captured graphs, bf16, samplers that never make the host wait."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from transformers import GPT2LMHeadModel

from autoresponder.build import build_runner
from autoresponder.checkup import sample_job
from autoresponder.decoder import Decoder
from autoresponder.graphs import BATCHES, GraphDecoder, batch_for, make_decoder
from autoresponder.sampler_settings import SamplerSettings
from autoresponder.sampling import draw
from bot_config import Config
from switchboard.messages import GenerationResult

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (3, 4), (13, 16), (17, 24), (64, 64)])
def test_rows_are_rounded_up_to_a_captured_size(rows: int, size: int) -> None:
    assert batch_for(rows) == size
    assert size in BATCHES


def test_a_cpu_gets_the_plain_decoder(network: GPT2LMHeadModel) -> None:
    assert type(make_decoder(network, 2)) is Decoder


@pytest.fixture
def on_gpu(network: GPT2LMHeadModel) -> GPT2LMHeadModel:
    copy = GPT2LMHeadModel(network.config)
    copy.load_state_dict(network.state_dict())
    copy.train(mode=False)
    copy.to(device="cuda")  # type: ignore[call-arg]
    return copy.requires_grad_(requires_grad=False)


def full_pass(network: GPT2LMHeadModel, ids: Sequence[int]) -> torch.Tensor:
    logits: torch.Tensor = network(torch.tensor([list(ids)], device="cuda")).logits
    return logits[0, -1]


@needs_gpu
def test_replayed_steps_equal_full_passes(on_gpu: GPT2LMHeadModel) -> None:
    """Rows of different lengths, across a captured span, with a row begun anew and one moved."""
    decoder = GraphDecoder(on_gpu, slots=3, keep=(1,))
    rows = [[5, 6, 7, 8], [1 + i % 50 for i in range(126)], [9, 10]]
    for slot, row in enumerate(rows):
        decoder.place(slot, decoder.prefill(row[:-1]))
    for step in range(6):
        logits = decoder.step([row[-1] for row in rows])
        for row, got in zip(rows, logits, strict=True):
            torch.testing.assert_close(got, full_pass(on_gpu, row), atol=1e-3, rtol=1e-3)
            row.append(20 + step + len(row) % 7)
        if step == 2:
            rows[0] = [30, 31, 32]
            decoder.place(0, decoder.prefill(rows[0][:-1]))
    assert decoder.streams(0)[1].shape == (len(rows[0]) - 1, 32)


@needs_gpu
@pytest.mark.parametrize("scheme", ["two_stage_mirostat", "breakruns", "top_p"])
def test_sampling_never_makes_the_host_wait(scheme: str) -> None:
    sampler = SamplerSettings(scheme=scheme).build(window=2)  # type: ignore[arg-type]
    logits = torch.randn(4, 500, device="cuda")
    uniforms = torch.rand(4, device="cuda")
    state = sampler.begin(torch.full((4,), 2.0, device="cuda"))
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(4):
            tokens = draw(sampler.step(logits, state), uniforms)
            state = sampler.observe(tokens, logits, state)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@needs_gpu
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_a_job_is_done_on_the_gpu(whole_folder: Path, dtype: str) -> None:
    settings = {"model": str(whole_folder), "device": "cuda", "dtype": dtype, "max_new_tokens": 40}
    runner, _ = build_runner(Config.model_validate({"generator": settings}))
    for _ in range(2):
        result, report = runner.run("job", sample_job())
        assert isinstance(result, GenerationResult)
        assert len(result.continuations) == 3
        assert report.fields()["texts"] == 3
