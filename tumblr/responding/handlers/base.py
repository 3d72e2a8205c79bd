"""What is particular to each kind of turn; everything else is the same for all (see ``respond.py``).

A kind says what to ask of the switchboard, what to make of the chosen text, and what the turn
does to the mood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from mood.logits import logit
from mood.system import p75
from munging.formats import format_time
from munging.thread import Identity
from munging.tumblr_html import to_html
from switchboard.messages import (
    AnswerRequest,
    RawSelectRequest,
    SelectionOutcome,
    TextpostRequest,
    request_id,
)
from switchboard.messages.fields import MAX_QUESTION_CHARACTERS, MAX_TEXT_CHARACTERS
from tumblr.screening.word_lists import ScreenedText
from tumblr.turns.tags import answer_tags, clean_tags, original_tags
from tumblr.turns.turn import Action, StoredMoodInput, StoredRequest, Turn


@dataclass(frozen=True)
class PlannedPost:
    """A text as it would be sent to tumblr, and as the screening sees it."""

    action: Action
    publish_as: str
    """The state it gets when nothing speaks against it: published or queue."""

    html: str
    tags: tuple[str, ...]
    draft: ScreenedText | None
    """None: it is not screened."""

    post_id: str | None = None
    notes: tuple[str, ...] = ()
    """Reasons to draft it that the screening does not know of."""

    reblog_key: str = ""
    target: str = ""
    image: str = ""
    discard: str | None = None
    """As in ``Intent``."""


class Declined(Exception):  # noqa: N818 - named for what happened
    """The chosen text is not worth posting; the text says why. The turn ends here."""


class TurnHandler(Protocol):
    """The rules of one kind of turn. All methods are pure."""

    def mood_time(self, turn: Turn, now: datetime) -> datetime:
        """The moment whose mood the text shall have."""
        ...

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """What to ask of the switchboard: the text, and perhaps what the heads say of the input."""
        ...

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """What to send to tumblr; raises Declined when the text is not worth it."""
        ...

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:
        """What the turn does to the mood, if anything."""
        ...


def stored(endpoint: str, fields: dict[str, Any], turn: Turn, now: datetime) -> StoredRequest:
    """A request of a turn. Its id is its own: another turn's, or another attempt's, never has the same."""
    own = {**fields, "turn": turn.name, "found": turn.created_at, "attempt": turn.attempts}
    return StoredRequest(
        endpoint=endpoint, id=request_id(endpoint, own), fields=fields, stored_at=now.timestamp()
    )


def times_for_prompts(moment: datetime, timezone: ZoneInfo) -> dict[str, str]:
    """A moment as requests carry it, in the forms that prompts of different formats have for it."""
    local = moment.astimezone(timezone)
    return {"v8_timestamp": format_time(local, "v8"), "v10_timestamp": format_time(local, "v10")}


@dataclass(frozen=True)
class AskHandler:
    """Asks: the question is answered by making the ask itself into a post."""

    identity: Identity
    timezone: ZoneInfo
    avoided_tags: Sequence[str]
    max_characters: int
    fiction_triggers: Sequence[str] = ("tell me a story", "a story about", "write a story")
    """Words, in lower case, in an ask that asks for a story."""

    folded_lines: bool = False
    """Whether several line breaks in a row end one paragraph, as the model's prompt format may have it."""

    def mood_time(self, turn: Turn, now: datetime) -> datetime:  # noqa: ARG002
        """Now."""
        return now

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """An answer in the present mood; the sentiment of the question moves the mood."""
        question = str(turn.input["question"])
        times = times_for_prompts(now, self.timezone)
        raw = str(turn.input["question_html"]).lower()
        fields = {
            "question": question[:MAX_QUESTION_CHARACTERS],
            "asking_name": turn.who,
            "mood": mood,
            "write_fic_override": any(words in raw for words in self.fiction_triggers),
            "return_all_conts": True,  # for the post log
            **times,
        }
        judged = {"texts": [question[:MAX_TEXT_CHARACTERS]], "v10_timestamps": [times["v10_timestamp"]]}
        return stored("answer", fields, turn, now), stored("raw_select", judged, turn, now)

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """The answer; its tags name the asker."""
        question = str(turn.input["question"])
        tags = answer_tags([*chosen.tags, *turn.input.get("tags", ())], turn.who, self.avoided_tags)
        long = len(question) > self.max_characters
        return PlannedPost(
            action=Action.ANSWER_ASK,
            publish_as="published",
            html=to_html(chosen.post, self.identity, folded_lines=self.folded_lines),
            tags=tuple(tags),
            draft=ScreenedText(asker=turn.who, question=question, answer=chosen.post, tags=tags),
            post_id=turn.input_id,
            notes=(f"the question is longer than {self.max_characters} characters",) if long else (),
        )

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:
        """The asker's words, and how all candidates sounded."""
        if turn.judgment is None or turn.judgment.logit_diff is None or turn.chosen_at is None:
            return None
        return StoredMoodInput(
            kind=turn.kind,
            who=turn.who,
            input_id=turn.input_id,
            input_timestamp=int(turn.input["timestamp"]),
            logit_diff=turn.judgment.logit_diff,
            generated_p75=generated_p75(chosen),
            time=datetime.fromtimestamp(turn.chosen_at, UTC),
        )


@dataclass(frozen=True)
class OriginalHandler:
    """Original posts: something of the bot's own for the queue."""

    identity: Identity
    timezone: ZoneInfo
    avoided_tags: Sequence[str]
    folded_lines: bool = False
    """As in ``AskHandler``."""

    def mood_time(self, turn: Turn, now: datetime) -> datetime:  # noqa: ARG002
        """The moment at which the post will be published."""
        return datetime.fromisoformat(turn.input["publish_time"])

    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """A text in the mood, and at the time, of its publishing."""
        times = times_for_prompts(self.mood_time(turn, now), self.timezone)
        fields = {"mood": mood, "return_all_conts": True, **times}
        return stored("textpost", fields, turn, now), None

    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:  # noqa: ARG002
        """The post. It is screened with the tags that the model gave it."""
        return PlannedPost(
            action=Action.CREATE_TEXT,
            publish_as="queue",
            html=to_html(chosen.post, self.identity, folded_lines=self.folded_lines),
            tags=tuple(original_tags(chosen.tags, self.avoided_tags)),
            draft=ScreenedText(asker="", question="", answer=chosen.post, tags=clean_tags(chosen.tags)),
        )

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:  # noqa: ARG002
        """Nothing: the bot's own words do not move it."""
        return None


def generated_p75(chosen: SelectionOutcome) -> float | None:
    """The 75th percentile of the sentiment, in logits, of all candidates, those the mood rejected too."""
    return p75([logit(p) for p in chosen.all_pos_sentiment if p is not None])


def parse_request(request: StoredRequest) -> AnswerRequest | TextpostRequest | RawSelectRequest:
    """The wire's message of a stored request."""
    fields = {**request.fields, "id": request.id, "client": "tumbl"}
    match request.endpoint:
        case "answer":
            return AnswerRequest.model_validate(fields)
        case "textpost":
            return TextpostRequest.model_validate(fields)
        case "raw_select":
            return RawSelectRequest.model_validate(fields)
    raise ValueError(f"no such endpoint: {request.endpoint}")
