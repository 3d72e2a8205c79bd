"""What the bot remembers: turns, mood inputs and the post log. Only the ``store`` files speak SQL.

Each verb is one transaction. A turn is only moved from the state in which the caller saw it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, and_, func, insert, literal_column, or_, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from switchboard.messages import SelectionOutcome
from tumblr.api.errors import StaleTurn
from tumblr.store.conversations import handled, mark_handled
from tumblr.store.cursors import change_follow
from tumblr.store.database import Database
from tumblr.store.outbox import add_edits
from tumblr.store.rows import entry_of_row, mood_input_of_row, turn_of_row
from tumblr.store.schema import mood_inputs, post_log, published_as, turns
from tumblr.store.search import add_words
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.inputs import TurnInput, read_input
from tumblr.turns.kinds import FOLLOWING, IN_WORK, MOVES, TurnKind, TurnState
from tumblr.turns.outbox import DELETE, NewEdit
from tumblr.turns.turn import Intent, Judgment, LogEntry, NewTurn, StoredMoodInput, StoredRequest, Turn

MANY = 500
"""Ids looked up in one statement; SQLite bounds the number of its parameters."""

ROW_NUMBER: ColumnElement[int] = literal_column("mood_inputs.rowid", Integer).label("number")
"""SQLite's own number of a row; it only grows, as no input is ever deleted."""


