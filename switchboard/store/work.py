"""What the store's verbs share: settings, the running transaction, and the transitions it made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select, update

from switchboard.job_factory import NewJob
from switchboard.messages.fields import MAX_ERROR_CHARACTERS, SINGLE_SHOT, JobState, JobType
from switchboard.settings import SwitchboardConfig
from switchboard.store.schema import candidates, jobs, leases, requests, results

OPEN_STATES: tuple[JobState, ...] = ("submitted", "generating", "generated", "selecting")
NEEDS_GENERATOR: tuple[JobState, ...] = ("submitted", "generating")
NEEDS_SELECTOR: tuple[JobState, ...] = ("generated", "selecting")
FAILURE_STATES: tuple[JobState, ...] = ("failed", "expired", "cancelled")


@dataclass(frozen=True)
class Transition:
    """A job went from one state to another; `seconds` is the time it spent in the old one."""

    job: str
    kind: JobType
    old: JobState | None
    new: JobState
    worker: str | None
    seconds: float


@dataclass
class Work:
    """One writing transaction."""

    connection: Connection
    now: float
    settings: SwitchboardConfig
    new_token: Callable[[], str]
    written_now: Callable[[], str]
    transitions: list[Transition] = field(default_factory=list)

    def job(self, job_id: str) -> Row[Any] | None:
        """The job's row."""
        return self.connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()

    def insert(self, new: NewJob, *, internal: bool) -> None:
        """Store a job whose id is free."""
        self.connection.execute(
            jobs.insert().values(
                id=new.id,
                kind=new.kind,
                client=new.client,
                payload_hash=new.payload_hash,
                internal=internal,
                state="submitted",
                wanted=0 if new.kind in SINGLE_SHOT else max(1, new.wanted),
                accepted=0,
                attempts=0,
                submitted_at=self.now,
                state_at=self.now,
            )
        )
        body = new.body.model_dump_json(exclude={"lease"})
        self.connection.execute(requests.insert().values(job_id=new.id, body=body))
        self.transitions.append(Transition(new.id, new.kind, None, "submitted", None, 0.0))

    def move(
        self, job_id: str, new: JobState, *, worker: str | None = None, error: str | None = None
    ) -> None:
        """Put an existing job into another state."""
        row = self.connection.execute(
            select(jobs.c.kind, jobs.c.state, jobs.c.state_at).where(jobs.c.id == job_id)
        ).one()
        shown = error[:MAX_ERROR_CHARACTERS] if error is not None else None
        values: dict[str, object] = {"state": new, "state_at": self.now}
        if shown is not None:
            values["error"] = shown
        self.connection.execute(update(jobs).where(jobs.c.id == job_id).values(**values))
        spent = max(0.0, self.now - row.state_at)
        self.transitions.append(Transition(job_id, row.kind, row.state, new, worker, spent))

    def end_leases(self, job_id: str) -> None:
        """Take the job out of every worker's hands."""
        self.connection.execute(leases.delete().where(leases.c.job_id == job_id))

    def fail_attempt(self, job_id: str, error: str, worker: str | None) -> None:
        """Count a try that ended without a result; after the last one the job has failed."""
        shown = error[:MAX_ERROR_CHARACTERS]
        self.connection.execute(
            update(jobs).where(jobs.c.id == job_id).values(attempts=jobs.c.attempts + 1, error=shown)
        )
        row = self.job(job_id)
        if row is not None and row.state in OPEN_STATES and row.attempts >= self.settings.max_attempts:
            self.give_up(
                job_id, "failed", error=f"failed {row.attempts} times, at last: {shown}", worker=worker
            )

    def give_up(self, job_id: str, state: JobState, *, error: str, worker: str | None = None) -> None:
        """End an open job without a result."""
        self.end_leases(job_id)
        self.move(job_id, state, error=error, worker=worker)
        self.drop_candidates(job_id)

    def drop_candidates(self, job_id: str) -> None:
        """Remove what is of no use once a job is over."""
        self.connection.execute(candidates.delete().where(candidates.c.job_id == job_id))

    def drop_bodies(self, job_id: str) -> None:
        """Remove all texts of a job; its row stays, so that its id stays known."""
        self.drop_candidates(job_id)
        for table in (requests, results):
            self.connection.execute(table.delete().where(table.c.job_id == job_id))
