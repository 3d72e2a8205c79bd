"""The loop of a worker process: take jobs, work, deliver, and lose nothing that was worked out.

Finished results are kept until the switchboard says what became of them, with back-off (1, 2, 4 ... 60 s)
while it is out of reach. The work itself runs in a thread of its own, so that the one thread that speaks HTTP
can renew the leases meanwhile and can stop the process when it is told to. Work can be one job at a time
(`run_worker`), or jobs side by side on a bench that more can join (`run_bench_worker`).
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
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
from switchboard.messages import GenerationResult, WorkerError
from switchboard.messages.fields import MAX_ERROR_CHARACTERS, MAX_JOBS_PER_POLL
from switchboard.polling import Exchange, Exchanged
from switchboard.worker_thread import WorkerThread, job_of, key_of

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT", bound=BaseModel)

FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0

log = structlog.get_logger()


@dataclass(frozen=True)
class PollTimings:
    """The times of the loop, in seconds, and how many jobs are taken by one poll."""

    wait_seconds: float = 3.0  # of a long poll; also how long an idle worker needs to stop
    idle_seconds: float = 1.0  # least time between polls that find nothing, at work too
    grace_seconds: float = 5.0  # for the work at hand, once the process is told to stop
    tick_seconds: float = 0.1  # how often a working worker looks whether it is told to stop
    max_jobs: int = 1


def run_worker(
    exchange: Exchange[JobT, ResultT],
    handle: Callable[[str, JobT], ResultT],
    shutdown: threading.Event,
    rhythm: PollTimings = PollTimings(),
) -> None:
    """Serve jobs until `shutdown` is set.

    `handle(job_id, job)` does the work and returns the result; if it raises, the failure is reported and the
    next job is served. Raises SwitchboardForbidden (wrong token) and SwitchboardConflict (another process
    uses this worker's name), which only a human can fix, and SwitchboardRefused if a poll without any result
    is refused.
    """

    def work(bench: WorkerThread[JobT, ResultT]) -> None:
        for key, job in bench.take().items():
            bench.deliver(key, handle(job_of(key), job))

    _Loop(exchange, work, shutdown, rhythm, side_by_side=False).run()


def run_bench_worker(
    exchange: Exchange[JobT, ResultT],
    work: Callable[[WorkerThread[JobT, ResultT]], None],
    shutdown: threading.Event,
    rhythm: PollTimings = PollTimings(),
) -> None:
    """Serve jobs side by side until `shutdown` is set.

    `work(bench)` takes the jobs from the bench, and delivers what became of each as soon as it knows; it can
    ask the bench for more as long as it works. If it raises, the jobs that are left are done again, each on a
    bench of its own, so that a job that breaks the work breaks its own alone. Raises as `run_worker` does.
    """
    _Loop(exchange, work, shutdown, rhythm, side_by_side=True).run()


@dataclass
class _Held:
    """A lease on a job that is waiting or being worked on."""

    token: str
    seconds: float


class _Loop(Generic[JobT, ResultT]):
    def __init__(
        self,
        exchange: Exchange[JobT, ResultT],
        work: Callable[[WorkerThread[JobT, ResultT]], None],
        shutdown: threading.Event,
        rhythm: PollTimings,
        *,
        side_by_side: bool,
    ) -> None:
        self._exchange = exchange
        self._work = work
        self._shutdown = shutdown
        self._rhythm = rhythm
        self._side_by_side = side_by_side
        self._held: dict[str, _Held] = {}
        self._unsent: dict[str, ResultT | WorkerError] = {}
        self._failures = 0

    def run(self) -> None:
        while not self._shutdown.is_set():
            self.step()
        self.flush()

    def step(self) -> None:
        """One long poll, and the work it brought."""
        asked_at = time.monotonic()
        brought = self._try(max_jobs=self._rhythm.max_jobs, wait_seconds=self._rhythm.wait_seconds)
        if brought is None:
            self._shutdown.wait(self._backoff())
            return
        if not brought.jobs and not brought.statuses:
            self._rest(time.monotonic() - asked_at)
        jobs: Mapping[str, JobT] = self._hold(brought)
        while jobs and self._side_by_side and not self._shutdown.is_set():
            jobs = self._serve(jobs, joinable=True)
        self._serve_each(jobs)

    def _hold(self, brought: Exchanged[JobT]) -> dict[str, JobT]:
        """Keep the leases of new jobs; gives the jobs by their keys."""
        jobs = {}
        for job_id, job in brought.jobs.items():
            token = brought.tokens.get(job_id)
            key = key_of(job_id, token or "", {*self._held, *self._unsent})
            jobs[key] = job
            if token is not None:
                self._held[key] = _Held(token, brought.lease_seconds[job_id])
        return jobs

    def _serve_each(self, jobs: Mapping[str, JobT]) -> None:
        for key, job in jobs.items():
            if not self._shutdown.is_set():
                self._serve({key: job}, joinable=False)

    def _rest(self, waited: float) -> None:
        """A poll that found nothing has waited already, unless the switchboard had no place left for that."""
        if waited < self._rhythm.idle_seconds:
            self._shutdown.wait(self._rhythm.idle_seconds - waited)

    def flush(self) -> None:
        """Deliver what is finished and give back the rest, if the switchboard can be reached; once."""
        for key, held in self._held.items():
            self._unsent.setdefault(
                key, WorkerError(error="worker stopped", blameless=True, lease=held.token)
            )
        self._held.clear()
        if self._unsent:
            self._try(max_jobs=0, wait_seconds=0.0)

    def _backoff(self) -> float:
        return min(
            LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** min(16, max(0, self._failures - 1))
        )

    def _serve(self, jobs: Mapping[str, JobT], *, joinable: bool) -> Mapping[str, JobT]:
        """Do jobs, renewing all leases meanwhile; results are sent as they come, and jobs asked for while
        there is room. Gives those that came too late to join."""
        bench = WorkerThread(jobs, self._work)
        due, ask_at = time.monotonic() + self._heartbeat(), 0.0
        stop_at: float | None = None
        while not bench.wait(self._rhythm.tick_seconds):
            now = time.monotonic()
            finished = self._collect(bench)
            if self._shutdown.is_set():
                stop_at = stop_at if stop_at is not None else now + self._rhythm.grace_seconds
                if now >= stop_at:
                    return {}  # flush() gives the leases back
            asks = joinable and stop_at is None and bench.has_room and now >= ask_at
            if finished or asks or now >= due:
                joined = self._look_in(bench, asks=asks)
                ask_at = now if joined else now + self._rhythm.idle_seconds
                due = time.monotonic() + self._heartbeat()
        self._collect(bench)
        return self._clear_up(bench)

    def _look_in(self, bench: WorkerThread[JobT, ResultT], *, asks: bool) -> bool:
        """Send what is finished, renew the leases, and ask for a job that can join; whether there was one."""
        brought = self._try(max_jobs=int(asks), wait_seconds=0.0)
        if brought is None or not brought.jobs:
            return False
        bench.join(self._hold(brought))
        return True

    def _collect(self, bench: WorkerThread[JobT, ResultT]) -> bool:
        """Put what is finished with the unsent results, under its lease; whether there was anything."""
        finished = bench.collect()
        for key, result in finished.items():
            held = self._held.pop(key, None)
            self._unsent[key] = result.model_copy(update={"lease": held.token if held else None})
        return bool(finished)

    def _clear_up(self, bench: WorkerThread[JobT, ResultT]) -> Mapping[str, JobT]:
        """See to the jobs that a bench leaves undone: each alone if several broke down together, else as
        failed. Gives those it never took."""
        left, late = bench.left, bench.late
        if bench.error is not None and bench.seen > 1:
            log.warning("jobs are done one by one", jobs=len(left), error=bench.error.partition(":")[0])
            self._serve_each(left)
            return {}
        for key in left.keys() - late.keys():
            error = bench.error or "the worker gave no result"
            log.error("job failed", job=job_of(key), error=error.partition(":")[0])
            held = self._held.pop(key, None)
            self._unsent[key] = WorkerError(error=error, lease=held.token if held else None)
        if self._held:  # more jobs are waiting here: deliver this one first
            self._try(max_jobs=0, wait_seconds=0.0)
        return late

    def _heartbeat(self) -> float:
        """Seconds between renewals: a third of the shortest lease leaves room for two lost ones."""
        return max(0.1, min((held.seconds for held in self._held.values()), default=30.0) / 3)

    def _try(self, *, max_jobs: int, wait_seconds: float) -> Exchanged[JobT] | None:
        """One exchange; None if the switchboard cannot be reached now, in which case nothing is lost."""
        *first, last = _polls(self._unsent)
        try:
            for results in first:
                self._deliver(results, 0, 0.0)
            brought = self._deliver(last, max_jobs, 0.0 if max_jobs == 0 else wait_seconds)
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
        by_job = {job_of(key): result for key, result in results.items()}
        leases = self._leases(results)
        try:
            brought = self._exchange(by_job, leases, max_jobs=max_jobs, wait_seconds=wait_seconds)
        except (SwitchboardForbidden, SwitchboardConflict):
            raise
        except (SwitchboardRefused, ValueError) as error:  # ValueError: text that cannot be written as UTF-8
            if not results:
                raise
            self._deliver_singly(results, error)
            return self._deliver({}, max_jobs, wait_seconds)
        self._forget(results, brought)
        return brought

    def _leases(self, results: Mapping[str, ResultT | WorkerError]) -> list[str]:
        """The leases to name in a poll: of the work at hand, and of results that go out with a later poll.

        A lease that is not named is given back without blame, and its job handed out again.
        """
        waiting = (_lease_of(result) for key, result in self._unsent.items() if key not in results)
        tokens = [*(held.token for held in self._held.values()), *(token for token in waiting if token)]
        return list(dict.fromkeys(tokens))[:MAX_JOBS_PER_POLL]

    def _deliver_singly(
        self, results: Mapping[str, ResultT | WorkerError], error: SwitchboardRefused | ValueError
    ) -> None:
        """A poll is refused as a whole: send its results one by one, and report the bad ones as failures.

        Of a batch of candidates only those are lost that are refused by themselves.
        """
        if len(results) > 1:
            for key, result in results.items():
                self._deliver({key: result}, 0, 0.0)
            return
        ((key, result),) = results.items()
        reason = error.error if isinstance(error, SwitchboardRefused) else "its text is not valid Unicode"
        log.error("result refused", job=job_of(key), field=getattr(error, "field", ""), reason=reason)
        replacements = self._in_place_of(result, reason)
        if not replacements:
            raise error
        del self._unsent[key]
        self._unsent |= {f"{key} part {index}": one for index, one in enumerate(replacements)}
        for index, one in enumerate(replacements):
            self._deliver({f"{key} part {index}": one}, 0, 0.0)

    @staticmethod
    def _in_place_of(result: ResultT | WorkerError, reason: str) -> Sequence[ResultT | WorkerError]:
        """What is sent in place of a refused result; nothing when even a plain failure was refused."""
        if isinstance(result, GenerationResult) and len(result.continuations) > 1:
            singly = result.with_keys().singly()
            if singly:
                return singly
        failure = WorkerError(
            error=f"result refused: {reason}"[:MAX_ERROR_CHARACTERS], lease=_lease_of(result)
        )
        plain = WorkerError(error="result refused", lease=failure.lease)
        if not isinstance(result, WorkerError):
            return [failure]
        return [plain] if result != plain else []

    def _forget(self, results: Mapping[str, ResultT | WorkerError], brought: Exchanged[JobT]) -> None:
        """Every status is final: delivered, or not wanted any more."""
        for key in results:
            status = brought.statuses.get(job_of(key))
            if status is not None:
                del self._unsent[key]
                log.info("result delivered", job=job_of(key), status=status)


def _lease_of(result: BaseModel) -> str | None:
    token = getattr(result, "lease", None)
    return token if isinstance(token, str) else None


def _polls(unsent: Mapping[str, ResultT]) -> list[dict[str, ResultT]]:
    """The results of each poll, at least one: a poll has one place for each job."""
    polls: list[dict[str, ResultT]] = [{}]
    for key, result in unsent.items():
        for poll in polls:
            if job_of(key) not in map(job_of, poll):
                poll[key] = result
                break
        else:
            polls.append({key: result})
    return polls
