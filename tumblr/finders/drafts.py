"""What the operator does with drafts: tags one ``rts`` to have it done again, ``a`` to have it published.

Sending back undoes a draft: its turn is opened again, which is stored with what tumblr has to be told.
So a crash at any moment loses nothing, and nothing is undone twice. The same goes for publishing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import structlog

from tumblr.api.errors import LimitReached, TumblrError, Unauthorized, Unreachable
from tumblr.api.models import TumblrPost, post_name
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.finders.lost_inputs import Lost, LostInputs, parent_blog
from tumblr.responding.reconcile import CLOCK_SLACK
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.kinds import INBOX_KINDS, TurnKind
from tumblr.turns.outbox import DELETE, EDIT, NewEdit
from tumblr.turns.quarantine import Quarantine
from tumblr.turns.tags import ACCEPT, SEND_BACK, UPLOADED
from tumblr.turns.turn import NewTurn, Turn

PLACEHOLDER = "..."
"""Takes the place of an answer that was sent back; tumblr would keep the old one."""

REBLOGGING = (TurnKind.REBLOG, TurnKind.MENTION, TurnKind.DASH)
"""Kinds that are answered by a reblog."""

ALL_DRAFTS_SECONDS = 600.0
"""How often all drafts are looked through, and not the newest alone."""

log = structlog.get_logger()


class DraftWatcher:
    """Looks through the drafts for tags that are meant for the bot."""

    def __init__(self, bot: Bot, settings: BotSettings, lost: LostInputs) -> None:
        self._bot = bot
        self._max_rejections = settings.drafts.max_rejections
        self._lost = lost
        self._read_all_at = -ALL_DRAFTS_SECONDS
        self._told: set[str] = set()
        self._waiting = 0
        self._quarantine = Quarantine()

    def find(self) -> list[NewTurn]:
        """Act on the tags; a draft that is being acted on already is left alone.

        The answer is the turns of drafts that were sent back and are not known.
        """
        busy = {edit.post_id for edit in self._bot.outbox.open_edits()}
        drafts = [draft for draft in self._drafts() if draft.id not in busy]
        drafts = self._without_uploads(drafts)
        sent_back = [draft for draft in drafts if SEND_BACK in draft.tags]
        found = [self._quarantine.run(draft.id, partial(self._sent_back, draft)) for draft in sent_back]
        accepted = [draft for draft in drafts if ACCEPT in draft.tags and SEND_BACK not in draft.tags]
        if accepted:
            self._publish(accepted[-1])  # the oldest; the others have their turn in the next passes
        return [new for new in found if new is not None]

    def _without_uploads(self, drafts: Sequence[TumblrPost]) -> list[TumblrPost]:
        """Drafts but those that pictures were uploaded with: these should be gone, and are deleted."""
        left = [draft for draft in drafts if UPLOADED in draft.tags]
        if left:
            log.info("drafts of uploaded images deleted", posts=",".join(draft.id for draft in left))
            self._bot.outbox.add_edits([NewEdit(DELETE, one.id, "its images were uploaded") for one in left])
        return [draft for draft in drafts if UPLOADED not in draft.tags]

    def _drafts(self) -> Iterable[TumblrPost]:
        """The newest page, which costs one call; now and then all of them."""
        if abs(self._bot.clock() - self._read_all_at) < ALL_DRAFTS_SECONDS:
            return self._bot.tumblr.reader.drafts_head()
        drafts = list(self._bot.tumblr.reader.drafts())
        self._read_all_at = self._bot.clock()
        if len(drafts) != self._waiting:
            log.info("drafts wait for the operator", drafts=len(drafts))
        self._waiting = len(drafts)
        return drafts

    def _publish(self, draft: TumblrPost) -> None:
        why = "the operator accepts it"
        log.info("draft accepted", post=draft.id)
        self._bot.outbox.add_edits(
            [
                NewEdit(EDIT, draft.id, why, {"tags": _without(draft.tags, ACCEPT)}),
                NewEdit(EDIT, draft.id, why, {"state": "published"}),
            ]
        )
        self._bot.fail_points.reach(FailPoint.AFTER_SENT_BACK)

    def _sent_back(self, draft: TumblrPost) -> NewTurn | None:
        """Undo a draft, or leave it for the next look where something about it cannot be read."""
        try:
            return self._send_back(draft)
        except (LimitReached, Unauthorized, Unreachable):
            raise
        except TumblrError as error:
            log.warning("left for the next look", about=draft.id, reason=str(error))
            return None

    def _send_back(self, draft: TumblrPost) -> NewTurn | None:
        """Undo a draft. The answer is its turn, if the store does not know it and it is to be made."""
        turn = self._turn_of(draft)
        if turn is None and draft.is_ask:
            # The ask goes back to the inbox, to be found anew.
            log.info("draft sent back", post=draft.id, turn="unknown")
            self._bot.outbox.add_edits([_undoing(draft, "the operator sends it back", None)])
            self._bot.fail_points.reach(FailPoint.AFTER_SENT_BACK)
            return None
        if turn is None:
            return self._send_back_unknown(draft)
        self._send_back_known(draft, turn)
        return None

    def _send_back_known(self, draft: TumblrPost, turn: Turn) -> None:
        if turn.is_open:
            return  # it is not recorded yet that this became its post; the next pass will do
        if turn.kind is TurnKind.ORIGINAL:
            self._leave(draft, "it answers nobody")
        elif turn.rejections >= self._max_rejections:
            log.warning("draft left to the operator", post=draft.id, turn=turn.name, rejected=turn.rejections)
            fields = {"tags": _without(draft.tags, SEND_BACK)}
            self._bot.outbox.forgive(turn, [NewEdit(EDIT, draft.id, "it was rejected too often", fields)])
        elif self._has_another(turn, draft):
            log.info("draft deleted", post=draft.id, turn=turn.name, reason=f"{turn.post_id} is its answer")
            self._bot.outbox.add_edits([NewEdit(DELETE, draft.id, f"{turn.name} has another answer")])
        else:
            log.info("draft sent back", post=draft.id, turn=turn.name)
            reason = "the operator sends it back"
            self._bot.outbox.send_back(turn, [_undoing(draft, reason, turn.id)], reason)
            self._bot.fail_points.reach(FailPoint.AFTER_SENT_BACK)

    def _has_another(self, turn: Turn, draft: TumblrPost) -> bool:
        """Whether a turn became another post than this draft, and that is still there.

        It may have been published under another id. And an older copy of the database that was put back may
        name a draft that was sent back since.
        """
        other = turn.post_id
        if other is None or other in draft.ids:
            return False
        reader = self._bot.tumblr.reader
        since = turn.updated_at - CLOCK_SLACK
        return reader.post(other) is not None or any(
            other in post.ids for post in reader.published_since(since)
        )

    def _send_back_unknown(self, draft: TumblrPost) -> NewTurn | None:
        """The turn of a draft that the store does not know; the draft is deleted when the turn is stored."""
        try:
            new = self._lost.turn_for(draft)
        except Lost as error:
            self._leave(draft, str(error))
            return None
        turn = self._bot.turns.turn_of([new.kind], new.input_id)
        if turn is not None:
            self._send_back_known(draft, turn)
            return None
        log.info("draft sent back", post=draft.id, turn="unknown")
        return replace(new, discard=draft.id)

    def _leave(self, draft: TumblrPost, reason: str) -> None:
        if draft.id not in self._told:
            self._told.add(draft.id)
            log.warning("draft cannot be sent back", post=draft.id, reason=reason)

    def _turn_of(self, draft: TumblrPost) -> Turn | None:
        """The turn that made a draft: by the store's record of it, else by what the draft says it answers."""
        turn = self._bot.turns.turn_of_post(draft.ids)
        if turn is None and draft.is_ask:
            turn = self._bot.turns.turn_of(INBOX_KINDS, draft.id)
        if turn is None and draft.parent_id:
            turn = self._bot.turns.turn_of(REBLOGGING, post_name(parent_blog(draft), draft.parent_id))
        return turn


def _undoing(draft: TumblrPost, reason: str, turn_id: int | None) -> NewEdit:
    """An answer becomes an ask again, under the same id; everything else is deleted."""
    if not draft.is_ask:
        return NewEdit(DELETE, draft.id, reason, turn_id=turn_id)
    blank = {"state": "submission", "answer": PLACEHOLDER, "tags": ""}
    return NewEdit(EDIT, draft.id, reason, blank, turn_id)


def _without(tags: Sequence[str], tag: str) -> str:
    return ",".join(other for other in tags if other != tag)
