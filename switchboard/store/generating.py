"""The generators' verbs: reserve candidates or texts to score, and take in what was written."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

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
from switchboard.messages.fields import SINGLE_SHOT, JobState, JobType, ResultStatus
from switchboard.store import leases, retention
from switchboard.store.leases import Grants, Holder
from switchboard.store.schema import announced, candidates, jobs, requests, results
from switchboard.store.work import GENERATORS, NEEDS_GENERATOR, NOBODY, Work, changed, offer_of

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

_OFFERED = jobs.c.offered == GENERATORS, jobs.c.kind.in_(bindparam("kinds", expanding=True))
_HANDABLE = (
    select(jobs, requests.c.body)
    .join(requests, requests.c.job_id == jobs.c.id)
    .where(*_OFFERED)
    .order_by(jobs.c.attempts, jobs.c.turn, jobs.c.seq)
    .limit(bindparam("most"))
)
"""Jobs that a generator may be given, fewest failures first, then by whose turn it is.

Single-shot work is given to one worker at a time; candidates are, as long as those that are in and those
under lease do not make up the number wanted.
"""
_ANY = select(jobs.c.id).where(*_OFFERED).order_by(jobs.c.attempts, jobs.c.turn).limit(1)
"""Ordered as its index is, which PostgreSQL may else pass over and read all jobs until it finds one."""
_BODY = select(requests.c.body).where(requests.c.job_id == bindparam("job_id"))
_KNOWN = select(candidates.c.job_id, candidates.c.key).where(
    candidates.c.job_id.in_(bindparam("job_ids", expanding=True))
)
_INSERT_CANDIDATE, _INSERT_RESULT = insert(candidates), insert(results)
_RESULT = select(results.c.body).where(results.c.job_id == bindparam("job_id"))


HEADS = "heads"
"""Under this name the version of the heads is announced."""
_HEADS = select(announced.c.version).where(announced.c.name == HEADS)


def announce_heads(work: Work, version: str) -> None:
    """Keep what generators are to take up, in place of what was announced before."""
    work.connection.execute(delete(announced).where(announced.c.name == HEADS))
    values = {"name": HEADS, "version": version, "announced_at": work.now}
    work.connection.execute(announced.insert().values(**values))


def announced_heads(connection: Connection) -> str | None:
    """The version that generators are to take up; None where none was announced yet."""
    found: str | None = connection.scalar(_HEADS)
    return found


def has_work(connection: Connection, kinds: Sequence[JobType]) -> bool:
    """Whether a generator that serves these types would be given something."""
    return connection.execute(_ANY, {"kinds": list(kinds)}).first() is not None


def reserve(
    work: Work, holder: Holder, kinds: Sequence[JobType], batch_size: int, max_jobs: int
) -> dict[str, GeneratorJob]:
    """Lease jobs to a generator: of each as many candidates as it writes at once and are still missing."""
    if not max_jobs:
        return {}
    found = work.connection.execute(_HANDABLE, {"kinds": list(kinds), "most": max_jobs}).all()
    rows = leases.without_suspects_beside_others(work, holder, found)
    grants, leased, changes = Grants(work, holder), {}, []
    for row in rows:
        count = 0 if row.kind in SINGLE_SHOT else min(batch_size, row.free)
        leased[row.id] = _leased(work, grants, row, count)
        free = 0 if row.kind in SINGLE_SHOT else row.free - count
        offered = GENERATORS if free else NOBODY
        work.changes.offer(offered)  # what is left is for the next who waits
        state, state_at = _begun(work, row, holder.worker)
        changes.append(
            changed(row, state=state, state_at=state_at, leased=row.leased + 1, offered=offered, free=free)
        )
    grants.write()
    work.change(changes)
    return leased


def _leased(work: Work, grants: Grants, row: Row[Any], count: int) -> GeneratorJob:
    settings = work.settings
    if row.kind in SINGLE_SHOT:
        # A picture takes as long as a text, scores do not.
        is_quick = row.kind == "raw_select"
        seconds = settings.raw_select_lease_seconds if is_quick else settings.generation_lease_seconds
        whole = _JOBS[row.kind].model_validate_json(str(row.body))
        lease = grants.add(row, candidates=0, seconds=seconds)
        return whole.model_copy(update={"lease": lease})
    writing = GenerationJob.model_validate_json(str(row.body))
    lease = grants.add(row, candidates=count, seconds=settings.generation_lease_seconds)
    options = writing.kwargs.model_copy(update={"best_of": count})
    return writing.model_copy(update={"lease": lease, "kwargs": options})


def _begun(work: Work, row: Row[Any], worker: str | None) -> tuple[JobState, float]:
    """The state of a job on which a generator has worked, and since when; a first time is noted."""
    if row.state != "submitted":
        return row.state, row.state_at
    work.step(row, "submitted", "generating", worker)
    return "generating", work.now


def take(
    work: Work, holder: Holder, posted: Mapping[str, GeneratorAnswer | WorkerError]
) -> dict[str, ResultStatus]:
    """Take in what a generator sent for some jobs; says what became of each."""
    if not posted:
        return {}
    known = work.jobs(posted)
    written = {
        job_id: result
        for job_id, result in posted.items()
        if isinstance(result, GenerationResult) and job_id in known and known[job_id].kind not in SINGLE_SHOT
    }
    batches = _Batches.read(work, holder, [known[job_id] for job_id in written])
    statuses: dict[str, ResultStatus] = {}
    for job_id, result in posted.items():
        if job_id in written:
            statuses[job_id] = batches.take(known[job_id], written[job_id])
        else:
            statuses[job_id] = _take_other(work, holder, known.get(job_id), result)
    batches.write()
    return statuses


def _take_other(
    work: Work, holder: Holder, job: Row[Any] | None, result: GeneratorAnswer | WorkerError
) -> ResultStatus:
    if job is None:
        return "unknown"
    if isinstance(result, WorkerError):
        return take_error(work, holder, job.id, result)
    if type(result) is not _RESULTS[job.kind]:
        return "refused"
    if isinstance(result, RawSelectResult):
        return _take_scores(work, holder, job, result)
    assert isinstance(result, CaptionResult | PictureResult)
    return _take_pictures(work, holder, job, result)


def take_error(work: Work, holder: Holder, job_id: str, result: WorkerError) -> ResultStatus:
    """A worker gives up: end its lease at once, and count the attempt unless the job is not to blame."""
    held = leases.find(work.connection, job_id, result.lease, holder.stage)
    if held is None:
        return "stale_lease"
    leases.release(work, [held.token])
    if not result.blameless:
        work.fail_attempt(job_id, result.error, holder.worker)
    work.reoffer([job_id])
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


@dataclass
class _Batches:
    """The batches of candidates that come with one poll: judged one by one, and written together."""

    work: Work
    holder: Holder
    leases: Mapping[str, list[Row[Any]]]
    known: Mapping[str, set[str]]
    rows: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    resized: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, work: Work, holder: Holder, rows: Sequence[Row[Any]]) -> "_Batches":
        """Read the leases on these jobs, and which of their candidates are in already."""
        begun = [row.id for row in rows if row.accepted]
        known: dict[str, set[str]] = {job_id: set() for job_id in begun}
        if begun:
            for job_id, key in work.connection.execute(_KNOWN, {"job_ids": begun}):
                known[job_id].add(key)
        ids = [row.id for row in rows]
        return cls(work, holder, leases.of_jobs(work.connection, ids) if ids else {}, known)

    def take(self, job: Row[Any], result: GenerationResult) -> ResultStatus:
        """Take what is new of a batch and wanted; it ends its lease, unless more is to follow under it."""
        keys, known = candidate_keys(job.id, result), self.known.get(job.id, set())
        first = {key: index for index, key in reversed([*enumerate(keys)])}
        new = sorted(index for key, index in first.items() if key not in known)
        if job.state not in NEEDS_GENERATOR:
            return "surplus" if new else "duplicate"
        accepted = new[: max(0, job.wanted - job.accepted)]
        self._keep(job, keys, result, accepted)
        self._settle(job, result, len(accepted))
        if accepted:
            return "accepted"
        return "surplus" if new else "duplicate"

    def _keep(
        self, job: Row[Any], keys: Sequence[str], result: GenerationResult, accepted: Iterable[int]
    ) -> None:
        info = json.dumps(result.model_info)
        for position, index in enumerate(accepted, start=job.accepted):
            self.rows.append(
                {
                    "job_id": job.id,
                    "key": keys[index],
                    "position": position,
                    "continuation": result.continuations[index],
                    "mirotarg": result.mirotarg[index],
                    "selection_proba": result.selection_proba[index],
                    "sentiment_logit_diff": result.sentiment_logit_diffs[index],
                    "autoreview": result.autoreview[index] if result.autoreview is not None else None,
                    "model_info": info,
                    "worker": self.holder.worker,
                }
            )

    def _settle(self, job: Row[Any], result: GenerationResult, accepted: int) -> None:
        """The job's own row, and its leases, which shrink when less is missing than they are for."""
        total = job.accepted + accepted
        state, state_at = _begun(self.work, job, self.holder.worker)
        # Progress, and so the next stage too, starts without failed attempts.
        attempts = 0 if accepted else job.attempts
        running = {row.token: row.candidates for row in self.leases[job.id]}
        left = dict(running)
        if result.lease in left:
            left[result.lease] = left[result.lease] - accepted if result.more else 0
        if total >= job.wanted:
            left = dict.fromkeys(left, 0)
            self.work.step(job, state, "generated", self.holder.worker)
            state, state_at = "generated", self.work.now
        left = _shrunk(left, job.wanted - total)
        kept = {token: number for token, number in left.items() if number > 0}
        self.ended += [token for token in running if token not in kept]
        self.resized |= {token: number for token, number in kept.items() if number != running[token]}
        missing = job.wanted - total
        offered, free = offer_of(job.kind, state, missing, sum(kept.values()), len(kept))
        self.work.changes.offer(offered)
        self.changes.append(
            changed(
                job,
                state=state,
                state_at=state_at,
                accepted=total,
                attempts=attempts,
                offered=offered,
                free=free,
            )
        )

    def write(self) -> None:
        """Store all of it."""
        self.work.many(_INSERT_CANDIDATE, self.rows)
        self.work.change(self.changes)
        leases.release(self.work, self.ended)
        leases.resize(self.work, self.resized)


