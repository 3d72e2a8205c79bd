"""What /status and /metrics say about the store. No text of a job, unless it is asked for by its id."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from switchboard.messages import JobLine
from switchboard.messages.fields import JobState, JobType
from switchboard.store.schema import candidates, jobs, leases, requests
from switchboard.store.work import NEEDS_GENERATOR, OPEN_STATES

MAX_JOB_LINES = 100
MAX_FAILURE_LINES = 20


def state_counts(connection: Connection) -> dict[JobState, int]:
    """How many jobs are in each state, internal ones included."""
    query = select(jobs.c.state, func.count().label("jobs")).group_by(jobs.c.state)
    return {row.state: row.jobs for row in connection.execute(query)}


def touch(connection: Connection) -> None:
    """Read something, to see whether that can be done."""
    connection.execute(select(jobs.c.seq).limit(1)).first()


def oldest_open_seconds(connection: Connection, now: float) -> float | None:
    """The age of the oldest open job."""
    oldest = connection.scalar(select(func.min(jobs.c.submitted_at)).where(jobs.c.state.in_(OPEN_STATES)))
    return None if oldest is None else max(0.0, now - oldest)


def open_lines(connection: Connection, now: float) -> list[JobLine]:
    """The oldest open jobs."""
    query = select(jobs).where(jobs.c.state.in_(OPEN_STATES)).order_by(jobs.c.seq).limit(MAX_JOB_LINES)
    return _lines(connection, connection.execute(query).all(), now)


def failure_lines(connection: Connection, now: float) -> list[JobLine]:
    """The latest failed or expired jobs, with their reasons."""
    failed = jobs.c.state.in_(("failed", "expired"))
    query = select(jobs).where(failed).order_by(jobs.c.state_at.desc()).limit(MAX_FAILURE_LINES)
    return _lines(connection, connection.execute(query).all(), now)


def kinds_for_generators(connection: Connection) -> set[JobType]:
    """The types of the jobs that wait for a generator."""
    return set(connection.scalars(select(jobs.c.kind).where(jobs.c.state.in_(NEEDS_GENERATOR)).distinct()))


def detail(connection: Connection, job_id: str) -> dict[str, Any] | None:
    """Everything about one job, its prompt and candidates included; None if it is not stored."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        return None
    body = connection.scalar(select(requests.c.body).where(requests.c.job_id == job_id))
    written = select(candidates.c.continuation).where(candidates.c.job_id == job_id)
    return {
        **row._asdict(),
        "request": json.loads(body) if body is not None else None,
        "continuations": list(connection.scalars(written.order_by(candidates.c.position))),
    }


def _lines(connection: Connection, rows: Sequence[Row[Any]], now: float) -> list[JobLine]:
    ids = [row.id for row in rows]
    query = select(leases.c.job_id, leases.c.worker).where(leases.c.job_id.in_(ids)).order_by(leases.c.token)
    holders: dict[str, list[str]] = {}
    for job_id, worker in connection.execute(query):
        holders.setdefault(job_id, []).append(worker or "unnamed")
    return [
        JobLine(
            id=row.id,
            type=row.kind,
            state=row.state,
            age_seconds=max(0.0, now - row.submitted_at),
            accepted=row.accepted,
            n_desired=row.wanted,
            attempts=row.attempts,
            workers=holders.get(row.id, []),
            internal=row.internal,
            error=row.error,
        )
        for row in rows
    ]
