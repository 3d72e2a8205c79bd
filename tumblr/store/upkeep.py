"""Forgetting what is too old, a little at a time, so that the database stays as large as some months need.

What nothing was done twice for is the last to go: the names of what was seen stay for ``memory.inputs_days``,
and no finder takes up anything older. What people decided about texts is kept for ever; models learn from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import structlog
from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Table,
    and_,
    delete,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from bot_sqlite import give_back_pages
from tumblr.settings import LoopConfig, MemoryConfig
from tumblr.store.database import Database
from tumblr.store.schema import (
    audit,
    handled_posts,
    marks,
    mood_inputs,
    note_lists,
    outbox,
    post_log,
    published_as,
    side_judgments,
    turns,
)
from tumblr.turns.inputs import SkippedInput
from tumblr.turns.kinds import CLOSED, TurnState
from tumblr.turns.turn import NewTurn

HOUR, DAY = 3600.0, 86_400.0
EVERY = HOUR
"""Seconds between two looks for what is too old."""

BATCH = 200
"""Rows of one table that are forgotten in one transaction."""

MOST_BATCHES = 5
"""Transactions in one look; if there is more, the next pass goes on."""

EDITS_DAYS = 30.0
"""How long an edit that was made is remembered."""

MARGIN_DAYS = 1.0
"""How much longer names are kept than things are reacted to: tumblr's clock may be another."""

LEAST_JUMP = 300.0
"""Seconds by which no clock is wrong that tumblr accepts."""

WHOLE_STATES = CLOSED - {TurnState.DRAFTED}
"""States that nobody comes back from; a draft may still be sent back, and begins anew with what it holds."""

EMPTY: dict[str, Any] = {
    "input": SkippedInput().model_dump_json(),
    **dict.fromkeys(("request", "judgment_request", "judgment", "result", "intent", "review")),
    "emptied": True,
}
"""What is left of a turn whose texts are forgotten."""

ROW: ColumnElement[int] = literal_column("rowid", Integer)
"""SQLite's own number of a row."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Ages:
    """After how many seconds what is forgotten."""

    notes: float
    judgments: float
    edits: float
    texts: float
    inputs: float
    mood: float
    audit: float

    @classmethod
    def of(cls, loop: LoopConfig, memory: MemoryConfig, *, least_mood_seconds: float) -> Self:
        """As the settings say; the mood looks back ``least_mood_seconds``, whatever they say."""
        return cls(
            notes=loop.notes_hours * HOUR,
            judgments=loop.judgments_hours * HOUR,
            edits=EDITS_DAYS * DAY,
            texts=memory.texts_days * DAY,
            inputs=(memory.inputs_days + MARGIN_DAYS) * DAY,
            mood=max(memory.mood_days * DAY, least_mood_seconds),
            audit=memory.audit_days * DAY,
        )


class Upkeep:
    """Forgets what is too old, once an hour.

    A machine's clock that was just set may be wrong, and what it lets be forgotten does not come back: after
    a jump nothing is forgotten for a day. One that was wrong from the start gets no further than tumblr,
    which refuses its calls. ``beside``: what else is to be done in each hour.
    """

    def __init__(
        self,
        database: Database,
        ages: Ages,
        clock: Callable[[], float],
        elapsed: Callable[[], float],
        beside: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._database = database
        self._ages = ages
        self._clock = clock
        self._elapsed = elapsed
        self._beside = beside
        self._drift = clock() - elapsed()
        self._due = elapsed()

    def find(self) -> list[NewTurn]:
        """Forget, if an hour has passed since the last time. Finds no turns."""
        now, elapsed = self._clock(), self._elapsed()
        jump, self._drift = now - elapsed - self._drift, now - elapsed
        if abs(jump) >= LEAST_JUMP:
            self._due = elapsed + DAY
        if elapsed >= self._due and self._forget_all(now):
            self._due = elapsed + EVERY
        return []

    def _forget_all(self, now: float) -> bool:
        """Forget some batches; whether nothing is left that is too old."""
        for _ in range(MOST_BATCHES):
            with self._database.transaction() as connection:
                forgotten = _forget(connection, self._ages, now)
                give_back_pages(connection)
            if max(forgotten.values()) < BATCH:
                for do in self._beside:
                    do()
                return True
            log.info("forgotten", **{what: number for what, number in forgotten.items() if number})
        return False


def _forget(connection: Connection, ages: Ages, now: float) -> dict[str, int]:
    """Forget a batch of everything that is too old, within the caller's transaction; how many of what."""
    return {
        "notes": _delete_older(connection, note_lists.c.read_at, now - ages.notes),
        "judgments": _delete_older(connection, side_judgments.c.asked_at, now - ages.judgments),
        "edits": _delete_older(connection, outbox.c.done_at, now - ages.edits),
        "mood_inputs": _delete_older(
            connection, mood_inputs.c.time, now - ages.mood, _is_not_newest(mood_inputs)
        ),
        "audit": len(_delete_first(connection, audit, audit.c.at, now - ages.audit)),
        "posts": _forget_posts(connection, now - ages.texts),
        "texts": _empty_turns(connection, now - ages.texts),
        "turns": _remove_turns(connection, now - ages.inputs),
    }


