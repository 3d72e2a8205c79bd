"""What only a GPU can run: captured graphs, bf16, samplers that never make the host wait."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import GPT2LMHeadModel, PreTrainedModel

import generator_service
from autoresponder.checkup import sample_job
from autoresponder.errors import JobError
from autoresponder.generation.cache_slots import GROWTH
from autoresponder.generation.decoder import Decoder
from autoresponder.generation.generator import WritingLimits
from autoresponder.generation.graphs import (
    BATCHES,
    GraphDecoder,
    batch_for,
    batches_for,
    make_decoder,
    spans_of,
)
from autoresponder.jobs.runner import Done, Job
from autoresponder.loading import build_runner
from autoresponder.model.encoding import TextEncoder
from autoresponder.sampling.base import draw
from autoresponder.sampling.registry import build_sampler
from autoresponder.settings import SAMPLERS, GeneratorConfig, SamplerConfig
from benchmarks import generator as benchmark
from bot_settings.blog import BlogConfig
from switchboard.messages import GenerationResult
from tests.autoresponder.generation.test_generator import some_tries, write
from tests.autoresponder.model.test_other_networks import CONFIGS, make_other

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (3, 4), (13, 16), (17, 24), (64, 64)])
def test_rows_are_rounded_up_to_a_captured_size(rows: int, size: int) -> None:
    assert batch_for(rows) == size
    assert size in BATCHES


def test_a_cpu_gets_the_plain_decoder(network: GPT2LMHeadModel) -> None:
    assert type(make_decoder(network, 2)) is Decoder


HOST_ASKS = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "lift_fresh", "unique")
"""Operations whose result the host needs, or gives: on a GPU they wait, and end a capture with an error."""


class NoHost(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within it, an operation that a capture does not allow is an error."""

    def __torch_dispatch__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name, given = func.overloadpacket.__name__, args[1] if len(args) > 1 else None
        chosen = given if name.startswith("index") and isinstance(given, list | tuple) else ()
        by_mask = any(index is not None and index.dtype is torch.bool for index in chosen)
        assert name not in HOST_ASKS, func
        assert not by_mask, func
        return func(*args, **(kwargs or {}))


def test_an_operation_that_needs_the_host_is_noticed() -> None:
    numbers = torch.arange(4)
    for needs_host in (lambda: bool(numbers[0] > 0), lambda: numbers[numbers > 1], lambda: torch.tensor([1])):
        with pytest.raises(AssertionError), NoHost():  # type: ignore[no-untyped-call]
            needs_host()


class EagerGraphs(GraphDecoder):
    """A graph decoder on a CPU: what would be captured is run anew at every replay."""

    captured: list[tuple[int, int]]

    def _capture(self, batch: int, seen: int) -> Any:
        tokens, positions = (torch.zeros(batch, 1, dtype=torch.long) for _ in range(2))
        logits = torch.zeros(batch, self._network.config.vocab_size)
        self._fixed.shape(batch, seen)
        self._forward(tokens, positions)  # what is made once is made now, as before a real capture

        def replay() -> None:
            with NoHost():  # type: ignore[no-untyped-call]
                self._fixed.shape(batch, seen)
                found = self._forward(tokens, positions)
            logits.copy_(found)

        self.captured.append((batch, seen))
        return SimpleNamespace(
            graph=SimpleNamespace(replay=replay), tokens=tokens, positions=positions, logits=logits
        )


@pytest.fixture
def eager_graphs(network: GPT2LMHeadModel, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EagerGraphs]:
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: None)
    monkeypatch.setattr(EagerGraphs, "captured", [], raising=False)
    return lambda slots, **more: EagerGraphs(network, slots=slots, keep=(1,), **more)


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
    eager_graphs: Callable[..., EagerGraphs], network: GPT2LMHeadModel
) -> None:
    """Fixed buffers, rounded batches and spans, run on this CPU."""
    decoder = eager_graphs(3)
    check_rows(decoder, network)
    assert sorted(decoder.captured) == [(2, GROWTH), (4, GROWTH), (4, 2 * GROWTH)]


