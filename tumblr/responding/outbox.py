"""Chores: changes to posts that exist, which do no harm when they are made twice.

An ask that was obeyed is deleted, a draft that was sent back is undone, one that was accepted is published.
A chore is stored together with whatever made it due, and carried out until tumblr has said that it is done
or that there is nothing to do it to. So it outlives every crash, and nobody needs to look whether it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from bot_lifecycle import FatalError
from tumblr.api.errors import LimitReached, NotFound, TumblrError, TurnedDown, Unauthorized
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.outbox import DELETE, EDIT, PendingEdit

MOST_TURNED_DOWN = 12
"""Times that tumblr may turn an edit down without a lasting reason, over about six hours."""

log = structlog.get_logger()


class PostEditor(Protocol):
    """What carries chores out."""

    def edit(self, post_id: str, fields: Mapping[str, str]) -> Mapping[str, object]:
        """Change fields of an own post; the answer holds the id that it has now."""
        ...

    def delete(self, post_id: str) -> None:
        """Delete an own post or ask."""
        ...


class OutboxMemory(Protocol):
    """Where chores are kept."""

    def open_edits(self) -> list[PendingEdit]:
        """Those that are not done, in the order in which they came up."""
        ...

    def finish_edit(self, chore: PendingEdit, outcome: str, new_id: str | None = None) -> None:
        """It is done, or will never be; ``new_id`` is what tumblr calls the post from now on."""
        ...

    def rest_edit(self, chore: PendingEdit, reason: str, not_before: float) -> None:
        """It failed, and is tried again later."""
        ...


class Outbox:
    """Works the chores off."""

    def __init__(
        self, memory: OutboxMemory, hands: PostEditor, clock: Callable[[], float], fail_points: FailPoints
    ) -> None:
        self._memory = memory
        self._hands = hands
        self._clock = clock
        self._fail_points = fail_points

    def round(self) -> set[int]:
        """Do what is due; the answer is the turns that have to wait, because a chore of theirs is not done.

        Outbox of one post are done in their order: none before the one before it.
        """
        waiting: set[int] = set()
        held_up: set[str] = set()
        for chore in self._memory.open_edits():
            done = chore.post_id not in held_up and chore.not_before <= self._clock() and self._do(chore)
            if not done:
                held_up.add(chore.post_id)
                waiting |= set() if chore.turn_id is None else {chore.turn_id}
        return waiting

    def _do(self, chore: PendingEdit) -> bool:
        try:
            new_id = self._carry_out(chore)
        except Unauthorized as error:
            raise FatalError(str(error), "mend the configuration and start again") from None
        except NotFound:
            self._finish(chore, "there is no such post any more")
        except TumblrError as error:
            if isinstance(error, TurnedDown) and (not error.passing or chore.attempts >= MOST_TURNED_DOWN):
                self._finish(chore, f"given up: {error}")
                return True
            pause = error.retry_after_seconds if isinstance(error, LimitReached) else chore.rest()
            self._memory.rest_edit(chore, str(error), self._clock() + pause)
            log.warning("chore rests", chore=chore.action, post=chore.post_id, reason=str(error))
            return False
        else:
            self._fail_points.reach(FailPoint.AFTER_CHORE)
            self._finish(chore, "done", new_id)
        return True

    def _carry_out(self, chore: PendingEdit) -> str | None:
        if chore.action == DELETE:
            self._hands.delete(chore.post_id)
            return None
        if chore.action == EDIT:
            return str(self._hands.edit(chore.post_id, chore.fields)["id"])
        raise ValueError(f"no such chore: {chore.action}")

    def _finish(self, chore: PendingEdit, outcome: str, new_id: str | None = None) -> None:
        self._memory.finish_edit(chore, outcome, new_id)
        log.info("chore done", chore=chore.action, post=chore.post_id, because=chore.reason, outcome=outcome)
