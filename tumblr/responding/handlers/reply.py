"""Replies, which tumblr cannot answer: a text post that begins with a picture of the reply."""

from __future__ import annotations

from datetime import datetime

from munging.classic import speakers
from munging.reply_mockup import reply_mockup
from switchboard.messages import SelectionOutcome
from tumblr.responding.handlers.base import TurnHandler, about, moved_by
from tumblr.responding.handlers.thread import thread_requests
from tumblr.turns.inputs import ReplyInput
from tumblr.turns.kinds import Action, PostState, TurnKind
from tumblr.turns.planned_post import PlannedPost, ScreenedText
from tumblr.turns.tags import clean_tags, original_tags
from tumblr.turns.turn import StoredMoodInput, StoredRequest, Turn


class ReplyHandler(TurnHandler, kinds=(TurnKind.REPLY,)):
    """The next turn of the thread in the present mood; the sentiment of the reply moves the mood."""

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """The continuation, and the sentiment of the reply."""
        return thread_requests(turn, about(turn, ReplyInput), mood, now, self.settings.zone, judged=True)

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """The post. Its tags are the model's; it is screened with the whole thread."""
        reply = about(turn, ReplyInput)
        head = reply_mockup(
            post_url=reply.post_url,
            post_summary=reply.summary,
            reply_blog_name=turn.who,
            reply_blog_url=f"https://{turn.who}.tumblr.com/",
            reply_body=reply.text,
        )
        return PlannedPost(
            action=Action.CREATE_TEXT,
            publish_as=PostState.PUBLISHED,
            html=f"{head}\n{self.html(chosen.post)}",
            tags=tuple(original_tags(chosen.tags, self.settings.avoided_tags)),
            draft=ScreenedText(
                asker=turn.who,
                question=reply.prompt,
                answer=chosen.post,
                tags=clean_tags(chosen.tags),
                speakers=speakers(reply.prompt),
            ),
        )

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:
        return moved_by(turn, chosen, TurnKind.REPLY, about(turn, ReplyInput).timestamp)
