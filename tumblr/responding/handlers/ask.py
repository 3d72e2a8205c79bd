"""Asks: the question is answered by making the ask itself into a post."""

from __future__ import annotations

from datetime import datetime

from switchboard.messages import SelectionOutcome
from switchboard.messages.fields import MAX_QUESTION_CHARACTERS, MAX_TEXT_CHARACTERS
from tumblr.responding.handlers.base import TurnHandler, about, moved_by, stored, times_for_prompts
from tumblr.turns.inputs import AskInput
from tumblr.turns.kinds import Action, PostState, TurnKind
from tumblr.turns.planned_post import PlannedPost, ScreenedText
from tumblr.turns.tags import answer_tags
from tumblr.turns.turn import StoredMoodInput, StoredRequest, Turn


class AskHandler(TurnHandler, kinds=(TurnKind.ASK,)):
    """An answer in the present mood; the sentiment of the question moves the mood."""

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """The answer, and the sentiment of the question."""
        ask = about(turn, AskInput)
        times = times_for_prompts(now, self.settings.zone)
        raw = ask.question_html.lower()
        fields = {
            "question": ask.question[:MAX_QUESTION_CHARACTERS],
            "asking_name": turn.who,
            "mood": mood,
            "write_fic_override": any(words.lower() in raw for words in self.settings.asks.fiction_triggers),
            "return_all_conts": True,  # for the post log
            **times,
        }
        judged = {"texts": [ask.question[:MAX_TEXT_CHARACTERS]], "v10_timestamps": [times["v10_timestamp"]]}
        return stored("answer", fields, turn, now), stored("raw_select", judged, turn, now)

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """The answer; its tags name the asker."""
        ask, most = about(turn, AskInput), self.settings.asks.max_characters
        tags = answer_tags([*chosen.tags, *ask.tags], turn.who, self.settings.avoided_tags)
        return PlannedPost(
            action=Action.ANSWER_ASK,
            publish_as=PostState.PUBLISHED,
            html=self.html(chosen.post),
            tags=tuple(tags),
            draft=ScreenedText(asker=turn.who, question=ask.question, answer=chosen.post, tags=tags),
            post_id=turn.input_id,
            notes=(f"the question is longer than {most} characters",) if len(ask.question) > most else (),
        )

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:
        """The asker's words."""
        return moved_by(turn, chosen, turn.kind, about(turn, AskInput).timestamp)
