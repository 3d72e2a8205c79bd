"""What generators have done on each day, and how long it took them: counted with the results, once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, select

from switchboard.messages import GenerationResult, RawSelectResult, WorkDone
from switchboard.messages.fields import ResultStatus
from switchboard.store.leases import Holder
from switchboard.store.schema import work_done
from switchboard.store.work import Work

KEPT_DAYS = 60
UNNAMED = "unnamed"


def count(
    work: Work, holder: Holder, posted: Mapping[str, object], statuses: Mapping[str, ResultStatus]
) -> None:
    """Add what the results cost that were new; one that is sent again has cost nothing more."""
    costs = [
        (len(result.selection_proba), result.cost)
        for job_id, result in posted.items()
        if isinstance(result, GenerationResult | RawSelectResult)
        and result.cost is not None
        and statuses[job_id] == "accepted"
    ]
    if not costs:
        return
    day, worker = _day(work.now), holder.worker or UNNAMED
    is_own = (work_done.c.day == day) & (work_done.c.worker == worker)
    before = work.connection.execute(select(work_done).where(is_own)).one_or_none()
    speeds = [cost.speed for _, cost in costs if cost.speed is not None]
    row = {
        "day": day,
        "worker": worker,
        "texts": sum(texts for texts, _ in costs) + (before.texts if before else 0),
        "tokens": sum(cost.tokens for _, cost in costs) + (before.tokens if before else 0),
        "seconds": sum(cost.seconds for _, cost in costs) + (before.seconds if before else 0.0),
        "speed": speeds[-1] if speeds else before.speed if before else None,
    }
    if before is None:
        oldest = _day(work.now - timedelta(days=KEPT_DAYS).total_seconds())
        work.connection.execute(delete(work_done).where(work_done.c.day < oldest))
    work.connection.execute(delete(work_done).where(is_own))
    work.connection.execute(work_done.insert().values(**row))


def of_day(connection: Connection, now: float) -> list[WorkDone]:
    """What was done today, by worker."""
    rows = connection.execute(
        select(work_done).where(work_done.c.day == _day(now)).order_by(work_done.c.worker)
    )
    return [WorkDone(**{name: row._mapping[name] for name in WorkDone.model_fields}) for row in rows]


def _day(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
