"""What is particular to each kind of turn; everything else is the same for all (see ``driver.py``).

A handler says what to ask of the switchboard, what to make of the chosen text, and what the turn does to the
mood. To add one is to add a file beside this one: ``registry.py`` finds it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from mood.logits import logit
from mood.system import p75
from munging.prompts.times import format_time
from munging.tumblr_html import to_html
from switchboard.messages import (
    AnswerRequest,
    RawSelectRequest,
    SelectionOutcome,
    TextpostRequest,
    request_id,
)
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.turns.inputs import TurnInput
from tumblr.turns.kinds import TurnKind
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Endpoint, StoredMoodInput, StoredRequest, Turn

T = TypeVar("T", bound=TurnInput)


class Declined(Exception):  # noqa: N818 - named for what happened
    """The chosen text is not worth posting; the text says why. The turn ends here."""


def about(turn: Turn, kind: type[T]) -> T:
    """What a turn is about; raises Declined when that is not known, as of one remembered as skipped."""
    if not isinstance(turn.input, kind):
        raise Declined("it is not known what was said")
    return turn.input


class TurnHandler(ABC):
    """The rules of some kinds of turn that a text is written for. All methods are pure."""

    registered: ClassVar[dict[TurnKind, type[TurnHandler]]] = {}

    def __init_subclass__(cls, *, kinds: tuple[TurnKind, ...] = ()) -> None:
        cls.registered.update(dict.fromkeys(kinds, cls))

    def __init__(self, settings: BotSettings) -> None:
        self.settings = settings

    def mood_time(self, turn: Turn, now: datetime) -> datetime:  # noqa: ARG002
        """The moment whose mood the text shall have."""
        return now

    @abstractmethod
    def requests(self, turn: Turn, mood: str, now: datetime) -> tuple[StoredRequest, StoredRequest | None]:
        """What to ask of the switchboard: the text, and perhaps what the heads say of the input."""

    @abstractmethod
    def compose(self, turn: Turn, chosen: SelectionOutcome) -> PlannedPost:
        """What to send to tumblr; raises Declined when the text is not worth it."""

    def mood_input(self, turn: Turn, chosen: SelectionOutcome) -> StoredMoodInput | None:  # noqa: ARG002
        """What the turn does to the mood, if anything: the bot's own words do not move it."""
        return None

    def html(self, text: str) -> str:
        """A text of the model's as tumblr takes it, with paragraphs as the prompt format has them."""
        return to_html(text, self.settings.identity, folded_lines=self.settings.format.folded_lines)


class ImmediateHandler(ABC):
    """The rules of some kinds of turn that need no text of the generator's."""

    registered: ClassVar[dict[TurnKind, type[ImmediateHandler]]] = {}

    def __init_subclass__(cls, *, kinds: tuple[TurnKind, ...] = ()) -> None:
        cls.registered.update(dict.fromkeys(kinds, cls))

    def __init__(self, bot: Bot, settings: BotSettings) -> None:
        self.bot = bot
        self.settings = settings

    @abstractmethod
    def plan(self, turn: Turn, now: datetime) -> PlannedPost:
        """What to do about the turn; raises Declined when there is nothing to do."""


def stored(endpoint: Endpoint, fields: dict[str, Any], turn: Turn, now: datetime) -> StoredRequest:
    """A request of a turn. Its id is its own: another turn's, or another attempt's, never has the same."""
    fields = {**fields, **_length(endpoint, turn)}
    own = {**fields, "turn": turn.name, "found": turn.created_at, "attempt": turn.attempts}
    return StoredRequest(
        endpoint=endpoint, id=request_id(endpoint, own), fields=fields, stored_at=now.timestamp()
    )


def _length(endpoint: Endpoint, turn: Turn) -> dict[str, Any]:
    """How long the text should be, where the operator has said so. A retained text is of any length."""
    if turn.words is None or endpoint == "raw_select":
        return {}
    bounds = {"least_words": turn.words.least, "most_words": turn.words.most}
    spare = {"spare_retained": True} if endpoint == "textpost" else {}
    return {name: number for name, number in bounds.items() if number is not None} | spare


def times_for_prompts(moment: datetime, timezone: ZoneInfo) -> dict[str, str]:
    """A moment as requests carry it, in the forms that prompts of different formats have for it."""
    local = moment.astimezone(timezone)
    return {"v8_timestamp": format_time(local, "v8"), "v10_timestamp": format_time(local, "v10")}


def generated_p75(chosen: SelectionOutcome) -> float | None:
    """The 75th percentile of the sentiment, in logits, of all candidates, those the mood rejected too."""
    return p75([logit(p) for p in chosen.all_pos_sentiment if p is not None])


def moved_by(turn: Turn, chosen: SelectionOutcome, kind: TurnKind, timestamp: int) -> StoredMoodInput | None:
    """How somebody's words, said at a moment, and how all candidates sounded move the mood.

    None when the words were not judged.
    """
    if turn.judgment is None or turn.judgment.logit_diff is None or turn.chosen_at is None:
        return None
    return StoredMoodInput(
        kind=kind,
        who=turn.who,
        input_id=turn.input_id,
        input_timestamp=timestamp,
        logit_diff=turn.judgment.logit_diff,
        generated_p75=generated_p75(chosen),
        time=datetime.fromtimestamp(turn.chosen_at, UTC),
    )


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