class TurnStore:
    """The bot's memory over one open database. Times are unix seconds, from the given clock."""

    def __init__(
        self, database: Database, clock: Callable[[], float], fail_points: FailPoints | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._fail_points = fail_points or FailPoints()

    # Turns: coming in

    def add(self, found: Iterable[NewTurn]) -> list[Turn]:
        """Write down what was found; the answer is the turns that are new, or that have waited until now.

        What is known already is left alone, unless it is waiting: then its turn comes, or it is skipped.
        """
        with self._database.transaction() as connection:
            numbers = [number for new in found if (number := self._add(connection, new)) is not None]
            if numbers:
                self._fail_points.reach(FailPoint.DURING_FOUND)
            return [turn_of_row(row) for row in _rows(connection, turns.c.id.in_(numbers))] if numbers else []

    def _add(self, connection: Connection, new: NewTurn) -> int | None:
        if handled(connection, new.handles):
            return None
        now, state = self._clock(), _first_state(new)
        moved = {
            "state": state,
            "created_at": now,
            "updated_at": now,
            "reason": new.skip_reason or new.waits_for,
        }
        insertion = sqlite_insert(turns).values(
            kind=new.kind,
            input_id=new.input_id,
            who=new.who,
            input=new.input.model_dump_json(),
            attempts=0,
            not_before=0.0,
            settled=True,
            **moved,
        )
        if state is not TurnState.WAITING:
            is_waiting = turns.c.state == TurnState.WAITING
            insertion = insertion.on_conflict_do_update(["kind", "input_id"], set_=moved, where=is_waiting)
        else:
            insertion = insertion.on_conflict_do_nothing()
        row = connection.execute(insertion.returning(turns.c.id)).one_or_none()
        if row is None:
            return None
        mark_handled(connection, new.handles, int(row.id))
        if new.discard is not None:
            reason = new.skip_reason or f"{new.kind}:{new.input_id} begins anew"
            add_edits(connection, [NewEdit(DELETE, new.discard, reason, turn_id=int(row.id))], now)
        return int(row.id)

    def known(self, kinds: Collection[TurnKind], input_ids: Collection[str]) -> set[str]:
        """Those of the inputs for which there is a turn of one of these kinds, in whatever state."""
        wanted = list(input_ids)
        found: set[str] = set()
        with self._database.transaction() as connection:
            for start in range(0, len(wanted), MANY):
                part = turns.c.input_id.in_(wanted[start : start + MANY])
                one = select(turns.c.input_id).where(turns.c.kind.in_(kinds), part)
                found.update(connection.scalars(one))
        return found

    # Turns: looking

    def waiting(self, kinds: Collection[TurnKind]) -> list[NewTurn]:
        """What waits for its turn to come, in the order in which it was written down."""
        wanted = and_(turns.c.state == TurnState.WAITING, turns.c.kind.in_(kinds))
        with self._database.transaction() as connection:
            rows = _rows(connection, wanted)
        return [
            NewTurn(TurnKind(row.kind), row.input_id, row.who, read_input(row.input), waits_for=row.reason)
            for row in rows
        ]

    def open_turns(self, kind: TurnKind | None = None) -> list[Turn]:
        """All turns that are in work, oldest first; of one kind, or of all."""
        wanted = turns.c.state.in_(IN_WORK)
        with self._database.transaction() as connection:
            return [
                turn_of_row(row)
                for row in _rows(connection, wanted if kind is None else and_(wanted, turns.c.kind == kind))
            ]

    def turn(self, number: int) -> Turn:
        """The turn of this number; raises KeyError."""
        with self._database.transaction() as connection:
            rows = _rows(connection, turns.c.id == number)
        if not rows:
            raise KeyError(number)
        return turn_of_row(rows[0])

    def turn_of(self, kinds: Collection[TurnKind], input_id: str) -> Turn | None:
        """The turn of an input, if there is one."""
        with self._database.transaction() as connection:
            rows = _rows(connection, and_(turns.c.kind.in_(kinds), turns.c.input_id == input_id))
        return turn_of_row(rows[0]) if rows else None

    def turn_of_post(self, post_ids: Collection[str]) -> Turn | None:
        """The turn that ended with a post, which may be known under several ids."""
        with self._database.transaction() as connection:
            rows = _rows(connection, turns.c.post_id.in_(post_ids))
        return turn_of_row(rows[-1]) if rows else None

    def post_ids(self, kind: TurnKind, state: TurnState) -> set[str]:
        """The ids of the posts that turns of this kind ended with."""
        wanted = select(turns.c.post_id).where(
            turns.c.kind == kind, turns.c.state == state, turns.c.post_id.is_not(None)
        )
        with self._database.transaction() as connection:
            return set(connection.scalars(wanted))

    def counts(self) -> dict[TurnState, int]:
        """How many turns there are in each state."""
        with self._database.transaction() as connection:
            rows = connection.execute(select(turns.c.state, func.count()).group_by(turns.c.state))
            return {TurnState(state): number for state, number in rows}

    def in_state(self, state: TurnState) -> list[Turn]:
        """The turns in one state, oldest first."""
        with self._database.transaction() as connection:
            return [turn_of_row(row) for row in _rows(connection, turns.c.state == state)]

    def latest(self, state: TurnState, most: int) -> list[Turn]:
        """The turns that came into a state last, newest first."""
        wanted = select(turns).where(turns.c.state == state).order_by(turns.c.updated_at.desc()).limit(most)
        with self._database.transaction() as connection:
            return [turn_of_row(row) for row in connection.execute(wanted)]

    # Turns: moving

    def request(self, turn: Turn, request: StoredRequest, judgment: StoredRequest | None) -> Turn:
        """found → requested: what will be asked of the switchboard, before it is asked."""
        return self._move(
            turn,
            TurnState.REQUESTED,
            request=request.model_dump_json(),
            judgment_request=None if judgment is None else judgment.model_dump_json(),
            settled=False,
        )

    def fill(self, turn: Turn, new_input: TurnInput) -> Turn:
        """Replace the input of a turn for which nothing has been asked yet."""
        if turn.state is not TurnState.FOUND:
            raise ValueError(f"{turn.name} is {turn.state}: its input is in use")
        return self._change(turn, {"input": new_input.model_dump_json()})

    def confirm(self, turn: Turn, request: StoredRequest) -> Turn:
        """The switchboard has confirmed one of the turn's requests once more."""
        counted = request.model_copy(update={"submissions": request.submissions + 1}).model_dump_json()
        column = (
            "request" if turn.request is not None and turn.request.id == request.id else "judgment_request"
        )
        return self._change(turn, {column: counted})

    def judge(self, turn: Turn, judgment: Judgment) -> Turn:
        """Keep what the heads said about the input's text."""
        return self._change(turn, {"judgment": judgment.model_dump_json()})

    def choose(self, turn: Turn, result: SelectionOutcome) -> Turn:
        """requested → chosen: keep the text."""
        return self._move(turn, TurnState.CHOSEN, result=result.model_dump_json(), chosen_at=self._clock())

    def intend(
        self, turn: Turn, intent: Intent, more: Iterable[NewTurn] = (), *, rejected: bool = False
    ) -> Turn:
        """found or chosen → posting: keep what will be sent to tumblr, before it is sent.

        ``more`` are turns that begin in the same moment; ``rejected`` counts one more text that is sent back.
        """
        _check_move(turn, TurnState.POSTING)
        values = {
            "state": TurnState.POSTING,
            "intent": intent.model_dump_json(),
            "not_before": 0.0,
            "rejections": turn.rejections + rejected,
        }
        with self._database.transaction() as connection:
            for new in more:
                self._add(connection, new)
            return self._write(connection, turn, values, turn.state)

    def intend_again(self, turn: Turn, intent: Intent) -> Turn:
        """Replace what a turn in posting is about to send."""
        with self._database.transaction() as connection:
            return self._write(connection, turn, {"intent": intent.model_dump_json()}, turn.state)

    def record_post(
        self,
        turn: Turn,
        post_id: str,
        state: TurnState,
        entry: Mapping[str, Any],
        mood_input: StoredMoodInput | None,
    ) -> Turn:
        """posting → posted or drafted, with the entry in the post log and the input of the mood, in one.

        The first kick wins: an input that moved the mood before does not do so again. What a late judgment
        needs of the outcome is kept for ``move_mood``.
        """
        with self._database.transaction() as connection:
            self._log(connection, turn, post_id, state, entry)
            if mood_input is not None:
                _add_mood_input(connection, mood_input)
            self._fail_points.reach(FailPoint.DURING_RECORD)
            done: dict[str, Any] = {"state": state, "post_id": post_id, "reason": None}
            if not turn.awaits_judgment:
                done["result"] = None  # the candidates are in the log from here on
            return self._write(connection, turn, {**done, **self._tidied(connection, turn)}, turn.state)

    def move_mood(self, turn: Turn, mood_input: StoredMoodInput | None) -> Turn:
        """The scores of the input of a turn that is posted already are there, or will not come."""
        with self._database.transaction() as connection:
            if mood_input is not None:
                _add_mood_input(connection, mood_input)
            return self._write(connection, turn, {"result": None}, turn.state)

    def record_done(self, turn: Turn) -> Turn:
        """posting → done: a command was obeyed. Whom the bot follows is changed in the same transaction."""
        with self._database.transaction() as connection:
            if turn.intent is not None and turn.intent.action in FOLLOWING:
                follow = FOLLOWING[turn.intent.action]
                change_follow(connection, turn.intent.target, now=self._clock(), follow=follow)
            self._fail_points.reach(FailPoint.DURING_RECORD)
            done = {"state": TurnState.DONE, "reason": None, **self._tidied(connection, turn)}
            return self._write(connection, turn, done, turn.state)

    def _tidied(self, connection: Connection, turn: Turn) -> dict[str, Any]:
        """Have the ask deleted that a done turn no longer needs, and forget the image it has posted."""
        if turn.intent is None:
            return {}
        if turn.intent.discard is not None:
            chore = NewEdit(DELETE, turn.intent.discard, f"{turn.name} is done")
            add_edits(connection, [chore], self._clock())
        return _without_pictures(turn.intent)

    def close(self, turn: Turn, state: TurnState, reason: str) -> Turn:
        """Skip or fail a turn, for a stated reason."""
        left = {} if turn.intent is None else _without_pictures(turn.intent)
        return self._move(turn, state, reason=reason, **left)

    def try_again(self, turn: Turn, reason: str, not_before: float) -> Turn:
        """Count a failed attempt. The turn starts over, but not before this moment."""
        return self._move(
            turn,
            TurnState.FOUND,
            reason=reason,
            not_before=not_before,
            attempts=turn.attempts + 1,
            judgment=None,
            review=None,
        )

    def rest(self, turn: Turn, reason: str, not_before: float) -> Turn:
        """Let a turn rest where it is; counts as a failed attempt."""
        return self._change(turn, {"reason": reason, "not_before": not_before, "attempts": turn.attempts + 1})

    def wait(self, turn: Turn, reason: str, not_before: float) -> Turn:
        """Let a turn rest where it is through no fault of its own: a limit, a service that is not there."""
        return self._change(turn, {"reason": reason, "not_before": not_before})

    def unsettled(self) -> list[Turn]:
        """Turns that no longer need their jobs, of which the switchboard has not been told yet."""
        wanted = and_(
            turns.c.settled.is_(False),
            turns.c.state.not_in({TurnState.REQUESTED, TurnState.CHOSEN, TurnState.HELD, TurnState.POSTING}),
        )
        with self._database.transaction() as connection:
            return [turn_of_row(row) for row in _rows(connection, wanted)]

    def settle(self, turn: Turn) -> None:
        """The switchboard has been told that it may forget the turn's jobs."""
        self._change(turn, {"settled": True})

    def _move(self, turn: Turn, state: TurnState, **values: Any) -> Turn:
        _check_move(turn, state)
        return self._change(turn, {"state": state, **values})

    def _change(self, turn: Turn, values: Mapping[str, Any]) -> Turn:
        with self._database.transaction() as connection:
            return self._write(connection, turn, values, turn.state)

    def _write(
        self, connection: Connection, turn: Turn, values: Mapping[str, Any], seen_in: TurnState
    ) -> Turn:
        row = connection.execute(
            update(turns)
            .where(turns.c.id == turn.id, turns.c.state == seen_in)
            .values({**values, "updated_at": self._clock()})
            .returning(*turns.c)
        ).one_or_none()
        if row is None:
            raise StaleTurn(f"{turn.name} is no longer {seen_in}")
        return turn_of_row(row)

    # Mood inputs

    def mood_inputs(self, since: datetime | None = None, *, after: int = 0) -> list[StoredMoodInput]:
        """Inputs whose answers were written since a moment, oldest first; only those above a number."""
        wanted = select(mood_inputs, ROW_NUMBER).where(after < ROW_NUMBER)
        if since is not None:
            wanted = wanted.where(mood_inputs.c.time >= since.timestamp())
        wanted = wanted.order_by(mood_inputs.c.time, ROW_NUMBER)
        with self._database.transaction() as connection:
            found = [mood_input_of_row(row) for row in connection.execute(wanted)]
        # Infinities, which a database may hold that was written by other hands, move no mood.
        return [one for one in found if math.isfinite(one.logit_diff + (one.generated_p75 or 0.0))]

    # Post log

    def _log(
        self, connection: Connection, turn: Turn, post_id: str, state: TurnState, entry: Mapping[str, Any]
    ) -> None:
        number = connection.scalar(
            insert(post_log)
            .values(
                turn_id=turn.id,
                input_id=turn.input_id,
                post_id=post_id,
                state=state,
                created_at=self._clock(),
                entry=_dump(entry),
            )
            .returning(post_log.c.number)
        )
        add_words(connection, int(number or 0), entry)

    def log_entries(self, post_id: str | None = None) -> list[LogEntry]:
        """The post log in order; or only what it says of one post (by its id, a former one, or the ask's)."""
        wanted = select(post_log).order_by(post_log.c.number)
        if post_id is not None:
            former = select(published_as.c.former_id).where(published_as.c.post_id == post_id)
            of_post = or_(post_log.c.post_id == post_id, post_log.c.post_id.in_(former))
            wanted = wanted.where(or_(of_post, post_log.c.input_id == post_id))
        with self._database.transaction() as connection:
            return [entry_of_row(row) for row in connection.execute(wanted)]

    def posted_since(self, moment: float) -> int:
        """How many posts were published, or queued, since a moment."""
        wanted = select(func.count()).where(
            post_log.c.created_at > moment, post_log.c.state == TurnState.POSTED
        )
        with self._database.transaction() as connection:
            return int(connection.scalar(wanted) or 0)

    def logged_post_ids(self) -> set[str]:
        with self._database.transaction() as connection:
            return set(connection.scalars(select(post_log.c.post_id)))


def _first_state(new: NewTurn) -> TurnState:
    if new.skip_reason is not None:
        return TurnState.SKIPPED
    return TurnState.FOUND if new.waits_for is None else TurnState.WAITING


def _without_pictures(intent: Intent) -> dict[str, Any]:
    """The value of an intent that is over: what was sent is told in words alone."""
    return {"intent": intent.model_copy(update={"image": "", "figures": ()}).model_dump_json()}


def _check_move(turn: Turn, state: TurnState) -> None:
    if state not in MOVES.get(turn.state, frozenset()):
        raise StaleTurn(f"{turn.name} cannot go from {turn.state} to {state}")


def _rows(connection: Connection, condition: Any) -> Sequence[Row[Any]]:
    return connection.execute(select(turns).where(condition).order_by(turns.c.created_at, turns.c.id)).all()


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _add_mood_input(connection: Connection, new: StoredMoodInput) -> None:
    connection.execute(
        sqlite_insert(mood_inputs)
        .values(
            kind=new.kind,
            who=new.who,
            input_id=new.input_id,
            input_timestamp=new.input_timestamp,
            logit_diff=new.logit_diff,
            generated_p75=new.generated_p75,
            time=new.time.timestamp(),
        )
        .on_conflict_do_nothing()
    )
