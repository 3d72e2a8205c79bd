"""Posts that wait for the operator, what is decided about them, and the audit log.

A decision is stored once for each key, with what it says of the text that was seen. When its time has come it
moves its turn, in the same transaction in which it is marked as done: so it is carried out once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from switchboard.messages import SelectionOutcome
from tumblr.api.errors import StaleTurn
from tumblr.store.database import Database
from tumblr.store.outbox import SENT_BACK
from tumblr.store.rows import turn_of_row
from tumblr.store.schema import audit, decisions, turns
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.kinds import TurnState
from tumblr.turns.review import (
    Approval,
    Decision,
    DecisionState,
    NewDecision,
    Review,
    ReviewAction,
    WantedWords,
)
from tumblr.turns.turn import Turn

GONE = "it does not wait any more"
CHANGED = "the text has changed since it was shown"
DECIDED = "something has been decided about it already"
REFUSED = "it has something in it that is never posted; only the operator may post it all the same"


class ReviewStore:
    """Reviews and decisions of one database. Each verb is one transaction; times are unix seconds."""

    def __init__(
        self, database: Database, clock: Callable[[], float], fail_points: FailPoints | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._fail_points = fail_points or FailPoints()

    # What waits

    def hold(self, turn: Turn, review: Review) -> Turn:
        """chosen → held: the text waits for a decision."""
        with self._database.transaction() as connection:
            return self._write(connection, turn, {"state": TurnState.HELD, "review": _dumped(review)})

    def held(self, offset: int = 0, limit: int | None = None) -> list[Turn]:
        """What waits and is not decided about, newest first."""
        wanted = _undecided().order_by(turns.c.updated_at.desc(), turns.c.id.desc())
        with self._database.transaction() as connection:
            return [turn_of_row(row) for row in connection.execute(wanted.offset(offset).limit(limit))]

    def number_held(self) -> int:
        """How many wait and are not decided about."""
        with self._database.transaction() as connection:
            return int(connection.scalar(select(func.count()).select_from(_undecided().subquery())) or 0)

    def revise(self, new: NewDecision, turn: Turn, result: SelectionOutcome, review: Review) -> Decision:
        """Put another text in the place of the one that was seen; it goes on waiting."""
        with self._database.transaction() as connection:
            known = _known(connection, new.key)
            if known is not None:
                return known
            refusal = _refusal(connection, new)
            if refusal:
                return self._store(connection, new, DecisionState.REFUSED, refusal)
            done = self._store(connection, new, DecisionState.DONE, "")  # with the text as it was seen
            changes = {"result": result.model_dump_json(), "review": _dumped(review)}
            self._write(connection, turn, changes)
            return done

    # Decisions

    def decide(self, new: NewDecision, delay: float) -> Decision:
        """Store a decision that takes effect after so many seconds; sent again, it is the first one.

        One that does not fit what is there is stored as refused, with the reason.
        """
        with self._database.transaction() as connection:
            known = _known(connection, new.key)
            if known is not None:
                return known
            refusal = _refusal(connection, new)
            if refusal:
                return self._store(connection, new, DecisionState.REFUSED, refusal)
            return self._store(connection, new, DecisionState.PENDING, "", delay)

    def undo(self, number: int, who: str, role: str) -> Decision:
        """Take a decision back, unless it has taken effect. Raises KeyError."""
        with self._database.transaction() as connection:
            row = connection.execute(select(decisions).where(decisions.c.number == number)).one_or_none()
            if row is None:
                raise KeyError(number)
            decision = _decision(row)
            if decision.state is not DecisionState.PENDING:
                return decision
            _settle(connection, decision, DecisionState.UNDONE, f"{who} took it back")
            _log(connection, self._clock(), who, role, "undo", f"turn {decision.turn_id}", decision.action)
            return replace(decision, state=DecisionState.UNDONE)

    def pending(self) -> list[Decision]:
        """Decisions that have not taken effect, in the order in which they came."""
        wanted = decisions.c.state == DecisionState.PENDING
        with self._database.transaction() as connection:
            rows = connection.execute(select(decisions).where(wanted).order_by(decisions.c.number))
            return [_decision(row) for row in rows]

    def decisions_about(self, turn_id: int) -> list[Decision]:
        """Everything that was decided about a turn, oldest first."""
        wanted = select(decisions).where(decisions.c.turn_id == turn_id).order_by(decisions.c.number)
        with self._database.transaction() as connection:
            return [_decision(row) for row in connection.execute(wanted)]

    def carry_out(self, decision: Decision) -> Turn | None:
        """Let a decision take effect: the turn moves and the decision is done, in one.

        None when it was undone meanwhile, or its turn does not wait any more.
        """
        with self._database.transaction() as connection:
            still = select(decisions.c.state).where(decisions.c.number == decision.number)
            if connection.scalar(still) != DecisionState.PENDING:
                return None
            row = connection.execute(select(turns).where(turns.c.id == decision.turn_id)).one_or_none()
            turn = None if row is None else turn_of_row(row)
            if turn is None or turn.state is not TurnState.HELD or turn.review is None:
                _settle(connection, decision, DecisionState.REFUSED, GONE)
                return None
            moved = self._write(connection, turn, _moves(decision, turn, self._clock()))
            self._fail_points.reach(FailPoint.DURING_DECISION)
            _settle(connection, decision, DecisionState.DONE, "")
            return moved

    def seen(self) -> list[tuple[Decision, Mapping[str, Any]]]:
        """Every decision that was carried out, with what its text was then, in their order."""
        wanted = select(decisions).where(
            decisions.c.state == DecisionState.DONE, decisions.c.seen.is_not(None)
        )
        with self._database.transaction() as connection:
            rows = connection.execute(wanted.order_by(decisions.c.number)).all()
        return [(_decision(row), json.loads(row.seen)) for row in rows]

    # The audit log

    def note(self, who: str, role: str, action: str, detail: str = "", key: str = "") -> None:
        """Append an entry to the audit log; sent again under the same key, it is there once."""
        with self._database.transaction() as connection:
            _log(connection, self._clock(), who, role, action, "", detail, key or None)

    def audit(self, before: int | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Entries of the audit log, newest first; those before a number."""
        wanted = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(audit.c.number < before)
        with self._database.transaction() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def _store(
        self, connection: Connection, new: NewDecision, state: DecisionState, outcome: str, delay: float = 0.0
    ) -> Decision:
        now = self._clock()
        row = connection.execute(
            insert(decisions)
            .values(
                **asdict(new),
                state=state,
                created_at=now,
                due_at=now + delay,
                outcome=outcome,
                seen=_seen(connection, new.turn_id),
            )
            .returning(*decisions.c)
        ).one()
        detail = "; ".join(filter(None, (new.reason, new.length, outcome and f"refused: {outcome}")))
        _log(connection, now, new.who, new.role, str(new.action), f"turn {new.turn_id}", detail)
        return _decision(row)

    def _write(self, connection: Connection, turn: Turn, values: dict[str, Any]) -> Turn:
        row = connection.execute(
            update(turns)
            .where(turns.c.id == turn.id, turns.c.state == turn.state)
            .values(**{"updated_at": self._clock(), **values})
            .returning(*turns.c)
        ).one_or_none()
        if row is None:
            raise StaleTurn(f"{turn.name} is no longer {turn.state}")
        return turn_of_row(row)


