"""Where a worker's loop and its work meet: jobs are put down, results are taken away, while the work goes on.

The work runs in a thread of its own. It is a daemon, since nothing can interrupt it.
"""

import threading
from collections.abc import Callable, Container, Mapping
from typing import Generic, TypeVar

from pydantic import BaseModel

from switchboard.messages import WorkerError
from switchboard.messages.fields import MAX_ERROR_CHARACTERS

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT", bound=BaseModel)


def key_of(job_id: str, token: str, taken: Container[str]) -> str:
    """What a job is called on the bench: its id, and the lease's token too where the id is taken.

    A worker that has room is handed the rest of a job of which it works on a part: two leases on one job.
    """
    return f"{job_id} {token}" if job_id in taken else job_id


def job_of(key: str) -> str:
    """The id of the job that has this key on the bench."""
    return key.partition(" ")[0]


class WorkerThread(Generic[JobT, ResultT]):
    """Jobs that are worked on side by side.

    They stand by their keys (`key_of`). `take`, `deliver` and `give_back` are for the work's thread,
    everything else is for the loop's.
    """

    def __init__(
        self, jobs: Mapping[str, JobT], work: Callable[["WorkerThread[JobT, ResultT]"], None]
    ) -> None:
        """Put down the first `jobs` and start the work."""
        self._lock = threading.Lock()
        self._waiting = dict(jobs)
        self._undone = dict(jobs)
        self._finished: dict[str, ResultT | WorkerError] = {}
        self._has_room = False
        self.seen = len(jobs)
        self.error: str | None = None
        self._thread = threading.Thread(target=self._run, args=[work], name="work", daemon=True)
        self._thread.start()

    def take(self) -> dict[str, JobT]:
        """The jobs that were put down since the last call. To find none says that there is room."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
            self._has_room = not taken
            return taken

    def deliver(self, key: str, result: ResultT | WorkerError) -> None:
        """Hand over what became of a job; once it is handed over, it is over."""
        with self._lock:
            if self._undone.pop(key, None) is not None:
                self._finished[key] = result

    def give_back(self, reason: str) -> None:
        """Leave all jobs that are not over to other workers; they are not to blame."""
        for key in self.left:
            self.deliver(key, WorkerError(error=reason, blameless=True))

    def _run(self, work: Callable[["WorkerThread[JobT, ResultT]"], None]) -> None:
        try:
            work(self)
        except Exception as error:  # noqa: BLE001 - whatever a job breaks, it is reported and the next one served
            self.error = f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARACTERS]

    def wait(self, seconds: float) -> bool:
        """True when the work is over; by an `error`, if there is one."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def has_room(self) -> bool:
        """Whether the work has asked for jobs and found none."""
        with self._lock:
            return self._has_room

    def join(self, jobs: Mapping[str, JobT]) -> None:
        """Put down more jobs."""
        with self._lock:
            self._waiting.update(jobs)
            self._undone.update(jobs)
            self._has_room = self._has_room and not jobs
            self.seen += len(jobs)

    def collect(self) -> dict[str, ResultT | WorkerError]:
        """Take away what was delivered since the last call."""
        with self._lock:
            finished, self._finished = self._finished, {}
            return finished

    @property
    def left(self) -> dict[str, JobT]:
        """The jobs of which nothing was delivered yet."""
        with self._lock:
            return dict(self._undone)

    @property
    def late(self) -> dict[str, JobT]:
        """The jobs that were never taken."""
        with self._lock:
            return dict(self._waiting)
