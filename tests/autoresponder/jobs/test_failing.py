"""What can go wrong, seen from outside: one line at the start; later a failed job and a living worker."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from structlog.testing import capture_logs
from transformers import GPT2LMHeadModel

import generator_service
from autoresponder.generation.cache_slots import Prefix
from autoresponder.generation.decoder import Decoder
from autoresponder.generation.generator import WritingLimits
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.encoding import TextEncoder
from autoresponder.service import GeneratorWorker
from bot_process import run_process
from switchboard.job_factory import JobRules
from switchboard.messages import WorkerError
from switchboard.polling import Exchanged, GeneratorAnswer, GeneratorExchange, GeneratorJob
from switchboard.settings import CandidatesConfig, SwitchboardConfig
from switchboard.worker import PollTimings, run_bench_worker
from tests.switchboard.bench import Bench
from tests.switchboard.service import Service

QUICK = PollTimings(wait_seconds=0.0, idle_seconds=0.0, grace_seconds=0.1, tick_seconds=0.005)


# --- at the start


def truncate(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def give_another_owner(folder: Path) -> None:
    path = folder / "heads" / "selector.json"
    settings = json.loads(path.read_text())
    settings["generator"] = {"name": "other", "sha256": "cd" * 32}
    path.write_text(json.dumps(settings))


def swap_tokenizer(folder: Path) -> None:
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    content["added_tokens"].append(content["added_tokens"][0] | {"id": 5000, "content": "<more>"})
    path.write_text(json.dumps(content))


def pickle_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (truncate, ("model.safetensors", "copy")),
        (give_another_owner, ("belongs to the generator other", "train the heads again")),
        (swap_tokenizer, ("tokenizer", "belong to this checkpoint")),
        (pickle_weights, ("safetensors",)),
    ],
)
def test_a_model_that_cannot_be_used_is_one_line_and_status_2(
    whole_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    says: Sequence[str],
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole_folder, folder)
    spoil(folder)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"generator": {"model": str(folder), "device": "cpu", "threads": 1}}))
    assert run_process(lambda: generator_service.main(["--config", str(config)])) == 2
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "error" in line)
    assert line.startswith("error: ")
    for words in says:
        assert words in line


# --- at work, against a real switchboard


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    rules = JobRules(CandidatesConfig(answer=2, textpost=2), rejection_sample=())
    made = Bench(f"sqlite:///{tmp_path / 'jobs.sqlite'}", SwitchboardConfig(max_attempts=2), rules)
    with capture_logs():
        yield made
    made.store.close()


def serve_until(bench: Bench, runner: JobRunner, done: Callable[[], bool]) -> None:
    """Run the worker's loop until something has come about."""
    stop = threading.Event()
    exchange = GeneratorExchange(Service(bench).client("generator"), worker="g", batch_size=2)
    polls = 0

    def counting(
        results: Mapping[str, GeneratorAnswer | WorkerError],
        leases: Sequence[str],
        *,
        max_jobs: int,
        wait_seconds: float,
    ) -> Exchanged[GeneratorJob]:
        nonlocal polls
        polls += 1
        brought = exchange(results, leases, max_jobs=max_jobs, wait_seconds=wait_seconds)
        if done() or polls > 500:
            stop.set()
        return brought

    run_bench_worker(counting, GeneratorWorker(runner).work, stop, QUICK)
    assert done(), [bench.line(job_id) for job_id in ("bad", "good")]


def check_that_only_the_bad_job_fails(bench: Bench, runner: JobRunner, says: str) -> None:
    """Of the jobs "bad" and "good", the bad one is tried twice and then fails, and the worker goes on."""
    serve_until(bench, runner, lambda: (bench.state("bad"), bench.state("good")) == ("failed", "generated"))
    assert says in bench.line("bad")["error"]
    assert bench.line("bad")["error"].startswith("failed 2 times")
    assert bench.line("good")["attempts"] == 0
    bench.textpost("next")
    serve_until(bench, runner, lambda: bench.state("next") == "generated")


def test_a_prompt_longer_than_the_context(
    bench: Bench, generator: GeneratorModel, heads: Mapping[HeadName, Head], settings: WritingSettings
) -> None:
    limits = WritingLimits(context=60, window=40, max_new=40)
    bench.answer("bad")
    bench.textpost("good")
    runner = JobRunner(generator, heads, replace(settings, limits=limits))
    check_that_only_the_bad_job_fails(bench, runner, "PromptTooLongError: the prompt does not fit")


def test_numbers_that_are_not_finite(
    bench: Bench,
    generator: GeneratorModel,
    heads: Mapping[HeadName, Head],
    settings: WritingSettings,
    fragile: GPT2LMHeadModel,
) -> None:
    bench.answer("bad", question="hello ~ ~~ frank")
    bench.answer("good")
    runner = JobRunner(replace(generator, network=fragile), heads, settings)
    check_that_only_the_bad_job_fails(bench, runner, "NotFiniteError: the network's logits")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=["GPU", "CPU"],
)
def test_too_little_memory(
    bench: Bench, runner: JobRunner, monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    """For the longer of two prompts: their batch breaks down, and then each is tried alone."""
    bench.answer("bad", question="a long story " * 20)
    bench.answer("good")
    prefill = Decoder.prefill

    def cramped(self: Decoder, ids: Sequence[int], *, remember: bool = True) -> Prefix:
        if len(ids) > 100:
            raise error
        return prefill(self, ids, remember=remember)

    monkeypatch.setattr(Decoder, "prefill", cramped)
    check_that_only_the_bad_job_fails(bench, runner, "lower generator.batch_size")


def test_a_mistake_in_the_code(bench: Bench, runner: JobRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else a job may break is that job's failure too."""
    bench.answer("bad", question="what about owls?")
    bench.answer("good")
    encode = TextEncoder.encode_prompt

    def picky(self: TextEncoder, prompt: object) -> list[int]:
        if "owls" in prompt.text:  # type: ignore[attr-defined]
            raise ZeroDivisionError("owls")
        return encode(self, prompt)  # type: ignore[arg-type]

    monkeypatch.setattr(TextEncoder, "encode_prompt", picky)
    check_that_only_the_bad_job_fails(bench, runner, "ZeroDivisionError: owls")
