"""The outbox: edits of posts that exist, which do no harm when they are made twice.

An ask that was obeyed is deleted, a draft that was sent back is undone, one that was accepted is published.
An edit is stored together with whatever made it due, and carried out until tumblr has said that it is done
or that there is nothing to do it to. So it outlives every crash, and nobody needs to look whether it was.
"""

from __future__ import annotations

import structlog

from tumblr.api.errors import LimitReached, NotFound, TumblrError, TurnedDown
from tumblr.bot import Bot
from tumblr.responding.publisher import Publisher
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.outbox import EditAction, PendingEdit
from tumblr.turns.tags import SEND_BACK

MOST_TURNED_DOWN = 12
"""Times that tumblr may turn an edit down without a lasting reason, over about six hours."""

log = structlog.get_logger()


class Outbox:
    """Makes the edits that are due."""

    def __init__(self, bot: Bot, publisher: Publisher) -> None:
        self._store = bot.outbox
        self._publisher = publisher
        self._reader = bot.tumblr.reader
        self._from_before = {edit.number for edit in bot.outbox.open_edits()}
        self._clock = bot.clock
        self._fail_points = bot.fail_points
        self._posting = bot.posting

    def round(self) -> set[int]:
        """Do what is due; the answer is the turns that have to wait, because an edit of theirs is not made.

        Edits of one post are made in their order: none before the one before it.
        """
        waiting: set[int] = set()
        held_up: set[str] = set()
        for edit in self._store.open_edits():
            is_due = self._posting.writes and edit.is_due(self._clock())
            done = edit.post_id not in held_up and is_due and self._do(edit)
            if not done:
                held_up.add(edit.post_id)
                waiting |= set() if edit.turn_id is None else {edit.turn_id}
        return waiting

    def _do(self, edit: PendingEdit) -> bool:
        try:
            if edit.number in self._from_before and self._was_made(edit):
                self._finish(edit, "it was made before")
                return True
            new_id = self._carry_out(edit)
        except NotFound:
            self._finish(edit, "there is no such post any more")
        except TumblrError as error:
            if isinstance(error, TurnedDown) and (not error.passing or edit.attempts >= MOST_TURNED_DOWN):
                self._finish(edit, f"given up: {error}")
                return True
            pause = error.retry_after_seconds if isinstance(error, LimitReached) else edit.rest()
            self._store.rest_edit(edit, str(error), self._clock() + pause)
            log.warning("edit rests", edit=edit.action, post=edit.post_id, reason=str(error))
            return False
        else:
            self._fail_points.reach(FailPoint.AFTER_CHORE)
            self._finish(edit, "done", new_id)
        return True

    def _was_made(self, edit: PendingEdit) -> bool:
        """Whether a draft that is to be sent back has lost the operator's tag, which sending back takes off.

        The store may be an older copy that was put back: what became of the draft since is not to be undone.
        """
        if edit.fields.get("state") != "submission":
            return False
        draft = self._reader.post(edit.post_id)
        return draft is not None and SEND_BACK not in draft.tags

    def _carry_out(self, edit: PendingEdit) -> str | None:
        match edit.action:
            case EditAction.DELETE:
                self._publisher.delete(edit.post_id)
                return None
            case EditAction.EDIT:
                return str(self._publisher.edit(edit.post_id, edit.fields)["id"])

    def _finish(self, edit: PendingEdit, outcome: str, new_id: str | None = None) -> None:
        self._store.finish_edit(edit, outcome, new_id)
        log.info("edit done", edit=edit.action, post=edit.post_id, because=edit.reason, outcome=outcome)
