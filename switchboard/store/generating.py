"""The generators' verbs: reserve candidates or texts to score, and take in what was written."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, delete, func, or_, select, update

from switchboard.messages import (
    CaptionJob,
    CaptionResult,
    GenerationJob,
    GenerationResult,
    PictureJob,
    PictureResult,
    RawSelectJob,
    RawSelectResult,
    WorkerError,
)
from switchboard.messages.fields import SINGLE_SHOT, JobType, ResultStatus
from switchboard.store import leases, retention
from switchboard.store.leases import Holder
from switchboard.store.schema import announced, candidates, jobs, requests, results
from switchboard.store.schema import leases as lease_table
from switchboard.store.work import NEEDS_GENERATOR, Work

GeneratorJob = GenerationJob | RawSelectJob | CaptionJob | PictureJob
GeneratorAnswer = GenerationResult | RawSelectResult | CaptionResult | PictureResult

_JOBS: Mapping[str, type[RawSelectJob | CaptionJob | PictureJob]] = {
    "raw_select": RawSelectJob,
    "caption": CaptionJob,
    "picture": PictureJob,
}
_RESULTS: Mapping[str, type[GeneratorAnswer]] = {
    "answer": GenerationResult,
    "textpost": GenerationResult,
    "raw_select": RawSelectResult,
    "caption": CaptionResult,
    "picture": PictureResult,
}


def _handable(kinds: Sequence[JobType]) -> Select[Any]:
    """Jobs that a generator may be given, fewest failures first, then oldest: (id, kind, candidates free).

    Single-shot work is given to one worker at a time; candidates are, as long as those that are in and those
    under lease do not make up the number wanted.
    """
    leased = (
        select(
            lease_table.c.job_id,
            func.sum(lease_table.c.candidates).label("candidates"),
            func.count().label("holders"),
        )
        .group_by(lease_table.c.job_id)
        .subquery()
    )
    free = jobs.c.wanted - jobs.c.accepted - func.coalesce(leased.c.candidates, 0)
    single_shot = jobs.c.kind.in_(SINGLE_SHOT)
    open_to_all: ColumnElement[bool] = or_(
        and_(single_shot, leased.c.holders.is_(None)), and_(~single_shot, free > 0)
    )
    return (
        select(jobs.c.id, jobs.c.kind, jobs.c.attempts, case((single_shot, 0), else_=free).label("free"))
        .outerjoin(leased, leased.c.job_id == jobs.c.id)
        .where(jobs.c.state.in_(NEEDS_GENERATOR), jobs.c.kind.in_(kinds), open_to_all)
        .order_by(jobs.c.attempts, jobs.c.seq)
    )


HEADS = "heads"
"""Under this name the version of the heads is announced."""


def announce_heads(work: Work, version: str) -> None:
    """Keep what generators are to take up, in place of what was announced before."""
    work.connection.execute(delete(announced).where(announced.c.name == HEADS))
    values = {"name": HEADS, "version": version, "announced_at": work.now}
    work.connection.execute(announced.insert().values(**values))


def announced_heads(connection: Connection) -> str | None:
    """The version that generators are to take up; None where none was announced yet."""
    found: str | None = connection.scalar(select(announced.c.version).where(announced.c.name == HEADS))
    return found


def has_work(connection: Connection, kinds: Sequence[JobType]) -> bool:
    """Whether a generator that serves these types would be given something."""
    return connection.execute(_handable(kinds).limit(1)).first() is not None


def reserve(
    work: Work, holder: Holder, kinds: Sequence[JobType], batch_size: int, max_jobs: int
) -> dict[str, GeneratorJob]:
    """Lease jobs to a generator: of each as many candidates as it writes at once and are still missing."""
    rows = leases.without_suspects_beside_others(
        work, holder, work.connection.execute(_handable(kinds).limit(max_jobs)).all()
    )
    return {row.id: _lease_to(work, holder, row, batch_size) for row in rows}


def _lease_to(work: Work, holder: Holder, row: Row[Any], batch_size: int) -> GeneratorJob:
    body = work.connection.scalar(select(requests.c.body).where(requests.c.job_id == row.id))
    settings = work.settings
    if row.kind in SINGLE_SHOT:
        # A picture takes as long as a text, scores do not.
        is_quick = row.kind == "raw_select"
        seconds = settings.raw_select_lease_seconds if is_quick else settings.generation_lease_seconds
        whole = _JOBS[row.kind].model_validate_json(str(body))
        lease = leases.grant(work, row.id, holder, candidates=0, seconds=seconds)
        job: GeneratorJob = whole.model_copy(update={"lease": lease})
    else:
        writing = GenerationJob.model_validate_json(str(body))
        count = min(batch_size, row.free)
        seconds = settings.generation_lease_seconds
        lease = leases.grant(work, row.id, holder, candidates=count, seconds=seconds)
        options = writing.kwargs.model_copy(update={"best_of": count})
        job = writing.model_copy(update={"lease": lease, "kwargs": options})
    _mark_generating(work, row.id, holder.worker)
    return job


def _mark_generating(work: Work, job_id: str, worker: str | None) -> None:
    row = work.job(job_id)
    if row is not None and row.state == "submitted":
        work.move(job_id, "generating", worker=worker)


def take(work: Work, holder: Holder, job_id: str, result: GeneratorAnswer | WorkerError) -> ResultStatus:
    """Take in what a generator sent for a job; says what became of it."""
    job = work.job(job_id)
    if job is None:
        return "unknown"
    if isinstance(result, WorkerError):
        return take_error(work, holder, job_id, result)
    if type(result) is not _RESULTS[job.kind]:
        return "refused"
    if isinstance(result, GenerationResult):
        return _take_candidates(work, holder, job, result)
    if isinstance(result, RawSelectResult):
        return _take_scores(work, holder, job, result)
    return _take_pictures(work, holder, job, result)


def take_error(work: Work, holder: Holder, job_id: str, result: WorkerError) -> ResultStatus:
    """A worker gives up: end its lease at once, and count the attempt unless the job is not to blame."""
    held = leases.find(work.connection, job_id, result.lease, holder.stage)
    if held is None:
        return "stale_lease"
    leases.release(work, held.token)
    if not result.blameless:
        work.fail_attempt(job_id, result.error, holder.worker)
    return "accepted"


def candidate_keys(job_id: str, result: GenerationResult) -> list[str]:
    """The key of each candidate: as given, or made from its text and scores."""
    if result.candidate_keys is not None:
        return result.candidate_keys
    columns = (
        result.continuations,
        result.mirotarg,
        result.selection_proba,
        result.sentiment_logit_diffs,
    )
    rows = [json.dumps([job_id, *row]) for row in zip(*columns, strict=True)]
    return [hashlib.sha256(row.encode()).hexdigest() for row in rows]


def _take_candidates(work: Work, holder: Holder, job: Row[Any], result: GenerationResult) -> ResultStatus:
    keys = candidate_keys(job.id, result)
    known = _known_keys(work.connection, job.id, keys)
    new = [index for index, key in enumerate(keys) if key not in known and keys.index(key) == index]
    if job.state not in NEEDS_GENERATOR:
        return "surplus" if new else "duplicate"
    accepted = new[: max(0, job.wanted - job.accepted)]
    for position, index in enumerate(accepted, start=job.accepted):
        _store_candidate(work, holder, job.id, position, keys[index], result, index)
    _mark_generating(work, job.id, holder.worker)
    total = job.accepted + len(accepted)
    # Progress, and so the next stage too, starts without failed attempts.
    values = {"accepted": total, "attempts": 0} if accepted else {"accepted": total}
    work.connection.execute(update(jobs).where(jobs.c.id == job.id).values(**values))
    _settle_leases(work, job.id, result, len(accepted))
    if total >= job.wanted:
        work.end_leases(job.id)
        work.move(job.id, "generated", worker=holder.worker)
    else:
        _shrink_leases(work, job.id, job.wanted - total)
    if accepted:
        return "accepted"
    return "surplus" if new else "duplicate"


def _known_keys(connection: Connection, job_id: str, keys: Sequence[str]) -> set[str]:
    query = select(candidates.c.key).where(candidates.c.job_id == job_id, candidates.c.key.in_(keys))
    return set(connection.scalars(query))


def _store_candidate(
    work: Work, holder: Holder, job_id: str, position: int, key: str, result: GenerationResult, index: int
) -> None:
    work.connection.execute(
        candidates.insert().values(
            job_id=job_id,
            key=key,
            position=position,
            continuation=result.continuations[index],
            mirotarg=result.mirotarg[index],
            selection_proba=result.selection_proba[index],
            sentiment_logit_diff=result.sentiment_logit_diffs[index],
            autoreview=result.autoreview[index] if result.autoreview is not None else None,
            model_info=json.dumps(result.model_info),
            worker=holder.worker,
        )
    )


def _settle_leases(work: Work, job_id: str, result: GenerationResult, accepted: int) -> None:
    """A batch ends its lease, unless more is to follow under it."""
    held = leases.find(work.connection, job_id, result.lease, "generation")
    if held is None:
        return
    left = held.candidates - accepted
    if result.more and left > 0:
        mine = lease_table.c.token == held.token
        work.connection.execute(update(lease_table).where(mine).values(candidates=left))
    else:
        leases.release(work, held.token)


def _shrink_leases(work: Work, job_id: str, missing: int) -> None:
    """Candidates that came without a lease leave less to do under the others; the latest shrink first."""
    query = (
        select(lease_table.c.token, lease_table.c.candidates)
        .where(lease_table.c.job_id == job_id)
        .order_by(lease_table.c.expires_at, lease_table.c.token)
    )
    for row in work.connection.execute(query).all():
        kept = min(row.candidates, missing)
        missing -= kept
        if kept == 0:
            leases.release(work, row.token)
        elif kept < row.candidates:
            mine = lease_table.c.token == row.token
            work.connection.execute(update(lease_table).where(mine).values(candidates=kept))


def _take_scores(work: Work, holder: Holder, job: Row[Any], result: RawSelectResult) -> ResultStatus:
    body = result.outcome().model_dump_json()
    if job.state not in NEEDS_GENERATOR:
        return second_result(work.connection, job.id, body, result.lease)
    request = work.connection.scalar(select(requests.c.body).where(requests.c.job_id == job.id))
    texts = RawSelectJob.model_validate_json(str(request)).texts
    if len(texts) != len(result.selection_proba):
        return refuse(
            work, holder, job.id, f"{len(result.selection_proba)} scores for {len(texts)} texts", result.lease
        )
    _mark_generating(work, job.id, holder.worker)
    finish(work, holder, job.id, body)
    if job.internal:
        retention.take_scores(work, texts, result)
        work.move(job.id, "acknowledged")
        work.connection.execute(jobs.delete().where(jobs.c.id == job.id))
    return "accepted"


def _take_pictures(
    work: Work, holder: Holder, job: Row[Any], result: CaptionResult | PictureResult
) -> ResultStatus:
    body = result.outcome().model_dump_json()
    if job.state not in NEEDS_GENERATOR:
        return second_result(work.connection, job.id, body, result.lease)
    if isinstance(result, CaptionResult):
        request = work.connection.scalar(select(requests.c.body).where(requests.c.job_id == job.id))
        wanted = len(CaptionJob.model_validate_json(str(request)).images)
        if len(result.captions) != wanted:
            why = f"{len(result.captions)} captions for {wanted} pictures"
            return refuse(work, holder, job.id, why, result.lease)
    _mark_generating(work, job.id, holder.worker)
    finish(work, holder, job.id, body)
    return "accepted"


def finish(work: Work, holder: Holder, job_id: str, body: str) -> None:
    """Store the one result of a job."""
    work.end_leases(job_id)
    work.connection.execute(results.insert().values(job_id=job_id, body=body))
    work.move(job_id, "finished", worker=holder.worker)
    work.drop_candidates(job_id)


def refuse(work: Work, holder: Holder, job_id: str, error: str, token: str | None) -> ResultStatus:
    """A result that does not fit its job counts as a failed attempt, if it came under a running lease."""
    take_error(work, holder, job_id, WorkerError(error=f"result refused: {error}", lease=token))
    return "refused"


def second_result(connection: Connection, job_id: str, body: str, token: str | None) -> ResultStatus:
    """What to say about a result for a job that is over: the first one stands."""
    if connection.scalar(select(results.c.body).where(results.c.job_id == job_id)) == body:
        return "duplicate"
    return "already finished" if token is None else "stale_lease"
