"""A look at a generator before it serves: one job of three candidates, speed, memory, versions."""

from __future__ import annotations

import math
import platform
import resource
import time
from collections.abc import Callable

import torch
import transformers

from autoresponder.jobs.attempts import ATTEMPTS_PER_CANDIDATE
from autoresponder.jobs.engines import ServedGenerator
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.cpu_linear import count_weights, is_int8
from autoresponder.model.trunk import blocks_of
from autoresponder.settings import GeneratorConfig
from switchboard.messages import GenerationJob, GenerationOptions, GenerationResult, MoodRecord

CANDIDATES = 3
TOKENS = 200  # of each candidate, so that a check ends soon whatever the model could write
STEPS_TIMED = 8
SECONDS_BETWEEN_LINES = 2.0
LONGEST_SECONDS = 180.0
"""Of writing; then a check ends, whatever there is."""

BEFORE = (
    f"check: the model is loaded, and writes {CANDIDATES} texts of at most {TOKENS} tokens, twice; "
    f"that ends after {LONGEST_SECONDS:.0f} s at the latest\n"
)


class Progress:
    """Asked at every step whether to stop, it says how long the check will take and how far it is."""

    def __init__(
        self,
        stop: Callable[[], bool],
        say: Callable[[str], object],
        slots: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._stop = stop
        self._say = say
        rounds = 1 + math.ceil(ATTEMPTS_PER_CANDIDATE * CANDIDATES / min(slots, CANDIDATES))
        self.most_steps = 2 * rounds * (TOKENS + 1)
        """Steps of two jobs that both make all attempts they may."""
        self._clock = clock
        self._steps = 0
        self._began = self._said = 0.0
        self.late = False
        """Whether it took too long."""

    def __call__(self) -> bool:
        """Count a step, and say so now and then."""
        now = self._clock()
        if self._steps == 0:
            self._began = now
        elif self._steps == STEPS_TIMED:
            step = (now - self._began) / STEPS_TIMED
            most = min(step * self.most_steps, LONGEST_SECONDS)
            self._line(now, f"a step takes {step * 1000:.0f} ms: at most {most:.0f} s")
        elif self._steps > STEPS_TIMED and now - self._said >= SECONDS_BETWEEN_LINES:
            self._line(now, f"{self._steps} steps of at most {self.most_steps}")
        self._steps += 1
        self.late = now - self._began > LONGEST_SECONDS
        return self.late or self._stop()

    def _line(self, now: float, words: str) -> None:
        self._said = now
        self._say(f"check: {words}\n")


class Waiting:
    """Asked now and then whether to stop waiting for a server, it says how long that may take."""

    def __init__(
        self,
        stop: Callable[[], bool],
        say: Callable[[str], object],
        timeout_seconds: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._stop = stop
        self._say = say
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._began: float | None = None
        self._said = 0.0
        self.late = False
        """Whether it took too long."""

    def __call__(self) -> bool:
        """Say something at first and then every few seconds."""
        now = self._clock()
        if self._began is None:
            self._began = self._said = now
            self._say(
                f"check: the server is asked for {CANDIDATES} texts of at most {TOKENS} tokens, twice, "
                f"and again for those that are not accepted; an answer may take {self._timeout_seconds:g} s\n"
            )
        elif now - self._said >= SECONDS_BETWEEN_LINES:
            self._said = now
            self._say(f"check: {now - self._began:.0f} s\n")
        self.late = now - self._began > LONGEST_SECONDS
        return self.late or self._stop()


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


def progress_of(
    settings: GeneratorConfig, stop: Callable[[], bool], say: Callable[[str], object]
) -> Progress | Waiting:
    """What is asked whether to stop during a check, and says how far it is."""
    if settings.backend == "completions":
        return Waiting(stop, say, settings.completions.timeout_seconds)
    return Progress(stop, say, settings.batch_size)


def warm_up(runner: JobRunner) -> None:
    """Write something nobody sees, so that no real job pays for what only the first one needs.

    The question is another than that of the check, whose prompt would not be run a second time.
    """
    runner.warm_up()
    runner.run("warm-up", sample_job("what is the best thing about rivers?"))


def check_up(runner: JobRunner, generator: GeneratorModel | ServedGenerator) -> str:
    """Write three candidates; give what an operator wants to know, line by line."""
    warm_up(runner)
    result, report = runner.run("check-up", sample_job())
    assert isinstance(result, GenerationResult)
    judge = generator if isinstance(generator, GeneratorModel) else generator.scorer
    lines = [
        *_writer_lines(generator),
        *(() if judge is None else _network_lines(judge)),
        f"versions   python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}",
        *(f"heads      {line}" for line in runner.missing_heads),
        *_candidates(result),
        *(f"{name:<14} {value}" for name, value in report.fields().items()),
        f"memory     {_memory(torch.device('cpu') if judge is None else judge.network.device)}",
    ]
    return "\n".join(lines) + "\n"


def _writer_lines(generator: GeneratorModel | ServedGenerator) -> list[str]:
    """Of a server, what writes; the own engine writes with the network that is scored with."""
    if isinstance(generator, GeneratorModel):
        return []
    return [f"server     {generator.server.model}, rows of at most {generator.positions} tokens"]


def _network_lines(generator: GeneratorModel) -> list[str]:
    return [
        f"model      {generator.identity.name} {generator.identity.sha256[:12]} from {generator.folder}",
        f"network    {_size(generator)}",
    ]


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
