"""Writing by requests: tries of one prompt go together in a request, several requests are under way at once.

Takes the place of ``autoresponder.generation.generator.Writer``: the same source of tries, the same judgment
of what comes back. What a server cannot tell is worked out from the texts: how many tokens they have, and
whether they repeat themselves.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread

from autoresponder.completions.answers import Choice, Completion
from autoresponder.completions.kinds import Sampling
from autoresponder.completions.server import CompletionsServer, Question
from autoresponder.errors import JobError, WritingStoppedError
from autoresponder.generation.acceptance import GeneratedText
from autoresponder.generation.generator import (
    AttemptSource,
    Finished,
    GenerationAttempt,
    WritingFigures,
    WritingLimits,
    repeats_itself,
)
from autoresponder.model.encoding import TextEncoder
from autoresponder.sampling.base import LN2
from autoresponder.sampling.registry import numbers_of, scheme_of
from autoresponder.settings import GeneratorConfig

TICK_SECONDS = 0.5  # how often the wish to stop is looked for, and jobs that may join


@dataclass(frozen=True)
class _Lot:
    """Tries of one job with one prompt and one target, for one request."""

    attempts: tuple[GenerationAttempt, ...]

    @property
    def first(self) -> GenerationAttempt:
        return self.attempts[0]


_Answer = Completion | JobError | None
"""What became of a request; None when something else than the server failed."""


@dataclass
class _Run:
    """What is under way."""

    source: AttemptSource
    figures: WritingFigures = field(default_factory=WritingFigures)
    waiting: deque[GenerationAttempt] = field(default_factory=deque)
    asked: int = 0  # requests under way
    texts: int = 0  # texts under way, in requests
    answers: SimpleQueue[tuple[_Lot, _Answer]] = field(default_factory=SimpleQueue)
    began: dict[int, float] = field(default_factory=dict)  # by job, when its first request went out
    failed: set[int] = field(default_factory=set)  # jobs that were let go


class CompletionsWriter:
    """Writes the tries of a source through a server."""

    def __init__(
        self,
        server: CompletionsServer,
        encoder: TextEncoder,
        settings: GeneratorConfig,
        limits: WritingLimits,
        *,
        stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``settings`` say how tokens are drawn, and how many texts and requests may be under way."""
        self._server = server
        self._encoder = encoder
        self._settings = settings
        self._numbers = numbers_of(settings.sampler, limits.window)
        self._has_target = scheme_of(settings.sampler).has_target
        self._limits = limits
        self._stop = stop
        self._clock = clock

    def run(self, source: AttemptSource) -> WritingFigures:
        """Write until the source has no more tries. Raises WritingStoppedError, or what the source raises.

        A try that cannot be written is the end of its job, with the reason. Requests are made by threads that
        nobody waits for when the process stops.
        """
        run = _Run(source)
        while True:
            self._take(run)
            self._send(run)
            if not run.asked:
                return run.figures
            if self._stop():
                raise WritingStoppedError("the generator is shutting down")
            try:
                lot, answer = run.answers.get(timeout=TICK_SECONDS)
            except Empty:
                continue
            self._settle(run, lot, answer)

    def _take(self, run: _Run) -> None:
        """Take tries from the source while there is room for more texts."""
        while run.texts + len(run.waiting) < self._settings.batch_size:
            attempt = run.source.next_attempt()
            if attempt is None:
                return
            run.waiting.append(attempt)

    def _send(self, run: _Run) -> None:
        """Ask for tries that go together, as long as requests may be made."""
        while run.waiting and run.asked < self._settings.completions.requests_at_once:
            lot = self._next_lot(run.waiting)
            run.asked += 1
            run.texts += len(lot.attempts)
            run.began.setdefault(id(lot.first.stats), self._clock())
            # A daemon: the executors of the standard library are waited for when the process ends.
            Thread(target=self._ask, args=[lot, run.answers], name="completion", daemon=True).start()

    def _next_lot(self, waiting: deque[GenerationAttempt]) -> _Lot:
        """The oldest try, and those that can be asked for with it."""
        first = waiting.popleft()
        lot = [first]
        for attempt in list(waiting):
            if len(lot) < self._settings.completions.choices_per_request and self._together(first, attempt):
                waiting.remove(attempt)
                lot.append(attempt)
        return _Lot(tuple(lot))

    def _together(self, one: GenerationAttempt, other: GenerationAttempt) -> bool:
        return (
            one.stats is other.stats
            and one.prompt_ids == other.prompt_ids
            and (not self._has_target or one.draws.target == other.draws.target)
        )

    def _ask(self, lot: _Lot, answers: SimpleQueue[tuple[_Lot, _Answer]]) -> None:
        answer: _Answer = None
        try:
            answer = self._server.write(self._question(lot))
        except JobError as error:
            answer = error
        finally:
            answers.put((lot, answer))

    def _question(self, lot: _Lot) -> Question:
        attempt = lot.first
        prompt = attempt.prompt_ids[-self._limits.prompt :]
        target = attempt.draws.target if self._has_target else None
        return Question(
            prompt,
            len(lot.attempts),
            min(self._limits.max_new, self._limits.context - len(prompt)),
            seed_of(attempt),
            Sampling(self._settings.sampler.name, self._numbers, target),
        )

    def _settle(self, run: _Run, lot: _Lot, answer: _Answer) -> None:
        """Hand out the texts of an answer; a job that was let go meanwhile gets none."""
        run.asked -= 1
        run.texts -= len(lot.attempts)
        stats = lot.first.stats
        if id(stats) in run.failed:
            return
        if isinstance(answer, JobError):
            run.failed.add(id(stats))
            run.waiting = deque(attempt for attempt in run.waiting if attempt.stats is not stats)
            run.source.fail(lot.first, answer)
            return
        if answer is None:
            raise RuntimeError("a request ended by a mistake in the code, which its thread has told")
        finished = [
            self._finished(attempt, choice)
            for attempt, choice in zip(lot.attempts, answer.in_order(), strict=True)
        ]
        for figures in (run.figures, stats):
            figures.tokens += sum(one.tokens for one in finished)
            figures.prompt_known += answer.usage.known_tokens
            figures.decode_seconds = self._clock() - run.began[id(stats)]
        for one in finished:
            run.source.finish(one)

    def _finished(self, attempt: GenerationAttempt, choice: Choice) -> Finished:
        ended = choice.finish_reason == "stop"
        ids = self._encoder.encode_text(choice.text)
        written = GeneratedText(
            text=choice.text,
            ended=ended,
            repeating=repeats_itself(ids, self._limits.window),
            roll=attempt.draws.roll,
            prompt=attempt.prompt_text,
        )
        return Finished(attempt, written, len(ids) + ended, _mean_bits(choice))


def seed_of(attempt: GenerationAttempt) -> int:
    """A seed of 31 bits that a try's own random numbers decide: the same try asks with the same one."""
    digest = hashlib.sha256(repr(attempt.draws.tokens[:8]).encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def _mean_bits(choice: Choice) -> float | None:
    """Mean surprisal in bits, where the server tells it."""
    if not choice.logprobs:
        return None
    return -sum(choice.logprobs) / len(choice.logprobs) / LN2
