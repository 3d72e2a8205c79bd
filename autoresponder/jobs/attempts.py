"""The tries at one job's candidates: how many are begun, which are taken, what became of the rest.

A try is begun only while taken and running ones together are fewer than wanted. So which tries are
made, and which of them are taken, depends on the job alone and not on how many are written at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from autoresponder.errors import NothingAcceptedError
from autoresponder.generation.acceptance import (
    RELAXING_ORDER,
    AcceptanceOptions,
    GeneratedText,
    judge,
    too_long,
)
from autoresponder.generation.generator import Finished, GenerationAttempt, WritingFigures
from autoresponder.model.trunk import Reading

ATTEMPTS_PER_CANDIDATE = 5


@dataclass(frozen=True)
class Candidate:
    """An accepted text, cut to what is the bot's own."""

    attempt: GenerationAttempt
    written: GeneratedText
    reading: Reading | None = None


class JobAttempts:
    """Source of one job's tries, at most five for each candidate wanted, and judge of what comes back."""

    def __init__(
        self,
        wanted: int,
        make_attempt: Callable[[int], GenerationAttempt],
        options: AcceptanceOptions,
        control_phrase: re.Pattern[str],
    ) -> None:
        """``make_attempt`` gives the try of a number, counted from 0."""
        self.wanted = wanted
        self.stats = WritingFigures()
        self.rejections: Counter[str] = Counter()
        self.relaxed: tuple[str, ...] = ()
        self._make_try = make_attempt
        self._options = options
        self._control_phrase = control_phrase
        self._finished: list[Finished] = []
        self._taken: list[Candidate] = []
        self._begun = 0
        self._prompts: set[tuple[int, ...]] = set()

    @property
    def begun(self) -> int:
        """Number of tries so far."""
        return self._begun

    @property
    def missing(self) -> int:
        """Candidates that are wanted and not accepted yet."""
        return self.wanted - len(self._taken)

    @property
    def mean_surprisal(self) -> float | None:
        """Mean surprisal per token of the finished tries whose surprisal is known, in bits."""
        known = [(f.mean_surprisal, f.tokens) for f in self._finished if f.mean_surprisal is not None]
        tokens = sum(count for _, count in known)
        return sum(bits * count for bits, count in known) / tokens if tokens else None

    @property
    def over(self) -> bool:
        """Whether nothing is running and nothing more is to be begun."""
        return self._begun == len(self._finished) and self._is_enough()

    def next_attempt(self) -> GenerationAttempt | None:
        """The next try, unless enough are taken or running, or too many were made."""
        if self._is_enough():
            return None
        self._begun += 1
        attempt = replace(self._make_try(self._begun - 1), stats=self.stats)
        if attempt.prompt_ids not in self._prompts:
            self._prompts.add(attempt.prompt_ids)
            self.stats.prompt_tokens += len(attempt.prompt_ids)
        return attempt

    def _is_enough(self) -> bool:
        running = self._begun - len(self._finished)
        return (
            len(self._taken) + running >= self.wanted or self._begun >= ATTEMPTS_PER_CANDIDATE * self.wanted
        )

    def finish(self, finished: Finished) -> None:
        """Judge a finished try."""
        self._finished.append(
            replace(finished, reading=None)
        )  # it is large, and few rejected are taken later
        written, rule = judge(finished.written, self._options, self._control_phrase)
        if rule is None:
            self._taken.append(Candidate(finished.attempt, written, finished.reading))
        else:
            self.rejections[rule] += 1

    def candidates(self) -> list[Candidate]:
        """The accepted ones in the order of their tries, under relaxed rules if too few passed.

        There may still be fewer than wanted. Raises NothingAcceptedError when there is none.
        """
        taken = self._taken
        for count in range(1, len(RELAXING_ORDER) + 1):
            if len(taken) >= self.wanted:
                break
            self.relaxed = RELAXING_ORDER[:count]
            taken = self._taken_without(self.relaxed)
        if not taken:
            reasons = ", ".join(f"{rule} {count}" for rule, count in self.rejections.most_common())
            raise NothingAcceptedError(f"no candidate accepted in {self._begun} tries ({reasons})")
        if too_long.__name__ in self.relaxed:  # nothing is as short as it should be: the shortest there are
            taken = sorted(taken, key=lambda candidate: candidate.written.words)[: self.wanted]
        return sorted(taken, key=lambda candidate: candidate.attempt.number)[: self.wanted]

    def _taken_without(self, given_up: tuple[str, ...]) -> list[Candidate]:
        judged = (
            (f.attempt, judge(f.written, self._options, self._control_phrase, given_up))
            for f in self._finished
        )
        return [Candidate(attempt, written) for attempt, (written, rule) in judged if rule is None]
