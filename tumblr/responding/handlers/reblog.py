"""Reblogs: of a reblog of the bot's own post, of a post that names it, or of one on the dashboard."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from munging.classic import speakers
from switchboard.messages import SelectionOutcome
from tumblr.responding.handlers.base import Declined, TurnHandler, about, moved_by
from tumblr.responding.handlers.thread import thread_requests
from tumblr.turns.inputs import ThreadInput
from tumblr.turns.kinds import Action, PostState, TurnKind
from tumblr.turns.planned_post import PlannedPost, ScreenedText
from tumblr.turns.tags import answer_tags
from tumblr.turns.turn import StoredMoodInput, StoredRequest, Turn


class ReblogHandler(TurnHandler, kinds=(TurnKind.REBLOG, TurnKind.MENTION)):
    """A reblog of what was said to the bot."""

    user_input: ClassVar[bool] = True
    """Whether it was said to the bot: only then does it move the mood."""

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """The next turn of the thread in the present mood; the sentiment of what was said moves the mood."""
        return thread_requests(
            turn, about(turn, ThreadInput), mood, now, self.settings.zone, judged=self.user_input
        )

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """The reblog; its tags name whom it answers. Screened with what others said since the bot last spoke.

        Raises Declined when the text is not worth posting.
        """
        reason = self.why_not(turn, chosen)
        if reason is not None:
            raise Declined(reason)
        tags = answer_tags(chosen.tags, turn.who, self.settings.avoided_tags)
        post = about(turn, ThreadInput)
        return PlannedPost(
            action=Action.REBLOG,
            publish_as=PostState.PUBLISHED,
            html=self.html(chosen.post),
            tags=tuple(tags),
            draft=ScreenedText(turn.who, post.said, chosen.post, tags, speakers=speakers(post.prompt)),
            post_id=post.post_id,
            reblog_key=post.reblog_key,
            target=post.blog,
        )

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:
        """What was said. A post counts once, however it was found."""
        if not self.user_input:
            return None
        return moved_by(turn, chosen, TurnKind.REBLOG, about(turn, ThreadInput).timestamp)

    def why_not(self, turn: Turn, chosen: SelectionOutcome) -> str | None:  # noqa: ARG002
        """Why a text is not worth posting, or None: whoever talks to the bot is always answered."""
        return None


class DashHandler(ReblogHandler, kinds=(TurnKind.DASH,)):
    """A reblog that nobody asked for."""

    user_input = False

    def why_not(self, turn: Turn, chosen: SelectionOutcome) -> str | None:
        """The bot's own words must please the selector as its turn says; words without a score do."""
        least = about(turn, ThreadInput).least
        if least is None or chosen.proba is None or chosen.proba >= least:
            return None
        return f"the selector gives the bot's words {chosen.proba:.3f}, less than {least:.3f}"
