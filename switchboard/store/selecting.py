"""The selectors' verbs: reserve finished candidate sets, and take in what was chosen."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, bindparam, exists, or_, select

from switchboard.messages import GenerationJob, SelectionJob, SelectionResult, WorkerError
from switchboard.messages.fields import SINGLE_SHOT, JobState, ResultStatus
from switchboard.settings import SwitchboardConfig
from switchboard.store import leases, retention
from switchboard.store.generating import finish, refuse, second_result, take_error
from switchboard.store.leases import Holder
from switchboard.store.schema import candidates, jobs, requests, retained
from switchboard.store.work import NEEDS_GENERATOR, NEEDS_SELECTOR, NOBODY, SELECTORS, Work, changed

T = TypeVar("T")


_READY = or_(
    jobs.c.kind == "answer",
    jobs.c.state == "selecting",
    ~exists().where(retained.c.selection_proba.is_(None)),
    jobs.c.state_at <= bindparam("waited_since"),
)
_HANDABLE = (
    select(jobs, requests.c.body)
    .join(requests, requests.c.job_id == jobs.c.id)
    .where(jobs.c.offered == SELECTORS, _READY)
    .order_by(jobs.c.attempts, jobs.c.turn, jobs.c.seq)
    .limit(bindparam("most"))
)
"""Candidate sets that nobody holds, fewest failures first, then by whose turn it is.

An unprompted post waits a while for the scores of the retained texts it competes with, but not for ever.
"""
_ANY = (
    select(jobs.c.id)
    .where(jobs.c.offered == SELECTORS, _READY)
    .order_by(jobs.c.attempts, jobs.c.turn)  # as its index is
    .limit(1)
)
_CANDIDATES = (
    select(candidates)
    .where(candidates.c.job_id.in_(bindparam("job_ids", expanding=True)))
    .order_by(candidates.c.job_id, candidates.c.position)
)


def has_work(connection: Connection, now: float, settings: SwitchboardConfig) -> bool:
    """Whether a selector would be given something."""
    waited_since = now - settings.retention_wait_seconds
    return connection.execute(_ANY, {"waited_since": waited_since}).first() is not None


def reserve(work: Work, holder: Holder, max_jobs: int) -> dict[str, SelectionJob]:
    """Lease finished candidate sets to a selector."""
    if not max_jobs:
        return {}
    values = {"waited_since": work.now - work.settings.retention_wait_seconds, "most": max_jobs}
    found = work.connection.execute(_HANDABLE, values).all()
    rows = leases.without_suspects_beside_others(work, holder, found)
    written = _candidates_of(work, [row.id for row in rows])
    grants, sets, changes = leases.Grants(work, holder), {}, []
    for row in rows:
        lease = grants.add(row, candidates=0, seconds=work.settings.selection_lease_seconds)
        if row.state == "generated":
            work.step(row, "generated", "selecting", holder.worker)
        since = work.now if row.state == "generated" else row.state_at
        changes.append(
            changed(row, state="selecting", state_at=since, leased=row.leased + 1, offered=NOBODY, free=0)
        )
        fields = GenerationJob.model_validate_json(str(row.body)).model_dump(exclude={"lease"})
        sets[row.id] = SelectionJob.model_validate({**fields, **_columns(written[row.id]), "lease": lease})
    grants.write()
    work.change(changes)
    return sets


def _candidates_of(work: Work, job_ids: Sequence[str]) -> Mapping[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {job_id: [] for job_id in job_ids}
    for row in work.connection.execute(_CANDIDATES, {"job_ids": list(job_ids)}) if job_ids else ():
        found[row.job_id].append(row)
    return found


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


def take(
    work: Work, holder: Holder, posted: Mapping[str, SelectionResult | WorkerError]
) -> dict[str, ResultStatus]:
    """Take in what a selector chose of some sets, and what that does to the retention list.

    Says what became of each.
    """
    if not posted:
        return {}
    known = work.jobs(posted)
    ended: list[tuple[Row[Any], JobState, str]] = []
    statuses: dict[str, ResultStatus] = {}
    for job_id, result in posted.items():
        job = known.get(job_id)
        if job is None:
            statuses[job_id] = "unknown"
        elif isinstance(result, WorkerError):
            statuses[job_id] = take_error(work, holder, job_id, result)
        else:
            statuses[job_id] = _take_choice(work, holder, job, result, ended)
    finish(work, holder, ended)
    return statuses


def _take_choice(
    work: Work,
    holder: Holder,
    job: Row[Any],
    result: SelectionResult,
    ended: list[tuple[Row[Any], JobState, str]],
) -> ResultStatus:
    """Judge a choice; a job that ends with it is added to `ended`."""
    if job.kind in SINGLE_SHOT or job.state in NEEDS_GENERATOR:
        return "refused"
    body = result.outcome().model_dump_json()
    if job.state not in NEEDS_SELECTOR:
        return second_result(work.connection, job.id, body, result.lease)
    chosen = result.chosen_retained
    if chosen is not None and not retention.contains(work.connection, chosen):
        return refuse(work, holder, job.id, "the retained text was chosen for another post", result.lease)
    ended.append((job, job.state, body))
    change_retained(work, added=result.retained, removed=[chosen] if chosen is not None else [])
    return "accepted"


def change_retained(work: Work, *, added: list[str], removed: list[str]) -> None:
    """Change the retention list, and have new texts scored."""
    if not (added or removed):
        return
    changes = retention.remove(work, removed)
    changes += retention.add(work, [text for text in added if text not in removed])
    if changes:
        retention.request_scores(work)
