"""A switchboard for the worker's loop: it hands out what a script says and remembers what it was sent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from switchboard.errors import SwitchboardError
from switchboard.messages import RawSelectResult, WorkerError
from switchboard.polling import Exchanged
from switchboard.worker import PollTimings, run_worker
from tests.switchboard.bench import scores

QUICK = PollTimings(wait_seconds=0.0, idle_seconds=0.0, grace_seconds=0.05, tick_seconds=0.005)


@dataclass
class Posted:
    results: dict[str, RawSelectResult | WorkerError]
    leases: list[str]
    max_jobs: int


class NoWaiting(threading.Event):
    """A wish to stop whose waiting takes no time; remembers how long it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        return self.is_set()


@dataclass
class FakeSwitchboard:
    """Answers polls from a script: jobs to hand out, or an error to raise; stops the worker at its end."""

    script: list[dict[str, float] | SwitchboardError]
    stop: NoWaiting = field(default_factory=NoWaiting)
    posted: list[Posted] = field(default_factory=list)
    leased: Counter[str] = field(default_factory=Counter)

    def __call__(
        self,
        results: Mapping[str, RawSelectResult | WorkerError],
        leases: Sequence[str],
        *,
        max_jobs: int,
        wait_seconds: float,
    ) -> Exchanged[str]:
        self.posted.append(Posted(dict(results), list(leases), max_jobs))
        step = self.next_step(max_jobs)
        if isinstance(step, SwitchboardError):
            raise step
        return Exchanged(
            jobs={job_id: f"work of {job_id}" for job_id in step},
            tokens={job_id: self.new_token(job_id) for job_id in step},
            lease_seconds=step,
            statuses=dict.fromkeys(results, "accepted"),
            leases=dict.fromkeys(leases, 1.0),
        )

    def new_token(self, job_id: str) -> str:
        """A further lease on a job is another one."""
        self.leased[job_id] += 1
        return f"lease-{job_id}" + "-more" * (self.leased[job_id] - 1)

    def next_step(self, max_jobs: int) -> dict[str, float] | SwitchboardError:
        if max_jobs == 0 and not (self.script and isinstance(self.script[0], SwitchboardError)):
            return {}
        if not self.script:
            self.stop.set()
            return {}
        return self.script.pop(0)

    def run(self, handle: Callable[[str, str], RawSelectResult], rhythm: PollTimings = QUICK) -> None:
        run_worker(self, handle, self.stop, rhythm)

    def delivered(self) -> dict[str, list[RawSelectResult | WorkerError]]:
        """Every result by job, as often as it was sent."""
        found: dict[str, list[RawSelectResult | WorkerError]] = {}
        for posted in self.posted:
            for job_id, result in posted.results.items():
                found.setdefault(job_id, []).append(result)
        return found


def score(_job_id: str, _job: str) -> RawSelectResult:
    return scores(1)
