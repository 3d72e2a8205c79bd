"""The retention list: texts that were not chosen but deserve another chance, with their scores.

The list lives here and nowhere else. A score stands beside the exact text it was computed for, so that it can
never be read as another's. Texts without a score are sent to the generators as jobs of the switchboard's own.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, or_, select, update

from switchboard.job_factory import NewJob, raw_select_job
from switchboard.messages import RawSelectResult
from switchboard.messages.fields import MAX_RETAINED_TEXTS, MAX_TEXTS
from switchboard.store.schema import jobs, retained
from switchboard.store.work import OPEN_STATES, Work

RETENTION_SCORE_AGE_SECONDS = 86_400.0
"""Scores of retained texts that are older are computed anew."""
OWN_CLIENT = "switchboard"
"""Under this name the switchboard submits jobs of its own."""


@dataclass(frozen=True)
class ScoredText:
    """A retained text with its scores."""

    text: str
    selection_proba: float
    sentiment_logit_diff: float
    autoreview: float | None = None


def scored_texts(connection: Connection) -> list[ScoredText]:
    """The part of the list that has scores, sorted by text."""
    query = select(retained).where(retained.c.selection_proba.is_not(None))
    rows = connection.execute(query).all()
    scored = [
        ScoredText(row.text, row.selection_proba, row.sentiment_logit_diff, row.autoreview) for row in rows
    ]
    return sorted(scored, key=lambda one: one.text)


def counts(connection: Connection) -> tuple[int, int]:
    """How many texts there are, and how many of them have no score."""
    total = connection.scalar(select(func.count()).select_from(retained)) or 0
    return total, total - (connection.scalar(select(func.count(retained.c.selection_proba))) or 0)


def fewer_for_retained(work: Work, new: NewJob) -> NewJob:
    """An unprompted post needs fewer new candidates when there are retained ones; at least one is written."""
    if new.growth is not None:
        wanted = new.growth.wanted(one.sentiment_logit_diff for one in scored_texts(work.connection))
    else:
        total, _unscored = counts(work.connection)
        wanted = max(0, new.wanted - total)
    return replace(new, wanted=wanted, body=new.body.model_copy(update={"n_desired": wanted}))


def add(work: Work, texts: Iterable[str]) -> int:
    """Take texts into the list, up to its limit; returns how many are new."""
    total, _unscored = counts(work.connection)
    added = 0
    for text in dict.fromkeys(texts):
        if total + added >= MAX_RETAINED_TEXTS:
            break
        digest = _digest(text)
        if text and not _contains(work.connection, digest):
            work.connection.execute(retained.insert().values(digest=digest, text=text, added_at=work.now))
            added += 1
    return added


def remove(work: Work, texts: Iterable[str]) -> int:
    """Take texts out of the list; returns how many were there."""
    digests = [_digest(text) for text in texts]
    if not digests:
        return 0
    return work.connection.execute(retained.delete().where(retained.c.digest.in_(digests))).rowcount


def others(connection: Connection, texts: Sequence[str]) -> list[str]:
    """The texts of the list that are none of these."""
    given = set(texts)
    return [text for text in connection.scalars(select(retained.c.text)) if text not in given]


def contains(connection: Connection, text: str) -> bool:
    """Whether the text is in the list."""
    return _contains(connection, _digest(text))


def request_scores(work: Work) -> None:
    """Make scoring jobs for texts that have no score, or an old one, and are not being scored."""
    old = work.now - RETENTION_SCORE_AGE_SECONDS
    live = select(jobs.c.id).where(jobs.c.state.in_(OPEN_STATES), jobs.c.internal.is_(True))
    due = select(retained.c.text).where(
        or_(retained.c.scored_at.is_(None), retained.c.scored_at < old),
        or_(retained.c.scoring_job.is_(None), retained.c.scoring_job.not_in(live)),
    )
    texts = sorted(work.connection.scalars(due).all())
    for start in range(0, len(texts), MAX_TEXTS):
        _request_scores_of(work, texts[start : start + MAX_TEXTS])


def _request_scores_of(work: Work, texts: Sequence[str]) -> None:
    job_id = f"retention.{work.new_token()}"
    body = raw_select_job(texts, "", work.written_now())
    turn = work.standing(OWN_CLIENT).turn
    work.insert(NewJob(job_id, OWN_CLIENT, "raw_select", "", 0, body), internal=True, turn=turn)
    digests = [_digest(text) for text in texts]
    work.connection.execute(update(retained).where(retained.c.digest.in_(digests)).values(scoring_job=job_id))


def take_scores(work: Work, texts: Sequence[str], result: RawSelectResult) -> None:
    """Write scores beside the texts they were computed for; texts that have left the list are passed over."""
    reviews = result.autoreview if result.autoreview is not None else [None] * len(texts)
    scores = zip(texts, result.selection_proba, result.sentiment_logit_diffs, reviews, strict=True)
    for text, probability, sentiment, review in scores:
        work.connection.execute(
            update(retained)
            .where(retained.c.digest == _digest(text))
            .values(
                selection_proba=probability,
                sentiment_logit_diff=sentiment,
                autoreview=review,
                scored_at=work.now,
                scoring_job=None,
            )
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _contains(connection: Connection, digest: str) -> bool:
    return connection.scalar(select(retained.c.digest).where(retained.c.digest == digest)) is not None