def _is_not_newest(table: Table) -> ColumnElement[bool]:
    """SQLite would number the next row as it did the newest, if that were gone."""
    newest = select(func.max(ROW)).select_from(table)
    return ROW.not_in(newest)


def _delete_older(
    connection: Connection, moment: Column[Any], before: float, *conditions: ColumnElement[bool]
) -> int:
    table = moment.table
    some = select(ROW).select_from(table).where(moment < before, *conditions).limit(BATCH)
    return connection.execute(delete(table).where(ROW.in_(some))).rowcount


def _delete_first(connection: Connection, table: Table, moment: Column[Any], before: float) -> list[int]:
    """Delete from the beginning of a table that is only appended to; its trigger lets nobody do more."""
    mark = sqlite_insert(marks).values(name=f"{table.name} begins", value=str(before), updated_at=before)
    newer = {"value": mark.excluded.value, "updated_at": mark.excluded.updated_at}
    first = select(table.c.number, moment).order_by(table.c.number).limit(BATCH).subquery()
    old = connection.scalars(select(first.c.number).where(first.c[moment.name] < before)).all()
    if old:
        connection.execute(mark.on_conflict_do_update(["name"], set_=newer))
        connection.execute(delete(table).where(table.c.number.in_(old)))
    return list(old)


def _forget_posts(connection: Connection, before: float) -> int:
    """Entries of the post log, the words that they are found by, and the former names of their posts."""
    first = select(post_log.c.number).order_by(post_log.c.number).limit(BATCH)
    posts = connection.execute(
        select(post_log.c.number, post_log.c.post_id).where(post_log.c.number.in_(first))
    ).all()
    gone = set(_delete_first(connection, post_log, post_log.c.created_at, before))
    connection.execute(
        delete(published_as).where(
            published_as.c.former_id.in_([post_id for number, post_id in posts if number in gone])
        )
    )
    for number in gone:
        connection.execute(text("DELETE FROM post_words WHERE rowid = :number"), {"number": number})
    return len(gone)


def _empty_turns(connection: Connection, before: float) -> int:
    """What was asked, written and sent of turns that are over; that they were, and why, stays."""
    over = and_(turns.c.state.in_(WHOLE_STATES), turns.c.settled, turns.c.updated_at < before)
    some = select(turns.c.id).where(turns.c.emptied.is_(False), over).limit(BATCH)
    return connection.execute(update(turns).where(turns.c.id.in_(some)).values(EMPTY)).rowcount


def _remove_turns(connection: Connection, before: float) -> int:
    """Turns about what is older than anything that is still reacted to."""
    over = and_(turns.c.state.in_(CLOSED), turns.c.settled, turns.c.updated_at < before)
    newest = select(func.max(turns.c.id)).scalar_subquery()
    some = (
        select(turns.c.id).where(turns.c.emptied.in_((False, True)), over, turns.c.id < newest).limit(BATCH)
    )
    old = connection.scalars(some).all()
    if old:
        connection.execute(delete(handled_posts).where(handled_posts.c.turn_id.in_(old)))
        connection.execute(delete(turns).where(turns.c.id.in_(old)))
    return len(old)