def _shrunk(left: Mapping[str, int], missing: int) -> dict[str, int]:
    """Leases for no more candidates than are missing; those that end last shrink first."""
    shrunk = {}
    for token, number in left.items():
        shrunk[token] = max(0, min(number, missing))
        missing -= shrunk[token]
    return shrunk


def _take_scores(work: Work, holder: Holder, job: Row[Any], result: RawSelectResult) -> ResultStatus:
    body = result.outcome().model_dump_json()
    if job.state not in NEEDS_GENERATOR:
        return second_result(work.connection, job.id, body, result.lease)
    texts = RawSelectJob.model_validate_json(_request(work, job.id)).texts
    if len(texts) != len(result.selection_proba):
        return refuse(
            work, holder, job.id, f"{len(result.selection_proba)} scores for {len(texts)} texts", result.lease
        )
    _finish_whole(work, holder, job, body)
    if job.internal:
        retention.take_scores(work, texts, result)
        work.step(job, "finished", "acknowledged")
        work.connection.execute(jobs.delete().where(jobs.c.id == job.id))
    return "accepted"


def _take_pictures(
    work: Work, holder: Holder, job: Row[Any], result: CaptionResult | PictureResult
) -> ResultStatus:
    body = result.outcome().model_dump_json()
    if job.state not in NEEDS_GENERATOR:
        return second_result(work.connection, job.id, body, result.lease)
    if isinstance(result, CaptionResult):
        wanted = len(CaptionJob.model_validate_json(_request(work, job.id)).images)
        if len(result.captions) != wanted:
            why = f"{len(result.captions)} captions for {wanted} pictures"
            return refuse(work, holder, job.id, why, result.lease)
    _finish_whole(work, holder, job, body)
    return "accepted"


