"""The selectors' verbs: reserve finished candidate sets, and take in what was chosen."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, and_, exists, or_, select

from switchboard.messages import GenerationJob, SelectionJob, SelectionResult, WorkerError
from switchboard.messages.fields import SINGLE_SHOT, ResultStatus
from switchboard.settings import SwitchboardConfig
from switchboard.store import leases, retention
from switchboard.store.generating import finish, refuse, second_result, take_error
from switchboard.store.leases import Holder
from switchboard.store.schema import candidates, jobs, requests, retained
from switchboard.store.schema import leases as lease_table
from switchboard.store.work import NEEDS_GENERATOR, NEEDS_SELECTOR, Work

T = TypeVar("T")


def _handable(now: float, settings: SwitchboardConfig) -> Select[Any]:
    """Candidate sets that nobody holds, fewest failures first, then oldest.

    An unprompted post waits a while for the scores of the retained texts it competes with, but not for ever.
    """
    unscored = exists().where(retained.c.selection_proba.is_(None))
    waited = jobs.c.state_at <= now - settings.retention_wait_seconds
    ready = or_(jobs.c.kind == "answer", jobs.c.state == "selecting", ~unscored, waited)
    held = exists().where(lease_table.c.job_id == jobs.c.id)
    return (
        select(jobs.c.id, jobs.c.attempts)
        .where(and_(jobs.c.state.in_(NEEDS_SELECTOR), ready, ~held))
        .order_by(jobs.c.attempts, jobs.c.seq)
    )


def has_work(connection: Connection, now: float, settings: SwitchboardConfig) -> bool:
    """Whether a selector would be given something."""
    return connection.execute(_handable(now, settings).limit(1)).first() is not None


def reserve(work: Work, holder: Holder, max_jobs: int) -> dict[str, SelectionJob]:
    """Lease finished candidate sets to a selector."""
    rows = leases.without_suspects_beside_others(
        work, holder, work.connection.execute(_handable(work.now, work.settings).limit(max_jobs)).all()
    )
    return {row.id: _lease_to(work, holder, row.id) for row in rows}


def _lease_to(work: Work, holder: Holder, job_id: str) -> SelectionJob:
    body = work.connection.scalar(select(requests.c.body).where(requests.c.job_id == job_id))
    request = GenerationJob.model_validate_json(str(body))
    rows = work.connection.execute(
        select(candidates).where(candidates.c.job_id == job_id).order_by(candidates.c.position)
    ).all()
    seconds = work.settings.selection_lease_seconds
    lease = leases.grant(work, job_id, holder, candidates=0, seconds=seconds)
    current = work.job(job_id)
    if current is not None and current.state == "generated":
        work.move(job_id, "selecting", worker=holder.worker)
    fields = request.model_dump(exclude={"lease"})
    return SelectionJob.model_validate({**fields, **_columns(rows), "lease": lease})


def _columns(rows: Sequence[Row[Any]]) -> dict[str, list[Any] | None]:
    return {
        "continuations": [row.continuation for row in rows],
        "mirotarg": [row.mirotarg for row in rows],
        "selection_proba": [row.selection_proba for row in rows],
        "sentiment_logit_diffs": [row.sentiment_logit_diff for row in rows],
        "model_infos": [json.loads(row.model_info) for row in rows],
        "autoreview": none_if_empty([row.autoreview for row in rows]),
    }


def none_if_empty(values: list[T | None]) -> list[T | None] | None:
    """A column of which something is known, or None."""
    return values if any(value is not None for value in values) else None


def take(work: Work, holder: Holder, job_id: str, result: SelectionResult | WorkerError) -> ResultStatus:
    """Take in what a selector chose, and what that does to the retention list; says what became of it."""
    job = work.job(job_id)
    if job is None:
        return "unknown"
    if isinstance(result, WorkerError):
        return take_error(work, holder, job_id, result)
    if job.kind in SINGLE_SHOT or job.state in NEEDS_GENERATOR:
        return "refused"
    body = result.outcome().model_dump_json()
    if job.state not in NEEDS_SELECTOR:
        return second_result(work.connection, job_id, body, result.lease)
    chosen = result.chosen_retained
    if chosen is not None and not retention.contains(work.connection, chosen):
        return refuse(work, holder, job_id, "the retained text was chosen for another post", result.lease)
    finish(work, holder, job_id, body)
    change_retained(work, added=result.retained, removed=[chosen] if chosen is not None else [])
    return "accepted"


def change_retained(work: Work, *, added: list[str], removed: list[str]) -> None:
    """Change the retention list, and have new texts scored."""
    changes = retention.remove(work, removed)
    changes += retention.add(work, [text for text in added if text not in removed])
    if changes:
        retention.request_scores(work)
