"""Decisions of the operator take effect when their time has come."""

from __future__ import annotations

import structlog

from tumblr.bot import Bot
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.review import Decision, ReviewAction

POSTING = frozenset({ReviewAction.APPROVE, ReviewAction.DRAFT})

log = structlog.get_logger()


class Decisions:
    """Carries out what was decided in the console; its turns then go the way of all others."""

    def __init__(self, bot: Bot) -> None:
        self._store = bot.reviews
        self._posting = bot.posting
        self._clock = bot.clock
        self._fail_points = bot.fail_points

    def round(self) -> int:
        """Carry out what is due; the answer is how many decisions are still to come."""
        waiting = 0
        for decision in self._store.pending():
            if self._is_due(decision):
                self._carry_out(decision)
            else:
                waiting += 1
        return waiting

    def _is_due(self, decision: Decision) -> bool:
        """Whether the time to undo it is over; one that posts waits as long as nothing may be posted.

        A clock that was put back makes the time no longer.
        """
        now = self._clock()
        is_over = now >= decision.due_at or now < decision.created_at
        return is_over and (self._posting.begins or decision.action not in POSTING)

    def _carry_out(self, decision: Decision) -> None:
        turn = self._store.carry_out(decision)
        if turn is None:
            log.info("decision void", decision=decision.number, action=decision.action)
            return
        log.info("decision carried out", turn=turn.name, action=decision.action, who=decision.who)
        self._fail_points.reach(FailPoint.AFTER_DECISION)
