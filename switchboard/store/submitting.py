"""The client's verbs: submit a job, read its result, acknowledge, cancel."""

from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select, update

from switchboard.job_factory import NewJob
from switchboard.messages import GenerationJob, SubmitReply
from switchboard.messages.fields import JobState
from switchboard.store import retention
from switchboard.store.schema import candidates, jobs, leases, requests, results
from switchboard.store.work import FAILURE_STATES, OPEN_STATES, Transition, Work

CANCELLED = "cancelled by the client"


class IdTaken(Exception):  # noqa: N818 - named for what is wrong
    """The id belongs to a request that says something else."""


class TooManyOpenJobs(Exception):  # noqa: N818 - named for what is wrong
    """The limit of open jobs is reached; `limit` says what it is."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} open jobs, which is the limit: try again later")
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
    if open_jobs(work.connection) >= work.settings.max_open_jobs:
        raise TooManyOpenJobs(work.settings.max_open_jobs)
    if isinstance(new.body, GenerationJob) and new.kind == "textpost" and not new.body.kwargs.spare_retained:
        new = retention.fewer_for_retained(work, new)
        retention.request_scores(work)
    work.insert(new, internal=False)
    return SubmitReply(collision=False, state="submitted")


def open_jobs(connection: Connection) -> int:
    """How many jobs of clients wait for a worker or are worked on."""
    counted = select(func.count()).where(jobs.c.state.in_(OPEN_STATES), jobs.c.internal.is_(False))
    return connection.scalar(counted) or 0


def read_result(connection: Connection, job_id: str) -> StoredResult:
    """What became of a job; changes nothing."""
    columns = (jobs.c.state, jobs.c.error, jobs.c.delivered_at, results.c.body)
    query = select(*columns).outerjoin(results, results.c.job_id == jobs.c.id).where(jobs.c.id == job_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return StoredResult("unknown")
    error = row.error if row.state in FAILURE_STATES else None
    if row.state == "acknowledged":
        error = "the result was acknowledged and has been removed"
    return StoredResult(row.state, row.body, error, row.delivered_at is not None)


def mark_delivered(work: Work, job_id: str) -> None:
    """Remember that a client has seen the end of the job; the shorter retention time begins."""
    unseen = (jobs.c.id == job_id) & jobs.c.delivered_at.is_(None)
    work.connection.execute(update(jobs).where(unseen).values(delivered_at=work.now))


def acknowledge(work: Work, job_id: str) -> JobState:
    """The client has the result safe: remove it. A job without an end is left as it is."""
    row = work.job(job_id)
    if row is None:
        return "unknown"
    if row.state == "finished":
        work.move(job_id, "acknowledged")
        work.drop_bodies(job_id)
        return "acknowledged"
    state: JobState = row.state
    return state


def cancel(work: Work, job_id: str) -> JobState:
    """Give up a job that has no end yet; any other is left as it is."""
    row = work.job(job_id)
    if row is None:
        return "unknown"
    if row.state in OPEN_STATES:
        work.give_up(job_id, "cancelled", error=CANCELLED)
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
    columns = (jobs.c.id, jobs.c.kind, jobs.c.state, jobs.c.state_at)
    found = work.connection.execute(select(*columns).where(*mine, live).order_by(jobs.c.seq)).all()
    # By sets, for a client may have ten thousand jobs and waits for the answer.
    cleared, finished = select(jobs.c.id).where(*mine, live), jobs.c.state == "finished"
    for table in (leases, candidates):
        work.connection.execute(table.delete().where(table.c.job_id.in_(cleared)))
    for table in (requests, results):
        work.connection.execute(table.delete().where(table.c.job_id.in_(cleared.where(finished))))
    state = case((finished, "acknowledged"), else_="cancelled")
    error = case((finished, jobs.c.error), else_=CANCELLED)
    changes = {"state": state, "error": error, "state_at": work.now}
    work.connection.execute(update(jobs).where(*mine, live).values(**changes))
    for row in found:
        new: JobState = "acknowledged" if row.state == "finished" else "cancelled"
        spent = max(0.0, work.now - row.state_at)
        work.transitions.append(Transition(row.id, row.kind, row.state, new, None, spent))
    return [row.id for row in found]
