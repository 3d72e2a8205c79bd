"""What only a GPU can run: captured graphs, bf16, samplers that never make the host wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import GPT2LMHeadModel

from autoresponder.build import build_runner
from autoresponder.checkup import sample_job
from autoresponder.decoder import Decoder
from autoresponder.errors import JobError
from autoresponder.graphs import BATCHES, GraphDecoder, batch_for, batches_for, make_decoder
from autoresponder.jobs import Done, Job
from autoresponder.sampler_settings import SamplerSettings
from autoresponder.sampling import draw
from autoresponder.slots import GROWTH
from bot_config import Config
from switchboard.messages import GenerationResult

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (3, 4), (13, 16), (17, 24), (64, 64)])
def test_rows_are_rounded_up_to_a_captured_size(rows: int, size: int) -> None:
    assert batch_for(rows) == size
    assert size in BATCHES


def test_a_cpu_gets_the_plain_decoder(network: GPT2LMHeadModel) -> None:
    assert type(make_decoder(network, 2)) is Decoder


class EagerGraphs(GraphDecoder):
    """A graph decoder on a CPU: what would be captured is run anew at every replay."""

    captured: list[tuple[int, int]]

    def _capture(self, batch: int, seen: int) -> Any:
        tokens, positions = (torch.zeros(batch, 1, dtype=torch.long) for _ in range(2))
        logits = torch.zeros(batch, self._network.config.vocab_size)

        def replay() -> None:
            self._fixed.shape(batch, seen)
            logits.copy_(self._forward(tokens, positions))

        self.captured.append((batch, seen))
        return SimpleNamespace(
            graph=SimpleNamespace(replay=replay), tokens=tokens, positions=positions, logits=logits
        )


@pytest.fixture
def eager_graphs(network: GPT2LMHeadModel, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], EagerGraphs]:
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: None)
    monkeypatch.setattr(EagerGraphs, "captured", [], raising=False)
    return lambda slots: EagerGraphs(network, slots=slots, keep=(1,))


def check_rows(decoder: Decoder, network: GPT2LMHeadModel) -> None:
    """Rows of different lengths, one of them across a span, with one begun anew, one moved, one cleared."""
    rows = [[5, 6, 7, 8], [1 + i % 50 for i in range(126)], [9, 10]]
    for slot, row in enumerate(rows):
        decoder.place(slot, decoder.prefill(row[:-1]))
    for step in range(6):
        logits = decoder.step([row[-1] for row in rows])
        for row, got in zip(rows, logits, strict=True):
            torch.testing.assert_close(got, full_pass(network, row), atol=1e-3, rtol=1e-3)
            row.append(20 + step + len(row) % 7)
        if step == 2:
            rows[0] = [30, 31, 32]
            decoder.clear(0)
            decoder.place(0, decoder.prefill(rows[0][:-1]))
        if step == 4:
            decoder.move(2, 1)
            rows[1] = rows.pop()
    assert decoder.streams(0)[1].shape == (len(rows[0]) - 1, 32)


def test_what_is_captured_is_right_but_for_the_capture(
    eager_graphs: Callable[[int], EagerGraphs], network: GPT2LMHeadModel
) -> None:
    """Fixed buffers, rounded batches and spans, run on this CPU."""
    decoder = eager_graphs(3)
    check_rows(decoder, network)
    assert sorted(decoder.captured) == [(2, GROWTH), (4, GROWTH), (4, 2 * GROWTH)]


def test_a_warm_up_captures_all_there_can_be(
    eager_graphs: Callable[[int], EagerGraphs], network: GPT2LMHeadModel
) -> None:
    decoder = eager_graphs(3)
    decoder.warm_up()
    assert decoder.captured == [(batch, seen) for batch in (4, 2, 1) for seen in (2 * GROWTH, GROWTH)]
    check_rows(decoder, network)
    assert len(decoder.captured) == 6


@pytest.mark.parametrize(
    ("slots", "batches"), [(1, (1,)), (13, (1, 2, 4, 8, 16)), (64, BATCHES)], ids=["1", "13", "64"]
)
def test_batch_sizes_that_can_come_up(slots: int, batches: tuple[int, ...]) -> None:
    assert batches_for(slots) == batches


@pytest.fixture
def on_gpu(network: GPT2LMHeadModel) -> GPT2LMHeadModel:
    copy = GPT2LMHeadModel(network.config)
    copy.load_state_dict(network.state_dict())
    copy.train(mode=False)
    copy.to(device="cuda")  # type: ignore[call-arg]
    return copy.requires_grad_(requires_grad=False)


def full_pass(network: GPT2LMHeadModel, ids: Sequence[int]) -> torch.Tensor:
    logits: torch.Tensor = network(torch.tensor([list(ids)], device=network.device)).logits
    return logits[0, -1]


@needs_gpu
def test_replayed_steps_equal_full_passes(on_gpu: GPT2LMHeadModel) -> None:
    decoder = GraphDecoder(on_gpu, slots=3, keep=(1,))
    decoder.warm_up()
    check_rows(decoder, on_gpu)


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


@needs_gpu
def test_jobs_together_on_the_gpu(whole_folder: Path) -> None:
    settings = {"model": str(whole_folder), "device": "cuda", "dtype": "float32", "max_new_tokens": 40}
    runner, _ = build_runner(Config.model_validate({"generator": settings}))
    jobs: dict[str, Job] = {"one": sample_job(), "two": sample_job()}
    outcomes: dict[str, Done | JobError] = {}
    runner.run_together(jobs, outcomes.__setitem__)
    for job_id, job in jobs.items():
        alone, together = runner.run(job_id, job)[0], outcomes[job_id]
        assert isinstance(alone, GenerationResult)
        assert isinstance(together, tuple)
        assert isinstance(together[0], GenerationResult)
        assert together[0].continuations == alone.continuations
