"""Small things that the bot remembers: whom it follows, how far it has read, what its checks cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from tumblr.store.database import Database
from tumblr.store.schema import checks, follows, marks

CHECKS_KEPT = 100
"""Past checks that are remembered of each sort; no rule looks further back."""

CheckSort = Literal["base", "dashboard"]
"""The reblogs and replies to own posts, or the dashboard."""


@dataclass(frozen=True)
class PastCheck:
    """What one check cost: calls, and the seconds of the whole pass."""

    sort: CheckSort
    requests: int
    seconds: float


class CursorStore:
    """Follows, marks and past checks of one database. Each verb is one transaction."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    # Whom the dashboard account follows, in lower case

    def follows(self) -> frozenset[str]:
        """Everybody it follows."""
        with self._database.transaction() as connection:
            return frozenset(connection.scalars(select(follows.c.name)))

    def replace_follows(self, names: Iterable[str]) -> None:
        """The whole list, as tumblr has it."""
        with self._database.transaction() as connection:
            connection.execute(delete(follows))
            for name in names:
                change_follow(connection, name, now=self._clock(), follow=True)

    # Single values

    def cursor(self, name: str) -> Any:
        """A remembered value, or None."""
        with self._database.transaction() as connection:
            text = connection.scalar(select(marks.c.value).where(marks.c.name == name))
        return None if text is None else json.loads(text)

    def set_cursor(self, name: str, value: object) -> None:
        """Remember a value (anything that JSON knows)."""
        text, now = json.dumps(value, ensure_ascii=False), self._clock()
        new = sqlite_insert(marks).values(name=name, value=text, updated_at=now)
        with self._database.transaction() as connection:
            connection.execute(new.on_conflict_do_update(["name"], set_={"value": text, "updated_at": now}))

    # Past checks

    def add_check(self, check: PastCheck) -> None:
        """Remember what a check cost; only so many of each sort are kept."""
        of_sort = select(checks.c.number).where(checks.c.sort == check.sort)
        kept = of_sort.order_by(checks.c.number.desc()).limit(CHECKS_KEPT)
        with self._database.transaction() as connection:
            connection.execute(insert(checks).values(created_at=self._clock(), **vars(check)))
            connection.execute(
                delete(checks).where(checks.c.sort == check.sort, checks.c.number.not_in(kept))
            )

    def past_checks(self, sort: CheckSort) -> list[PastCheck]:
        """What the checks of a sort cost, oldest first."""
        wanted = select(checks).where(checks.c.sort == sort).order_by(checks.c.number)
        with self._database.transaction() as connection:
            return [PastCheck(row.sort, row.requests, row.seconds) for row in connection.execute(wanted)]


def change_follow(connection: Connection, name: str, *, now: float, follow: bool) -> None:
    """Add or remove a followed blog within the caller's transaction."""
    lower = name.lower()
    if follow:
        connection.execute(sqlite_insert(follows).values(name=lower, since=now).on_conflict_do_nothing())
    else:
        connection.execute(delete(follows).where(follows.c.name == lower))
