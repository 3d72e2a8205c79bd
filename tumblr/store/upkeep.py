"""Age limits: what was only kept to save calls is forgotten when it is old."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete

from tumblr.settings import LoopConfig
from tumblr.store.database import Database
from tumblr.store.schema import note_lists, outbox, side_judgments
from tumblr.turns.turn import NewTurn

HOUR = 3600.0
EVERY = HOUR
"""Seconds between two looks for what is too old."""

EDITS_HOURS = 30 * 24.0
"""How long an edit that was made is remembered."""


class Upkeep:
    """Forgets what is too old. Turns, the mood's inputs and the post log are kept for ever."""

    def __init__(self, database: Database, settings: LoopConfig, clock: Callable[[], float]) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._due = 0.0

    def find(self) -> list[NewTurn]:
        """Forget, if an hour has passed since the last time. Finds no turns."""
        now = self._clock()
        if now >= self._due:
            self._due = now + EVERY
            with self._database.transaction() as connection:
                for column, hours in (
                    (note_lists.c.read_at, self._settings.notes_hours),
                    (side_judgments.c.asked_at, self._settings.judgments_hours),
                    (outbox.c.done_at, EDITS_HOURS),
                ):
                    connection.execute(delete(column.table).where(column < now - hours * HOUR))
        return []
