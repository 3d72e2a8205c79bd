"""Leases: who works on what until when. Two stages, each with its own kind of worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Double, Row, Select, bindparam, delete, func, insert, or_, select, update

from switchboard.messages import Lease
from switchboard.store.schema import jobs, leases
from switchboard.store.work import Work

Stage = Literal["generation", "selection"]

EXPIRED = "the lease ended without a result"
GIVEN_BACK = "the worker came back without the lease"

_TOKENS = leases.c.token.in_(bindparam("tokens", expanding=True))
_STAGE = leases.c.stage == bindparam("stage")
_INSERT = insert(leases)
_FIND: Select[Any] = select(leases.c.token, leases.c.candidates).where(
    leases.c.token == bindparam("token"), leases.c.job_id == bindparam("job_id"), _STAGE
)
_OF_JOBS: Select[Any] = (
    select(leases.c.token, leases.c.job_id, leases.c.candidates)
    .where(leases.c.job_id.in_(bindparam("job_ids", expanding=True)))
    .order_by(leases.c.expires_at, leases.c.token)
)
_RELEASE = delete(leases).where(_TOKENS)
_RENEW = (
    update(leases).where(_TOKENS).values(expires_at=bindparam("now", type_=Double) + leases.c.lasts_seconds)
)
_HELD = select(jobs.c.attempts).join(leases, leases.c.job_id == jobs.c.id).where(_STAGE)
_HELD_BY = _HELD.where(leases.c.worker == bindparam("worker"))
_HELD_BY_NAMELESS = _HELD.where(leases.c.worker.is_(None))
"""One each, as PostgreSQL has no index for `IS NOT DISTINCT FROM`."""
_MOST_LAPSED = 50
"""Leases ended at once. Without a limit PostgreSQL reads the whole table rather than the index."""
_LAPSED: Select[Any] = (
    select(leases.c.token, leases.c.job_id, leases.c.worker)
    .where(leases.c.expires_at <= bindparam("now"))
    .order_by(leases.c.expires_at)
    .limit(_MOST_LAPSED)
)
_WORKERS = select(
    *(leases.c[name] for name in ("token", "job_id", "worker", "instance", "lasts_seconds"))
).where(_STAGE, or_(leases.c.worker == bindparam("worker"), _TOKENS))
_KEEP = (
    update(leases).where(leases.c.token == bindparam("held")).values(candidates=bindparam("new_candidates"))
)


@dataclass(frozen=True)
class Holder:
    """A worker as leases know it; `instance` tells one run of it from the next."""

    worker: str | None
    instance: str
    stage: Stage


class Grants:
    """Leases that one poll is given, written together."""

    def __init__(self, work: Work, holder: Holder) -> None:
        self._work = work
        self._holder = holder
        self._rows: list[dict[str, Any]] = []

    def add(self, row: Row[Any], *, candidates: int, seconds: float) -> Lease:
        """Reserve work on a job, whose row says how often it was tried."""
        token, expires_at = self._work.new_token(), self._work.now + seconds
        self._rows.append(
            {
                "token": token,
                "job_id": row.id,
                "stage": self._holder.stage,
                "worker": self._holder.worker,
                "instance": self._holder.instance,
                "candidates": candidates,
                "lasts_seconds": seconds,
                "expires_at": expires_at,
            }
        )
        return Lease(
            token=token,
            expires_at=datetime.fromtimestamp(expires_at, UTC),
            lasts_seconds=seconds,
            candidates=candidates,
            attempt=row.attempts + 1,
            number=row.leased,
        )

    def write(self) -> None:
        """Store them."""
        self._work.many(_INSERT, self._rows)


def find(connection: Connection, job_id: str, token: str | None, stage: Stage) -> Row[Any] | None:
    """The running lease of this token on this job, as (token, candidates)."""
    if token is None:
        return None
    values = {"token": token, "job_id": job_id, "stage": stage}
    return connection.execute(_FIND, values).one_or_none()


def of_jobs(connection: Connection, job_ids: Sequence[str]) -> Mapping[str, list[Row[Any]]]:
    """The leases on each of some jobs as (token, job_id, candidates), those that end first standing first."""
    found: dict[str, list[Row[Any]]] = {job_id: [] for job_id in job_ids}
    for row in connection.execute(_OF_JOBS, {"job_ids": list(job_ids)}):
        found[row.job_id].append(row)
    return found


def release(work: Work, tokens: Sequence[str]) -> None:
    """End leases; what of their jobs is free then is not offered yet."""
    if tokens:
        work.connection.execute(_RELEASE, {"tokens": list(tokens)})


def resize(work: Work, candidates: Mapping[str, int]) -> None:
    """Change how many candidates are expected under leases."""
    work.many(_KEEP, [{"held": token, "new_candidates": number} for token, number in candidates.items()])


def expire(work: Work) -> int:
    """End leases whose time is over, oldest first; each counts as a failed attempt. Returns how many."""
    return _bury(work, work.connection.execute(_LAPSED, {"now": work.now}).all(), EXPIRED)


def keep(work: Work, holder: Holder, named: Sequence[str]) -> dict[str, float]:
    """Renew the leases that a worker names, and end its others; returns how many seconds each lasts.

    A lease of an earlier run is a failed attempt (the job may have killed the worker); one of this run
    was lost with a reply, which is nobody's fault.
    """
    values = {"stage": holder.stage, "worker": holder.worker, "tokens": list(named)}
    rows = work.connection.execute(_WORKERS, values).all()
    tokens = set(named)
    others = [row for row in rows if row.token not in tokens and row.worker == holder.worker is not None]
    _bury(work, [row for row in others if row.instance != holder.instance], GIVEN_BACK)
    lost = [row for row in others if row.instance == holder.instance]
    release(work, [row.token for row in lost])
    work.reoffer(row.job_id for row in lost)
    renewed = {row.token: row.lasts_seconds for row in rows if row.token in tokens}
    if renewed:
        work.connection.execute(_RENEW, {"tokens": list(renewed), "now": work.now})
    return renewed


def without_suspects_beside_others(
    work: Work, holder: Holder, rows: Sequence[Row[Any]]
) -> Sequence[Row[Any]]:
    """Those of the jobs (rows with `attempts`, fewest first) that this worker may be given now.

    A job that failed before may be what killed its worker: it is tried alone, so that the jobs beside it do
    not fail with it.
    """
    if not rows:
        return rows
    query = _HELD_BY_NAMELESS if holder.worker is None else _HELD_BY
    held = work.connection.execute(query, {"worker": holder.worker, "stage": holder.stage}).all()
    if any(row.attempts for row in held):
        return []
    unsuspected = [row for row in rows if not row.attempts]
    return unsuspected or ([] if held else rows[:1])


def shorten_after_restart(work: Work) -> None:
    """Keep running leases until their stored end, but no longer than they were granted for.

    (The clock may have been put back while the switchboard was down.)
    """
    latest = work.now + leases.c.lasts_seconds
    work.connection.execute(update(leases).where(leases.c.expires_at > latest).values(expires_at=latest))


def attention_needed(connection: Connection, now: float, holder: Holder, kept: Sequence[str] | None) -> bool:
    """Whether a poll of this worker finds leases that must be ended first."""
    if connection.execute(_LAPSED.limit(1), {"now": now}).first() is not None:
        return True
    if holder.worker is None or kept is None:
        return False
    values = {"stage": holder.stage, "worker": holder.worker, "tokens": []}
    return any(row.token not in kept for row in connection.execute(_WORKERS, values))


def by_worker(connection: Connection) -> dict[str, int]:
    """How many leases each named worker holds."""
    query = (
        select(leases.c.worker, func.count()).where(leases.c.worker.is_not(None)).group_by(leases.c.worker)
    )
    return {str(worker): count for worker, count in connection.execute(query)}


def _bury(work: Work, ended: Sequence[Row[Any]], error: str) -> int:
    release(work, [row.token for row in ended])
    for row in ended:
        work.fail_attempt(row.job_id, error, row.worker)
    work.reoffer(row.job_id for row in ended)
    return len(ended)
