"""The outbox in the database (see ``turns/outbox.py``), and what the operator does with drafts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from tumblr.store.database import Database
from tumblr.store.schema import outbox, published_as, turns
from tumblr.turns.kinds import TurnState
from tumblr.turns.outbox import EditAction, NewEdit, PendingEdit
from tumblr.turns.turn import Turn

SENT_BACK = {
    "state": TurnState.FOUND,
    "attempts": 0,
    "not_before": 0.0,
    "request": None,
    "judgment_request": None,
    "judgment": None,
    "result": None,
    "chosen_at": None,
    "intent": None,
    "post_id": None,
    "review": None,
}
"""What a turn is like when it starts from the beginning once more."""


class OutboxStore:
    """The outbox of one database. Each verb is one transaction; times are unix seconds."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add_edits(self, new: Iterable[NewEdit]) -> None:
        """Write edits down, to be done in this order."""
        with self._database.transaction() as connection:
            add_edits(connection, new, self._clock())

    def send_back(self, turn: Turn, new: Iterable[NewEdit], reason: str) -> None:
        """Open a closed turn again and write down what has to be done first, in one.

        The time of its finding becomes a later one, so that its next request is another than the last.
        """
        now = max(self._clock(), turn.created_at + 0.001)
        with self._database.transaction() as connection:
            connection.execute(
                update(turns)
                .where(turns.c.id == turn.id, turns.c.state == turn.state)
                .values(**SENT_BACK, reason=reason, created_at=now, updated_at=now)
            )
            add_edits(connection, new, now)

    def forgive(self, turn: Turn, new: Iterable[NewEdit]) -> None:
        """Count one rejection less, and write edits down, in one."""
        with self._database.transaction() as connection:
            connection.execute(
                update(turns)
                .where(turns.c.id == turn.id, turns.c.rejections > 0)
                .values(rejections=turns.c.rejections - 1)
            )
            add_edits(connection, new, self._clock())

    def open_edits(self) -> list[PendingEdit]:
        """Those that are not done, in the order in which they came up."""
        wanted = select(outbox).where(outbox.c.done_at.is_(None)).order_by(outbox.c.number)
        with self._database.transaction() as connection:
            return [_edit(row) for row in connection.execute(wanted)]

    def finish_edit(self, edit: PendingEdit, outcome: str, new_id: str | None = None) -> None:
        """It is done, or will never be. A draft that it published belongs to its turn under the new id."""
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute(
                update(outbox)
                .where(outbox.c.number == edit.number)
                .values(done_at=now, outcome=outcome, attempts=edit.attempts + 1)
            )
            if new_id is not None and edit.fields.get("state") == "published":
                _published(connection, edit.post_id, new_id, now)

    def published(self, former: Mapping[str, str]) -> None:
        """Posts that were published, from their id to the former one: their turns are posted now."""
        with self._database.transaction() as connection:
            for post_id, former_id in former.items():
                _published(connection, former_id, post_id, self._clock())

    def rest_edit(self, edit: PendingEdit, reason: str, not_before: float) -> None:
        """It failed, and is tried again later."""
        changes = {"attempts": edit.attempts + 1, "not_before": not_before, "outcome": reason}
        with self._database.transaction() as connection:
            connection.execute(update(outbox).where(outbox.c.number == edit.number).values(changes))


def _published(connection: Connection, former_id: str, post_id: str, now: float) -> None:
    if former_id == post_id:
        return
    named = sqlite_insert(published_as).values(post_id=post_id, former_id=former_id)
    connection.execute(named.on_conflict_do_nothing())
    connection.execute(
        update(turns)
        .where(turns.c.post_id == former_id, turns.c.state.in_((TurnState.DRAFTED, TurnState.POSTED)))
        .values(state=TurnState.POSTED, post_id=post_id, updated_at=now)
    )


def add_edits(connection: Connection, new: Iterable[NewEdit], now: float) -> None:
    """Write edits down within the caller's transaction."""
    for edit in new:
        connection.execute(
            insert(outbox).values(
                turn_id=edit.turn_id,
                action=edit.action,
                post_id=edit.post_id,
                fields=json.dumps(dict(edit.fields), ensure_ascii=False),
                reason=edit.reason,
                created_at=now,
                attempts=0,
                not_before=0.0,
            )
        )


def _edit(row: Row[Any]) -> PendingEdit:
    return PendingEdit(
        action=EditAction(row.action),
        post_id=row.post_id,
        reason=row.reason,
        fields=json.loads(row.fields),
        turn_id=row.turn_id,
        number=row.number,
        created_at=row.created_at,
        attempts=row.attempts,
        not_before=row.not_before,
    )
