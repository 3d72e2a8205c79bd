"""Original posts: something of the bot's own for the queue."""

from __future__ import annotations

from datetime import datetime

from switchboard.messages import SelectionOutcome
from tumblr.responding.handlers.base import TurnHandler, about, stored, times_for_prompts
from tumblr.turns.inputs import OriginalInput
from tumblr.turns.kinds import Action, PostState, TurnKind
from tumblr.turns.planned_post import PlannedPost, ScreenedText
from tumblr.turns.tags import clean_tags, original_tags
from tumblr.turns.turn import StoredRequest, Turn


class OriginalHandler(TurnHandler, kinds=(TurnKind.ORIGINAL,)):
    """A text in the mood, and at the time, of its publishing."""

    def mood_time(self, turn: Turn, now: datetime) -> datetime:  # noqa: ARG002
        """The moment at which the post will be published."""
        return about(turn, OriginalInput).publish_time

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """The text alone."""
        times = times_for_prompts(self.mood_time(turn, now), self.settings.zone)
        fields = {"mood": mood, "return_all_conts": True, **times}
        return stored("textpost", fields, turn, now), None

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:  # noqa: ARG002
        """The post. It is screened with the tags that the model gave it."""
        return PlannedPost(
            action=Action.CREATE_TEXT,
            publish_as=PostState.QUEUE,
            html=self.html(chosen.post),
            tags=tuple(original_tags(chosen.tags, self.settings.avoided_tags)),
            draft=ScreenedText(asker="", question="", answer=chosen.post, tags=clean_tags(chosen.tags)),
        )
