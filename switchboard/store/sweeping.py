"""What time does: leases end, open jobs expire, and what nobody fetches is removed."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from switchboard.settings import SwitchboardConfig
from switchboard.store import leases
from switchboard.store.schema import jobs
from switchboard.store.schema import leases as lease_table
from switchboard.store.work import FAILURE_STATES, OPEN_STATES, Work

BATCH = 200
"""Jobs treated in one transaction, so that sweeping never keeps others waiting for long."""


def sweep(work: Work) -> Counter[str]:
    """Treat one batch of what is due; returns how many of what."""
    swept = Counter(
        {
            "leases expired": leases.expire(work),
            "jobs expired": _expire_jobs(work),
            "results removed": _remove(work, _over(work.now, work.settings, ("finished",))),
            "failures removed": _remove(work, _over(work.now, work.settings, FAILURE_STATES)),
            "acknowledged removed": _remove(work, _over(work.now, work.settings, ("acknowledged",))),
        }
    )
    return +swept  # without zeros


def is_due(connection: Connection, now: float, settings: SwitchboardConfig) -> bool:
    """Whether a sweep would find anything."""
    ended = (*FAILURE_STATES, "finished", "acknowledged")
    late = select(jobs.c.id).where(or_(_too_old(now, settings), _over(now, settings, ended))).limit(1)
    lapsed = select(lease_table.c.token).where(lease_table.c.expires_at <= now).limit(1)
    return any(connection.execute(query).first() is not None for query in (late, lapsed))


def _too_old(now: float, settings: SwitchboardConfig) -> ColumnElement[bool]:
    return and_(jobs.c.state.in_(OPEN_STATES), jobs.c.submitted_at <= now - settings.job_expiry_seconds)


def _over(now: float, settings: SwitchboardConfig, states: Sequence[str]) -> ColumnElement[bool]:
    """Ended jobs whose retention time is over: short once a client has seen the end, else long."""
    delivered = now - settings.delivered_retention_seconds
    return and_(
        jobs.c.state.in_(states),
        or_(
            jobs.c.delivered_at <= delivered,
            and_(jobs.c.state == "acknowledged", jobs.c.state_at <= delivered),
            jobs.c.state_at <= now - settings.undelivered_retention_seconds,
        ),
    )


def _expire_jobs(work: Work) -> int:
    query = select(jobs).where(_too_old(work.now, work.settings)).order_by(jobs.c.seq).limit(BATCH)
    rows = work.connection.execute(query).all()
    for row in rows:
        work.give_up(row, "expired", error="the job was too old before it was done")
    return len(rows)


def _remove(work: Work, over: ColumnElement[bool]) -> int:
    """Remove jobs altogether; candidates, bodies and leases go with them."""
    ids = work.connection.scalars(select(jobs.c.id).where(over).limit(BATCH)).all()
    if ids:
        work.connection.execute(jobs.delete().where(jobs.c.id.in_(ids)))
    return len(ids)
