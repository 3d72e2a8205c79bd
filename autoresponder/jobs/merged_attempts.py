"""Several jobs' tries as one source: their texts share the batch, their outcomes go their own ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autoresponder.errors import JobError
from autoresponder.generation.generator import Finished, GenerationAttempt
from autoresponder.jobs.attempts import JobAttempts

MOST_OVERTAKEN = 3
"""So many jobs that came later may be finished before a job; then its tries go first."""


@dataclass
class Member:
    """A job among the others."""

    tries: JobAttempts
    done: Callable[[], None]
    failed: Callable[[JobError], None]
    overtaken: int = 0
    """Jobs that came later and are finished."""


class MergedAttempts:
    """The tries of the job that is nearest to its end come first; where it has none to begin, the next job's.

    So most answers are there early: what is almost done is finished before more is begun, and a job of few
    candidates does not wait for one of many. Jobs of the same size are done in the order in which they came.

    Which tries a job makes, and which of them are taken, depends on that job alone; so its candidates are
    the same whatever else is in the batch. A job leaves as soon as its last try has ended, and a job may
    join at any time.
    """

    def __init__(self, more: Callable[[], None] = lambda: None) -> None:
        """``more`` is called when there is room for a job, and may ``add`` some."""
        self._more = more
        self._members: list[Member] = []

    def add(self, tries: JobAttempts, done: Callable[[], None], failed: Callable[[JobError], None]) -> None:
        """Let a job join behind the others; one of the two is called when it leaves."""
        self._members.append(Member(tries, done, failed))

    def next_attempt(self) -> GenerationAttempt | None:
        """The next try of the first job that has one; with none, of a job that joins now."""
        attempt = self._next_of_these()
        if attempt is None:
            self._more()
            attempt = self._next_of_these()
        return attempt

    def _next_of_these(self) -> GenerationAttempt | None:
        for member in self.in_order(self._members):
            if attempt := member.tries.next_attempt():
                return attempt
        return None

    @staticmethod
    def in_order(members: Sequence[Member]) -> Sequence[Member]:
        """Whose tries go first, of jobs by their age."""
        return sorted(
            members,
            key=lambda member: 0 if member.overtaken >= MOST_OVERTAKEN else member.tries.missing,
        )

    def finish(self, finished: Finished) -> None:
        """Give a finished try to its job, which may be done by it."""
        member = self._owner(finished.attempt)
        member.tries.finish(finished)
        if member.tries.over:
            for older in self._members[: self._members.index(member)]:
                older.overtaken += 1
            self._members.remove(member)
            member.done()

    def fail(self, attempt: GenerationAttempt, error: JobError) -> None:
        """Let the job of a broken try go."""
        member = self._owner(attempt)
        self._members.remove(member)
        member.failed(error)

    def _owner(self, attempt: GenerationAttempt) -> Member:
        return next(member for member in self._members if member.tries.stats is attempt.stats)