def _request(work: Work, job_id: str) -> str:
    return str(work.connection.scalar(_BODY, {"job_id": job_id}))


def _finish_whole(work: Work, holder: Holder, job: Row[Any], body: str) -> None:
    """Store the result of single-shot work."""
    state, _ = _begun(work, job, holder.worker)
    finish(work, holder, [(job, state, body)])


def finish(work: Work, holder: Holder, ended: Sequence[tuple[Row[Any], JobState, str]]) -> None:
    """Store the one result of each of some jobs: for each its row, its state, and the result's body."""
    work.end_leases([job.id for job, _, _ in ended])
    work.many(_INSERT_RESULT, [{"job_id": job.id, "body": body} for job, _, body in ended])
    for job, state, _ in ended:
        work.step(job, state, "finished", holder.worker)
    work.change(
        [changed(job, state="finished", state_at=work.now, offered=NOBODY, free=0) for job, _, _ in ended]
    )
    work.drop([job.id for job, _, _ in ended if job.kind not in SINGLE_SHOT], "candidates")


def refuse(work: Work, holder: Holder, job_id: str, error: str, token: str | None) -> ResultStatus:
    """A result that does not fit its job counts as a failed attempt, if it came under a running lease."""
    take_error(work, holder, job_id, WorkerError(error=f"result refused: {error}", lease=token))
    return "refused"


def second_result(connection: Connection, job_id: str, body: str, token: str | None) -> ResultStatus:
    """What to say about a result for a job that is over: the first one stands."""
    if connection.scalar(_RESULT, {"job_id": job_id}) == body:
        return "duplicate"
    return "already finished" if token is None else "stale_lease"
