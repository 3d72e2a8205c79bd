"""Twins: posts that tumblr made of a call which it carried out so late that the call had been made again.

Such a call is looked for for a while before it is made again (``tumblr.late_seconds``). When it is, tumblr is
looked through some more times afterwards: a second post is told of and, where that is configured, withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from tumblr.api.models import TumblrPost
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.responding.reconcile import Reconciler, twins_of
from tumblr.turns.kinds import IN_WORK
from tumblr.turns.outbox import DELETE, NewEdit
from tumblr.turns.turn import NewTurn, Turn

EXPECTED = "twins"
"""Name of the mark that holds what is looked for: the turn's number, when to look, and what is known."""

LOOKS_AFTER = (300.0, 3600.0, 6 * 3600.0)
"""Seconds after a call was made again."""

log = structlog.get_logger()


class TwinWatch:
    """Looks for second posts of calls that were made again."""

    def __init__(self, bot: Bot, settings: BotSettings, reconciler: Reconciler) -> None:
        self._bot = bot
        self._withdraws = settings.tumblr.withdraw_twins
        self._reconciler = reconciler

    def expect(self, turn: Turn) -> None:
        """A turn's call is about to be made again; written down before it is."""
        new = {"turn": turn.id, "known": [], **self._looks()}
        self._keep([*(one for one in self._expected() if one["turn"] != turn.id), new])

    def _looks(self) -> dict[str, Any]:
        now = self._bot.clock()
        return {"since": now, "looks": [now + seconds for seconds in LOOKS_AFTER]}

    def find(self) -> list[NewTurn]:
        """Look where it is time to, with one reading for all. Finds no turns."""
        due, waiting = [], []
        for one in self._expected():
            if (turn := self._turn(one["turn"])) is None or turn.intent is None:
                continue  # it is forgotten, or what it would have posted is
            if turn.state not in IN_WORK and self._is_due(one):
                due.append((one, turn, turn.intent))
            else:
                waiting.append(one)
        if due:
            own = self._reconciler.may_be_twins([intent for _, _, intent in due])
            left = [self._looked_for(one, turn, twins_of(intent, own)) for one, turn, intent in due]
            self._keep([*waiting, *(one for one in left if one is not None)])
        return []

    def _turn(self, number: int) -> Turn | None:
        try:
            return self._bot.turns.turn(number)
        except KeyError:
            return None

    def _is_due(self, one: dict[str, Any]) -> bool:
        return self._was_put_back(one) or self._bot.clock() >= min(one["looks"])

    def _was_put_back(self, one: dict[str, Any]) -> bool:
        """Whether the clock was put back since, so that the looks would come too late."""
        return bool(self._bot.clock() < one["since"])

    def _looked_for(
        self, one: dict[str, Any], turn: Turn, found: Sequence[TumblrPost]
    ) -> dict[str, Any] | None:
        """What is still to be looked for after a look that has found these; None when that is all."""
        known = [*one["known"], *self._told_of(turn, one["known"], found)]
        if self._was_put_back(one):
            return {**one, "known": known, **self._looks()}
        looks = [moment for moment in one["looks"] if moment > self._bot.clock()]
        return {**one, "looks": looks, "known": known} if looks else None

    def _told_of(self, turn: Turn, known: list[str], found: Sequence[TumblrPost]) -> list[str]:
        """The ids of the turn's twins that were not known."""
        if turn.post_id is None:
            return []
        twins = [post.id for post in found if post.id not in known]
        for twin in twins:
            log.warning(
                "tumblr has made one post twice", turn=turn.name, post=turn.post_id, twin=twin,
                hint="it is deleted" if self._withdraws else "delete one of them",
            )  # fmt: skip
        if self._withdraws:
            reason = f"{turn.post_id} is the same"
            self._bot.outbox.add_edits([NewEdit(DELETE, twin, reason) for twin in twins])
        return twins

    def _expected(self) -> list[dict[str, Any]]:
        return list(self._bot.cursors.cursor(EXPECTED) or ())

    def _keep(self, expected: list[dict[str, Any]]) -> None:
        self._bot.cursors.set_cursor(EXPECTED, expected)
