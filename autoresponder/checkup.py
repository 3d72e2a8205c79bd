"""A look at a generator before it serves: one job of three candidates, speed, memory, versions."""

from __future__ import annotations

import platform
import resource

import torch
import transformers

from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.cpu_linear import count_weights, is_int8
from autoresponder.model.trunk import blocks_of
from switchboard.messages import GenerationJob, GenerationOptions, GenerationResult, MoodRecord

CANDIDATES = 3


def sample_job(question: str = "hello, how are you today?") -> GenerationJob:
    """An ask such as the bot gets."""
    anything = MoodRecord(name="unrestricted", min_allowed_score=-1000.0, max_allowed_score=1000.0)
    return GenerationJob(
        type="answer",
        prompt=f"友Anonymous要\n{question}\n域",
        kwargs=GenerationOptions(best_of=CANDIDATES, mood=anything, avoid_if_under=3, avoid_half_if_under=5),
        base_id="check",
        v8_timestamp="3:07 PM",
        v10_timestamp="3 PM February 2021",
        n_desired=CANDIDATES,
    )


def warm_up(runner: JobRunner) -> None:
    """Write something nobody sees, so that no real job pays for what only the first one needs.

    The question is another than that of the check, whose prompt would not be run a second time.
    """
    runner.warm_up()
    runner.run("warm-up", sample_job("what is the best thing about rivers?"))


def check_up(runner: JobRunner, generator: GeneratorModel) -> str:
    """Write three candidates; give what an operator wants to know, line by line."""
    warm_up(runner)
    result, report = runner.run("check-up", sample_job())
    assert isinstance(result, GenerationResult)
    lines = [
        f"model      {generator.identity.name} {generator.identity.sha256[:12]} from {generator.folder}",
        f"network    {_size(generator)}",
        f"versions   python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}",
        *_candidates(result),
        *(f"{name:<14} {value}" for name, value in report.fields().items()),
        f"memory     {_memory(generator.network.device)}",
    ]
    return "\n".join(lines) + "\n"


def _candidates(result: GenerationResult) -> list[str]:
    scored = zip(result.continuations, result.selection_proba, result.sentiment_logit_diffs, strict=True)
    return [
        f"candidate  selector {selector:.2f}, sentiment {sentiment:+.2f}: {text!r}"
        for text, selector, sentiment in scored
    ]


def _size(generator: GeneratorModel) -> str:
    network = generator.network
    return (
        f"{count_weights(network) / 1e6:.1f} M weights, {len(blocks_of(network))} blocks, "
        f"{generator.positions} positions, {_format(generator)} on {network.device}"
    )


def _format(generator: GeneratorModel) -> str:
    return "int8" if is_int8(generator.network) else str(generator.network.dtype).removeprefix("torch.")


def _memory(device: torch.device) -> str:
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    text = f"{resident:.0f} MiB resident at most"
    if device.type == "cuda":
        text += f", {torch.cuda.max_memory_allocated(device) / 2**20:.0f} MiB on the GPU at most"
    return text