def test_a_warm_up_captures_all_there_can_be(
    eager_graphs: Callable[..., EagerGraphs], network: GPT2LMHeadModel
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


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_other_kinds_of_network_are_captured_right_too(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Their local windows, rotations and shared heads, over fixed buffers."""
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: None)
    monkeypatch.setattr(EagerGraphs, "captured", [], raising=False)
    other = make_other(kind)
    check_others(EagerGraphs(other, slots=3, context=64), other)


def check_others(decoder: GraphDecoder, network: PreTrainedModel) -> None:
    rows = [[5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], [40, 41, 42], [50, 51]]
    for slot, row in enumerate(rows):
        decoder.place(slot, decoder.prefill(row[:-1]))
    for step in range(6):
        logits = decoder.step([row[-1] for row in rows])
        for row, got in zip(rows, logits, strict=True):
            torch.testing.assert_close(got, full_pass(network, row), atol=1e-3, rtol=1e-3)
            row.append(20 + step + len(row))


def test_room_is_made_for_the_longest_row_and_no_more(
    eager_graphs: Callable[..., EagerGraphs], network: GPT2LMHeadModel
) -> None:
    """A Llama that could read 131,072 tokens would need room for all of them in every slot."""
    assert spans_of(eager_graphs(2)._fixed.capacity)[-1] == network.config.n_positions
    decoder = eager_graphs(2, context=100)
    assert decoder._fixed.capacity == GROWTH
    decoder.warm_up()
    assert decoder.captured == [(2, GROWTH), (1, GROWTH)]


@pytest.fixture
def on_gpu(network: GPT2LMHeadModel) -> GPT2LMHeadModel:
    copy = GPT2LMHeadModel(network.config)
    copy.load_state_dict(network.state_dict())
    copy.train(mode=False)
    copy.to(device="cuda")  # type: ignore[call-arg]
    return copy.requires_grad_(requires_grad=False)


def full_pass(network: PreTrainedModel, ids: Sequence[int]) -> torch.Tensor:
    call: Any = network
    logits: torch.Tensor = call(torch.tensor([list(ids)], device=network.device)).logits
    return logits[0, -1]


@needs_gpu
def test_replayed_steps_equal_full_passes(on_gpu: GPT2LMHeadModel) -> None:
    decoder = GraphDecoder(on_gpu, slots=3, keep=(1,))
    decoder.warm_up()
    check_rows(decoder, on_gpu)


@needs_gpu
@pytest.mark.parametrize("kind", list(CONFIGS))
def test_replayed_steps_of_other_kinds_equal_full_passes(kind: str) -> None:
    other: Any = make_other(kind)
    other.to(device="cuda")
    check_others(GraphDecoder(other, slots=3, context=64), other)


@needs_gpu
@pytest.mark.parametrize("scheme", SAMPLERS)
def test_sampling_never_makes_the_host_wait(scheme: str) -> None:
    sampler = build_sampler(SamplerConfig(name=scheme), 2)
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
    runner, _ = build_runner(GeneratorConfig.model_validate(settings), BlogConfig())
    for _ in range(2):
        result, report = runner.run("job", sample_job())
        assert isinstance(result, GenerationResult)
        assert len(result.continuations) == 3
        assert report.fields()["texts"] == 3


@needs_gpu
def test_jobs_together_on_the_gpu(whole_folder: Path) -> None:
    settings = {"model": str(whole_folder), "device": "cuda", "dtype": "float32", "max_new_tokens": 40}
    runner, _ = build_runner(GeneratorConfig.model_validate(settings), BlogConfig())
    jobs: dict[str, Job] = {"one": sample_job(), "two": sample_job()}
    outcomes: dict[str, Done | JobError] = {}
    runner.run_together(jobs, outcomes.__setitem__)
    for job_id, job in jobs.items():
        alone, together = runner.run(job_id, job)[0], outcomes[job_id]
        assert isinstance(alone, GenerationResult)
        assert isinstance(together, tuple)
        assert isinstance(together[0], GenerationResult)
        assert together[0].continuations == alone.continuations


@needs_gpu
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_greedy_text_equals_transformers_generate(
    on_gpu: GPT2LMHeadModel, encoder: TextEncoder, dtype: str
) -> None:
    """In float32; bfloat16 must come to an end, and rounds as it likes."""
    network: Any = on_gpu.to(dtype=getattr(torch, dtype))  # type: ignore[call-arg]
    limits = WritingLimits(context=250, window=100, max_new=30)
    row = torch.tensor([[0, 40, 41, 42, 43]], device="cuda")
    ids = network.generate(
        row, attention_mask=torch.ones_like(row), do_sample=False, max_new_tokens=30, pad_token_id=0
    )
    prompts = [row[0].tolist()] * 3
    texts = write(make_decoder(network, 3), encoder, some_tries(3, 30, prompts), limits).texts()
    assert len(set(texts)) == 1
    assert dtype != "float32" or texts[0] == encoder.decode(ids[0, 5:].tolist())


@needs_gpu
def test_too_little_memory_on_the_gpu_fails_the_job_and_the_next_one_is_done(whole_folder: Path) -> None:
    """A real one: what is free is taken by somebody else between two jobs."""
    settings = {"model": str(whole_folder), "device": "cuda", "max_new_tokens": 40, "prompt_cache_mib": 0}
    runner, _ = build_runner(GeneratorConfig.model_validate(settings), BlogConfig())
    runner.run("first", sample_job())
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-6)
    try:
        with pytest.raises(JobError, match=r"lower generator\.batch_size"):
            runner.run("second", sample_job("what about owls? " * 10))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert isinstance(runner.run("second", sample_job())[0], GenerationResult)


@needs_gpu
def test_a_check_on_the_gpu_says_so(
    whole_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.json"
    settings = {"model": str(whole_folder), "device": "cuda", "max_new_tokens": 40}
    path.write_text(json.dumps({"generator": settings}))
    assert generator_service.main(["--config", str(path), "--check"]) == 0
    out = capsys.readouterr().out
    assert "bfloat16 on cuda" in out
    assert "on the GPU at most" in out


@needs_gpu
def test_the_benchmark_runs_on_the_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--sizes", "tiny", "--candidates", "2", "--prompt", "12", "--new", "5", "--lengths", "5"]
    assert benchmark.main([*sizes, "--device", "cuda"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [row["way"] for row in found["rows"]] == ["ours"]
    assert found["rows"][0]["bandwidth_share"] > 0
