"""What the bot remembers of conversations: which posts are spoken for, notes, whom it has answered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from tumblr.api.notes import NoteList, note_list
from tumblr.store.database import Database
from tumblr.store.schema import handled_posts, note_lists, side_judgments, turns
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.kinds import IN_WORK, TurnKind, TurnState
from tumblr.turns.turn import StoredRequest

MANY = 500
"""Names looked up in one statement; SQLite bounds the number of its parameters."""

LOWER_NAME: ColumnElement[str] = func.lower(turns.c.who)


class ConversationStore:
    """Conversations in one database. Each verb is one transaction."""

    def __init__(
        self, database: Database, clock: Callable[[], float], fail_points: FailPoints | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._fail_points = fail_points or FailPoints()

    def handled(self, posts: Collection[str]) -> set[str]:
        """Those of some posts, by name, that a turn has spoken for."""
        with self._database.transaction() as connection:
            return handled(connection, posts)

    def answers_since(self, moment: float) -> Counter[str]:
        """How often each blog (in lower case) has been or is being answered in turns found since a moment."""
        answered = turns.c.state.in_({TurnState.POSTED, TurnState.DRAFTED, *IN_WORK})
        wanted = select(LOWER_NAME, func.count()).where(
            and_(turns.c.created_at >= moment, answered, turns.c.kind != TurnKind.ORIGINAL)
        )
        with self._database.transaction() as connection:
            rows = connection.execute(wanted.group_by(LOWER_NAME)).all()
        return Counter({who: count for who, count in rows if who})

    # Notes

    def notes(self, post_ids: Collection[str]) -> dict[str, NoteList]:
        """The notes of some own posts as far as they were read."""
        found = {}
        with self._database.transaction() as connection:
            for part in _parts(post_ids):
                wanted = select(note_lists).where(note_lists.c.post_id.in_(part))
                for row in connection.execute(wanted):
                    found[row.post_id] = note_list(json.loads(row.notes), row.newest)
        return found

    def keep_notes(self, lists: Mapping[str, NoteList]) -> None:
        """Remember the notes of own posts."""
        now = self._clock()
        with self._database.transaction() as connection:
            for post_id, known in lists.items():
                values = {"notes": _dump(known.as_json()), "newest": known.newest, "read_at": now}
                new = sqlite_insert(note_lists).values(post_id=post_id, **values)
                connection.execute(new.on_conflict_do_update(["post_id"], set_=values))

    # Judgments of texts that are no turn's

    def side_judgments(self, names: Collection[str]) -> dict[str, tuple[StoredRequest, list[Any] | None]]:
        """What was asked about some things, by name, and the scores if they are there."""
        found: dict[str, tuple[StoredRequest, list[Any] | None]] = {}
        with self._database.transaction() as connection:
            for part in _parts(names):
                wanted = select(side_judgments).where(side_judgments.c.name.in_(part))
                for row in connection.execute(wanted):
                    scores = None if row.scores is None else json.loads(row.scores)
                    found[row.name] = StoredRequest.model_validate_json(row.request), scores
        return found

    def ask_side_judgments(self, requests: Mapping[str, StoredRequest]) -> None:
        """Remember what is about to be asked about some things; a newer question replaces an older one."""
        with self._database.transaction() as connection:
            for name, request in requests.items():
                values = {
                    "request": request.model_dump_json(),
                    "scores": None,
                    "asked_at": request.stored_at,
                }
                new = sqlite_insert(side_judgments).values(name=name, **values)
                connection.execute(new.on_conflict_do_update(["name"], set_=values))

    def keep_side_judgments(self, scores: Mapping[str, list[Any]]) -> None:
        """Remember the scores of some things."""
        with self._database.transaction() as connection:
            for name, values in scores.items():
                of_name = side_judgments.c.name == name
                connection.execute(update(side_judgments).where(of_name).values(scores=_dump(values)))
            self._fail_points.reach(FailPoint.DURING_JUDGMENT)


def handled(connection: Connection, posts: Collection[str]) -> set[str]:
    """Those of some posts that a turn has spoken for, within the caller's transaction."""
    found: set[str] = set()
    for part in _parts(posts):
        found.update(connection.scalars(select(handled_posts.c.post).where(handled_posts.c.post.in_(part))))
    return found


def mark_handled(connection: Connection, posts: Collection[str], turn_id: int) -> None:
    """A turn speaks for some posts; within the caller's transaction."""
    for post in dict.fromkeys(posts):
        connection.execute(sqlite_insert(handled_posts).values(post=post, turn_id=turn_id))


def _parts(names: Collection[str]) -> Iterator[list[str]]:
    listed = list(names)
    for start in range(0, len(listed), MANY):
        yield listed[start : start + MANY]


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
