"""The loop of a worker process: take jobs, work, deliver, and lose nothing that was worked out.

Finished results are kept until the switchboard says what became of them, with back-off (1, 2, 4 ... 60 s)
while it is out of reach. The work itself runs in a thread of its own, so that the one thread that speaks HTTP
can renew the leases meanwhile and can stop the process when it is told to.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from pydantic import BaseModel

from switchboard.errors import (
    SwitchboardBusy,
    SwitchboardConflict,
    SwitchboardForbidden,
    SwitchboardRefused,
    SwitchboardUnreachable,
)
from switchboard.messages import WorkerError
from switchboard.messages.fields import MAX_ERROR_CHARACTERS
from switchboard.polling import Exchange, Exchanged

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT", bound=BaseModel)

FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Rhythm:
    """The times of the loop, in seconds, and how many jobs are taken at once."""

    wait_seconds: float = 3.0  # of a long poll; also how long an idle worker needs to stop
    idle_seconds: float = 1.0  # least time between polls that find nothing
    grace_seconds: float = 5.0  # for the work at hand, once the process is told to stop
    tick_seconds: float = 0.1  # how often a working worker looks whether it is told to stop
    max_jobs: int = 1


def run_worker(
    exchange: Exchange[JobT, ResultT],
    handle: Callable[[str, JobT], ResultT],
    shutdown: threading.Event,
    rhythm: Rhythm = Rhythm(),
) -> None:
    """Serve jobs until `shutdown` is set.

    `handle(job_id, job)` does the work and returns the result; if it raises, the failure is reported and the
    next job is served. Raises SwitchboardForbidden (wrong token) and SwitchboardConflict (another process
    uses this worker's name), which only a human can mend, and SwitchboardRefused if a poll without any result
    is refused.
    """
    loop = _Loop(exchange, handle, shutdown, rhythm)
    while not shutdown.is_set():
        loop.step()
    loop.flush()


@dataclass
class _Held:
    """A lease on a job that is waiting or being worked on."""

    token: str
    seconds: float


class _Loop(Generic[JobT, ResultT]):
    def __init__(
        self,
        exchange: Exchange[JobT, ResultT],
        handle: Callable[[str, JobT], ResultT],
        shutdown: threading.Event,
        rhythm: Rhythm,
    ) -> None:
        self._exchange = exchange
        self._handle = handle
        self._shutdown = shutdown
        self._rhythm = rhythm
        self._held: dict[str, _Held] = {}
        self._unsent: dict[str, ResultT | WorkerError] = {}
        self._failures = 0

    def step(self) -> None:
        """One long poll, and the work it brought."""
        asked_at = time.monotonic()
        brought = self._try(max_jobs=self._rhythm.max_jobs, wait_seconds=self._rhythm.wait_seconds)
        if brought is None:
            self._shutdown.wait(self._backoff())
            return
        if not brought.jobs and not brought.statuses:
            self._rest(time.monotonic() - asked_at)
        for job_id, seconds in brought.lease_seconds.items():
            self._held[job_id] = _Held(brought.tokens[job_id], seconds)
        for job_id, job in brought.jobs.items():
            self._work(job_id, job)

    def _rest(self, waited: float) -> None:
        """A poll that found nothing has waited already, unless the switchboard had no place left for that."""
        if waited < self._rhythm.idle_seconds:
            self._shutdown.wait(self._rhythm.idle_seconds - waited)

    def flush(self) -> None:
        """Deliver what is finished and give back the rest, if the switchboard can be reached; once."""
        for job_id, held in self._held.items():
            self._unsent.setdefault(
                job_id, WorkerError(error="worker stopped", blameless=True, lease=held.token)
            )
        self._held.clear()
        if self._unsent:
            self._try(max_jobs=0, wait_seconds=0.0)

    def _backoff(self) -> float:
        return min(
            LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** min(16, max(0, self._failures - 1))
        )

    def _work(self, job_id: str, job: JobT) -> None:
        """Do one job, renewing the leases meanwhile; a result is put with the unsent ones."""
        task = _Task(self._handle, job_id, job)
        due = time.monotonic() + self._heartbeat()
        stop_at: float | None = None
        while not task.wait(self._rhythm.tick_seconds):
            now = time.monotonic()
            if self._shutdown.is_set():
                stop_at = stop_at if stop_at is not None else now + self._rhythm.grace_seconds
                if now >= stop_at:
                    return  # flush() gives the lease back
            if now >= due:
                self._try(max_jobs=0, wait_seconds=0.0)
                due = time.monotonic() + self._heartbeat()
        held = self._held.pop(job_id, None)
        self._unsent[job_id] = task.outcome(held.token if held is not None else None)
        if self._held:  # more jobs are waiting here: deliver this one first
            self._try(max_jobs=0, wait_seconds=0.0)

    def _heartbeat(self) -> float:
        """Seconds between renewals: a third of the shortest lease leaves room for two lost ones."""
        return max(0.1, min((held.seconds for held in self._held.values()), default=30.0) / 3)

    def _try(self, *, max_jobs: int, wait_seconds: float) -> Exchanged[JobT] | None:
        """One exchange; None if the switchboard cannot be reached now, in which case nothing is lost."""
        try:
            brought = self._deliver(dict(self._unsent), max_jobs, 0.0 if max_jobs == 0 else wait_seconds)
        except (SwitchboardUnreachable, SwitchboardBusy) as error:
            self._failures += 1
            log.warning(
                "switchboard out of reach", reason=str(error), tries=self._failures, unsent=len(self._unsent)
            )
            return None
        if self._failures:
            log.info("switchboard back in reach", tries=self._failures)
            self._failures = 0
        return brought

    def _deliver(
        self, results: Mapping[str, ResultT | WorkerError], max_jobs: int, wait_seconds: float
    ) -> Exchanged[JobT]:
        leases = [held.token for held in self._held.values()]
        try:
            brought = self._exchange(results, leases, max_jobs=max_jobs, wait_seconds=wait_seconds)
        except (SwitchboardForbidden, SwitchboardConflict):
            raise
        except SwitchboardRefused as error:
            if not results:
                raise
            self._find_the_refused(results, error)
            return self._exchange({}, leases, max_jobs=max_jobs, wait_seconds=wait_seconds)
        self._forget(results, brought)
        return brought

    def _find_the_refused(
        self, results: Mapping[str, ResultT | WorkerError], error: SwitchboardRefused
    ) -> None:
        """A poll is refused as a whole: send its results one by one, and report the bad ones as failures."""
        if len(results) > 1:
            for job_id, result in results.items():
                self._deliver({job_id: result}, 0, 0.0)
            return
        ((job_id, result),) = results.items()
        log.error("result refused", job=job_id, field=error.field, reason=error.error)
        del self._unsent[job_id]
        if not isinstance(result, WorkerError):
            failure = WorkerError(
                error=f"result refused: {error.error}", lease=getattr(result, "lease", None)
            )
            self._unsent[job_id] = failure

    def _forget(self, results: Mapping[str, ResultT | WorkerError], brought: Exchanged[JobT]) -> None:
        """Every status is final: delivered, or not wanted any more."""
        for job_id, status in brought.statuses.items():
            if job_id in results:
                del self._unsent[job_id]
                log.info("result delivered", job=job_id, status=status)


class _Task(Generic[JobT, ResultT]):
    """One call of `handle` in a thread of its own; a daemon, since nothing can interrupt it."""

    def __init__(self, handle: Callable[[str, JobT], ResultT], job_id: str, job: JobT) -> None:
        self._handle, self._job_id, self._job = handle, job_id, job
        self._result: ResultT | None = None
        self._error: str = "the worker gave no result"
        self._thread = threading.Thread(target=self._run, name=f"job-{job_id[:16]}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._handle(self._job_id, self._job)
        except Exception as error:  # noqa: BLE001 - whatever a job breaks, it is reported and the next one served
            self._error = f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARACTERS]
            log.error("job failed", job=self._job_id, error=type(error).__name__)

    def wait(self, seconds: float) -> bool:
        """True when the work is over."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def outcome(self, token: str | None) -> ResultT | WorkerError:
        """The result under its lease, or the failure."""
        if self._result is None:
            return WorkerError(error=self._error, lease=token)
        return self._result.model_copy(update={"lease": token})
