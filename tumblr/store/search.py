"""Finding posts by their words and people by their names, for the operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

from tumblr.store.database import Database
from tumblr.store.migrations import searched_words
from tumblr.store.rows import entry_of_row
from tumblr.store.schema import mood_inputs, post_log, turns
from tumblr.turns.kinds import TurnState
from tumblr.turns.turn import LogEntry

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Known:
    """Somebody who has spoken with the bot; ``last_at`` in unix seconds."""

    name: str
    turns: int
    posts: int
    last_at: float


class SearchStore:
    """Looks through the post log and the turns of one database. Each verb is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def posts(
        self, words: str = "", who: str = "", before: int | None = None, limit: int = 50
    ) -> list[LogEntry]:
        """Entries of the post log that hold all the words, each as it begins, or answer somebody.

        Newest first; those before a number.
        """
        wanted = select(post_log).order_by(post_log.c.number.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(post_log.c.number < before)
        asked = _query(words, who)
        if asked:
            rows = text("SELECT rowid FROM post_words WHERE post_words MATCH :asked")
            wanted = wanted.where(post_log.c.number.in_(rows.bindparams(asked=asked)))
        elif words or who:
            return []
        with self._database.transaction() as connection:
            return [entry_of_row(row) for row in connection.execute(wanted)]

    def entries_of(self, name: str) -> list[LogEntry]:
        """Entries about a post, an input, or a turn by its number, in their order."""
        of_turn = post_log.c.turn_id == int(name) if name.isdecimal() and len(name) < 10 else None
        with self._database.transaction() as connection:
            for condition in (post_log.c.post_id == name, post_log.c.input_id == name, of_turn):
                if condition is None:
                    continue
                found = connection.execute(
                    select(post_log).where(condition).order_by(post_log.c.number)
                ).all()
                if found:
                    return [entry_of_row(row) for row in found]
        return []

    def after(self, number: int, limit: int) -> list[LogEntry]:
        """The entries behind a number, in their order."""
        wanted = select(post_log).where(post_log.c.number > number).order_by(post_log.c.number).limit(limit)
        with self._database.transaction() as connection:
            return [entry_of_row(row) for row in connection.execute(wanted)]

    def people(self, begins: str = "", limit: int = 100) -> list[Known]:
        """Who has spoken with the bot, the latest first."""
        posted = func.sum(turns.c.state.in_((TurnState.POSTED, TurnState.DRAFTED)))
        last = func.max(turns.c.updated_at).label("last_at")
        wanted = select(turns.c.who, func.count(), posted, last).where(turns.c.who != "")
        if begins:
            wanted = wanted.where(turns.c.who.istartswith(begins, autoescape=True))
        wanted = wanted.group_by(turns.c.who).order_by(last.desc()).limit(limit)
        with self._database.transaction() as connection:
            return [
                Known(who, int(n), int(posts or 0), at) for who, n, posts, at in connection.execute(wanted)
            ]

    def has_moved_mood(self, kind: str, who: str, input_id: str) -> bool:
        """Whether an input has moved the mood."""
        wanted = select(func.count()).where(
            mood_inputs.c.kind == kind, mood_inputs.c.who == who, mood_inputs.c.input_id == input_id
        )
        with self._database.transaction() as connection:
            return bool(connection.scalar(wanted))


def add_words(connection: Connection, number: int, entry: Mapping[str, Any]) -> None:
    """Make an entry of the post log findable, within the caller's transaction."""
    row = {"number": number, **searched_words(entry)}
    connection.execute(
        text(
            "INSERT INTO post_words (rowid, who, said, words, tags) "
            "VALUES (:number, :who, :said, :words, :tags)"
        ),
        row,
    )


def _query(words: str, who: str) -> str:
    """A query in the search's own language, in which nothing that was typed means anything but itself."""
    parts = [f'"{word}"*' for word in _WORD.findall(words)]
    name = " ".join(_WORD.findall(who))
    return " AND ".join([*parts, *([f'who : "{name}"'] if name else [])])
