"""The client's verbs: submit a job, read its result, acknowledge, cancel."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, func, select, update

from switchboard.job_factory import NewJob
from switchboard.messages import GenerationJob, SubmitReply
from switchboard.messages.fields import JobState
from switchboard.store import retention
from switchboard.store.committing import Refusal
from switchboard.store.schema import candidates, clients, jobs, leases, requests, results
from switchboard.store.work import FAILURE_STATES, NOBODY, OPEN_STATES, Work

CANCELLED = "cancelled by the client"


class IdTaken(Refusal):
    """The id belongs to a request that says something else."""


class TooManyOpenJobs(Refusal):
    """The limit of open jobs is reached; `limit` says what it is."""

    def __init__(self, limit: int, whose: str = "") -> None:
        super().__init__(f"there are {limit} open jobs{whose}, which is the limit: try again later")
        self.limit = limit


@dataclass(frozen=True)
class StoredResult:
    """What is known about a job's end. `body` is the result's JSON, the same bytes at every reading."""

    state: JobState
    body: str | None = None
    error: str | None = None
    delivered: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in (*OPEN_STATES, "unknown")


def submit(work: Work, new: NewJob) -> SubmitReply:
    """Store a job, or find the one that this request made before. Raises IdTaken, TooManyOpenJobs."""
    known = work.job(new.id)
    if known is not None:
        if known.payload_hash != new.payload_hash:
            raise IdTaken(f"the id {new.id} belongs to a different request")
        return SubmitReply(collision=True, state=known.state)
    standing = work.standing(new.client)
    bot = work.settings.client_named(new.client)
    if standing.all_open >= work.settings.max_open_jobs:
        raise TooManyOpenJobs(work.settings.max_open_jobs)
    if bot is not None and bot.max_open_jobs is not None and standing.open >= bot.max_open_jobs:
        raise TooManyOpenJobs(bot.max_open_jobs, f" of {new.client}")
    if isinstance(new.body, GenerationJob) and new.kind == "textpost" and not new.body.kwargs.spare_retained:
        new = retention.fewer_for_retained(work, new)
        retention.request_scores(work)
    share = bot.share if bot is not None else 1.0
    work.open_for(new.client, standing, cost=max(1, new.wanted) / share)
    work.insert(new, internal=False, turn=standing.turn)
    return SubmitReply(collision=False, state="submitted")


_OPEN = select(func.coalesce(func.sum(clients.c.open), 0))
_RESULT = (
    select(jobs.c.state, jobs.c.error, jobs.c.delivered_at, results.c.body)
    .outerjoin(results, results.c.job_id == jobs.c.id)
    .where(jobs.c.id == bindparam("job_id"))
)
_DELIVERED = (
    update(jobs)
    .where(jobs.c.id == bindparam("job_id"), jobs.c.delivered_at.is_(None))
    .values(delivered_at=bindparam("at"))
)


def open_jobs(connection: Connection) -> int:
    """How many jobs of clients wait for a worker or are worked on."""
    return int(connection.scalar(_OPEN) or 0)


def read_result(connection: Connection, job_id: str) -> StoredResult:
    """What became of a job; changes nothing."""
    row = connection.execute(_RESULT, {"job_id": job_id}).one_or_none()
    if row is None:
        return StoredResult("unknown")
    error = row.error if row.state in FAILURE_STATES else None
    if row.state == "acknowledged":
        error = "the result was acknowledged and has been removed"
    return StoredResult(row.state, row.body, error, row.delivered_at is not None)


def mark_delivered(work: Work, seen: Mapping[str, float]) -> None:
    """Remember when clients saw the end of their jobs; the shorter retention time began then."""
    work.many(_DELIVERED, [{"job_id": job_id, "at": at} for job_id, at in seen.items()])


def acknowledge(work: Work, job_id: str) -> JobState:
    """The client has the result safe: remove it. A job without an end is left as it is."""
    row = work.job(job_id)
    if row is None:
        return "unknown"
    if row.state == "finished":
        work.move(row, "acknowledged")
        work.drop([job_id], "requests", "results")  # its candidates were dropped at its end
        return "acknowledged"
    state: JobState = row.state
    return state


def cancel(work: Work, job_id: str) -> JobState:
    """Give up a job that has no end yet; any other is left as it is."""
    row = work.job(job_id)
    if row is None:
        return "unknown"
    if row.state in OPEN_STATES:
        work.give_up(row, "cancelled", error=CANCELLED)
        return "cancelled"
    state: JobState = row.state
    return state


def clear(work: Work, job_id: str) -> list[str]:
    """Be done with a job whatever its state; says what was cleared: "job", "result", or nothing."""
    row = work.job(job_id)
    if row is None:
        return []
    if row.state in OPEN_STATES:
        cancel(work, job_id)
        return ["job"]
    return ["result"] if row.state == "finished" and acknowledge(work, job_id) == "acknowledged" else []


def clear_client(work: Work, client: str) -> list[str]:
    """Be done with all jobs of one client; returns their ids."""
    mine = jobs.c.client == client, jobs.c.internal.is_(False)
    live = jobs.c.state.in_((*OPEN_STATES, "finished"))
    found = work.connection.execute(select(jobs).where(*mine, live).order_by(jobs.c.seq)).all()
    # By sets, for a client may have ten thousand jobs and waits for the answer.
    cleared, finished = select(jobs.c.id).where(*mine, live), jobs.c.state == "finished"
    for table in (leases, candidates):
        work.connection.execute(table.delete().where(table.c.job_id.in_(cleared)))
    for table in (requests, results):
        work.connection.execute(table.delete().where(table.c.job_id.in_(cleared.where(finished))))
    state = case((finished, "acknowledged"), else_="cancelled")
    error = case((finished, jobs.c.error), else_=CANCELLED)
    changes = {"state": state, "error": error, "state_at": work.now, "offered": NOBODY, "free": 0}
    work.connection.execute(update(jobs).where(*mine, live).values(**changes))
    for row in found:
        work.step(row, row.state, "acknowledged" if row.state == "finished" else "cancelled")
    return [row.id for row in found]
