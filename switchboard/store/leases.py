"""Leases: who works on what until when. Two stages, each with its own kind of worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from switchboard.messages import Lease
from switchboard.store.schema import jobs, leases
from switchboard.store.work import Work

Stage = Literal["generation", "selection"]

EXPIRED = "the lease ended without a result"
GIVEN_BACK = "the worker came back without the lease"


@dataclass(frozen=True)
class Holder:
    """A worker as leases know it; `instance` tells one run of it from the next."""

    worker: str | None
    instance: str
    stage: Stage


def grant(work: Work, job_id: str, holder: Holder, *, candidates: int, seconds: float) -> Lease:
    """Reserve work on a job."""
    token = work.new_token()
    expires_at = work.now + seconds
    work.connection.execute(
        leases.insert().values(
            token=token,
            job_id=job_id,
            stage=holder.stage,
            worker=holder.worker,
            instance=holder.instance,
            candidates=candidates,
            lasts_seconds=seconds,
            expires_at=expires_at,
        )
    )
    this = jobs.c.id == job_id
    before = work.connection.execute(select(jobs.c.attempts, jobs.c.leased).where(this)).one()
    work.connection.execute(update(jobs).where(this).values(leased=before.leased + 1))
    return Lease(
        token=token,
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        lasts_seconds=seconds,
        candidates=candidates,
        attempt=before.attempts + 1,
        number=before.leased,
    )


def find(connection: Connection, job_id: str, token: str | None, stage: Stage) -> Row[Any, Any] | None:
    """The running lease of this token on this job, as (token, candidates)."""
    if token is None:
        return None
    query = select(leases.c.token, leases.c.candidates).where(
        leases.c.token == token, leases.c.job_id == job_id, leases.c.stage == stage
    )
    return connection.execute(query).one_or_none()


def release(work: Work, token: str) -> None:
    """End one lease."""
    work.connection.execute(leases.delete().where(leases.c.token == token))


def expire(work: Work) -> int:
    """End the leases whose time is over, and count each as a failed attempt; returns how many."""
    return _bury(work, leases.c.expires_at <= work.now, EXPIRED)


def give_back(work: Work, holder: Holder, kept: Sequence[str]) -> None:
    """End the leases of this worker that it does not name.

    A lease of an earlier run is a failed attempt (the job may have killed the worker); one of this run
    was lost with a reply, which is nobody's fault.
    """
    unnamed = _unnamed(holder, kept)
    _bury(work, and_(unnamed, leases.c.instance != holder.instance), GIVEN_BACK)
    work.connection.execute(leases.delete().where(unnamed, leases.c.instance == holder.instance))


def without_suspects_beside_others(
    work: Work, holder: Holder, rows: Sequence[Row[Any]]
) -> Sequence[Row[Any]]:
    """Those of the jobs (rows with `attempts`, fewest first) that this worker may be given now.

    A job that failed before may be what killed its worker: it is tried alone, so that the jobs beside it do
    not fail with it.
    """
    held = work.connection.execute(
        select(jobs.c.attempts)
        .join(leases, leases.c.job_id == jobs.c.id)
        .where(leases.c.worker == holder.worker, leases.c.stage == holder.stage)
    ).all()
    if any(row.attempts for row in held):
        return []
    unsuspected = [row for row in rows if not row.attempts]
    return unsuspected or ([] if held else rows[:1])


def touch(work: Work, holder: Holder, tokens: Sequence[str]) -> dict[str, float]:
    """Renew running leases; returns how many seconds each lasts."""
    mine = leases.c.token.in_(tokens), leases.c.stage == holder.stage
    query = select(leases.c.token, leases.c.lasts_seconds).where(*mine)
    renewed = {row.token: row.lasts_seconds for row in work.connection.execute(query)}
    work.connection.execute(update(leases).where(*mine).values(expires_at=work.now + leases.c.lasts_seconds))
    return renewed


def shorten_after_restart(work: Work) -> None:
    """Keep running leases until their stored end, but no longer than they were granted for.

    (The clock may have been put back while the switchboard was down.)
    """
    latest = work.now + leases.c.lasts_seconds
    work.connection.execute(update(leases).where(leases.c.expires_at > latest).values(expires_at=latest))


def attention_needed(connection: Connection, now: float, holder: Holder, kept: Sequence[str] | None) -> bool:
    """Whether a poll of this worker finds leases that must be ended first."""
    condition: ColumnElement[bool] = leases.c.expires_at <= now
    if holder.worker is not None and kept is not None:
        condition = or_(condition, _unnamed(holder, kept))
    return connection.scalar(select(leases.c.token).where(condition).limit(1)) is not None


def by_worker(connection: Connection) -> dict[str, int]:
    """How many leases each named worker holds."""
    query = (
        select(leases.c.worker, func.count()).where(leases.c.worker.is_not(None)).group_by(leases.c.worker)
    )
    return {str(worker): count for worker, count in connection.execute(query)}


def _unnamed(holder: Holder, kept: Sequence[str]) -> ColumnElement[bool]:
    return and_(leases.c.worker == holder.worker, leases.c.stage == holder.stage, leases.c.token.not_in(kept))


def _bury(work: Work, which: ColumnElement[bool], error: str) -> int:
    query = (
        select(leases.c.token, leases.c.job_id, leases.c.worker).where(which).order_by(leases.c.expires_at)
    )
    ended = work.connection.execute(query).all()
    for row in ended:
        release(work, row.token)
        work.fail_attempt(row.job_id, error, row.worker)
    return len(ended)