def _undecided() -> Any:
    decided = select(decisions.c.turn_id).where(decisions.c.state == DecisionState.PENDING)
    return select(turns).where(turns.c.state == TurnState.HELD, turns.c.id.not_in(decided))


def _known(connection: Connection, key: str) -> Decision | None:
    row = connection.execute(select(decisions).where(decisions.c.key == key)).one_or_none()
    return None if row is None else _decision(row)


def _refusal(connection: Connection, new: NewDecision) -> str:
    """Why a decision does not fit what is there; empty when it does."""
    row = connection.execute(
        select(turns).where(turns.c.id == new.turn_id, turns.c.state == TurnState.HELD)
    ).one_or_none()
    review = None if row is None else turn_of_row(row).review
    if review is None:
        return GONE
    pending = select(decisions.c.number).where(
        decisions.c.turn_id == new.turn_id, decisions.c.state == DecisionState.PENDING
    )
    if connection.scalar(pending.limit(1)) is not None:
        return DECIDED
    if review.version != new.version:
        return CHANGED
    posts = new.action in (ReviewAction.APPROVE, ReviewAction.DRAFT)
    may = new.override and new.role == "operator"
    return REFUSED if posts and review.refused and not may else ""


def _moves(decision: Decision, turn: Turn, now: float) -> dict[str, Any]:
    """What a decision makes of its turn."""
    match decision.action:
        case ReviewAction.APPROVE | ReviewAction.DRAFT:
            assert turn.review is not None
            approval = Approval(
                decision=decision.number,
                publish=decision.action is ReviewAction.APPROVE,
                who=decision.who,
            )
            approved = turn.review.model_copy(update={"approval": approval})
            return {"state": TurnState.CHOSEN, "review": _dumped(approved), "reason": None, "not_before": 0.0}
        case ReviewAction.REJECT:
            reason = f"{decision.who} rejected it" + (f": {decision.reason}" if decision.reason else "")
            return {"state": TurnState.SKIPPED, "reason": reason}
        case ReviewAction.AGAIN:
            # The time of its finding becomes a later one, so that its next request is another than the last.
            later = max(now, turn.created_at + 0.001)
            seen = "" if turn.result is None else turn.result.post
            words = WantedWords.of(decision.length, seen)
            again = {
                **SENT_BACK,
                "created_at": later,
                "updated_at": later,
                "words": None if words is None else words.model_dump_json(),
            }
            return {**again, "reason": f"{decision.who} wants another text"}
    raise ValueError(f"{decision.action} takes effect at once")


def _settle(connection: Connection, decision: Decision, state: DecisionState, outcome: str) -> None:
    changes = {"state": state, "outcome": outcome}
    connection.execute(update(decisions).where(decisions.c.number == decision.number).values(**changes))


def _seen(connection: Connection, turn_id: int) -> str | None:
    """What a turn looked like when it was decided about."""
    columns = (turns.c.kind, turns.c.who, turns.c.input, turns.c.request, turns.c.result, turns.c.review)
    row = connection.execute(select(*columns).where(turns.c.id == turn_id)).one_or_none()
    if row is None:
        return None
    whole = ("input", "request", "result", "review")
    values = {name: value and json.loads(value) for name, value in row._mapping.items() if name in whole}
    return json.dumps({"kind": row.kind, "who": row.who, **values}, ensure_ascii=False)


def _log(
    connection: Connection,
    now: float,
    who: str,
    role: str,
    action: str,
    about: str,
    detail: str,
    key: str | None = None,
) -> None:
    entry = sqlite_insert(audit).values(
        at=now, who=who, role=role, action=action, about=about, detail=detail, key=key
    )
    connection.execute(entry.on_conflict_do_nothing(["key"]))


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        key=row.key,
        turn_id=row.turn_id,
        action=ReviewAction(row.action),
        version=row.version,
        who=row.who,
        role=row.role,
        reason=row.reason,
        length=row.length,
        override=row.override,
        number=row.number,
        state=DecisionState(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        outcome=row.outcome,
    )


def _dumped(review: Review) -> str:
    return review.model_dump_json()
