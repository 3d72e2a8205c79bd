"""A turn: something it is the bot's turn to speak about, and how far the bot has come with it.

found → requested → chosen → posting → posted or drafted; skipped and failed are the other ends.
A turn goes back to found when an attempt failed and another one is due. Where others go first it is waiting
before it is found, and where a human decides a chosen text is held before it is posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from switchboard.messages import SelectionOutcome
from tumblr.turns.inputs import SkippedInput, TurnInput
from tumblr.turns.kinds import CLOSED, Action, PostState, TurnKind, TurnState
from tumblr.turns.review import Review, WantedWords


class Stored(BaseModel):
    """Something a turn keeps as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Endpoint = Literal["answer", "textpost", "raw_select"]
"""What of the switchboard is asked."""


class StoredRequest(Stored):
    """A request to the switchboard, exactly as it is sent: after a restart it is not made anew."""

    endpoint: Endpoint
    id: str
    fields: dict[str, Any]
    stored_at: float
    """Unix seconds; waiting is counted from here."""

    submissions: int = 0
    """How often the switchboard has confirmed it."""


class Intent(Stored):
    """What is to be sent to tumblr, stored before it is sent."""

    action: Action

    state: PostState
    html: str
    tags: tuple[str, ...]
    post_id: str | None = None
    """The post that is acted on, if it exists already (an ask that becomes its answer)."""

    reblog_key: str = ""
    """The key of the post that is reblogged."""

    target: str = ""
    """The blog that is acted on, if it is about one: whose post is reblogged, who is followed."""

    image: str = ""
    """A PNG to be posted, in Base64. Forgotten when it is posted."""

    figures: tuple[str, ...] = ()
    """PNGs that go along with the text, in Base64, by their numbers. Forgotten like ``image``."""

    undrawn: str = ""
    """The HTML with text in the places of the figures, for the case that tumblr does not take them."""

    discard: str | None = None
    """The ask that is to be deleted when this is done."""

    stored_at: float
    sent_at: float | None = None
    """When it was sent for the last time, stored before that; None: it was not sent again."""

    reasons: tuple[str, ...] = ()
    """Why this is a draft, if it is one."""


class Judgment(Stored):
    """What the heads say about the input's text."""

    logit_diff: float | None
    """Sentiment logit difference; None when it could not be had."""

    reason: str = ""


@dataclass(frozen=True)
class NewTurn:
    """A turn as a finder finds it."""

    kind: TurnKind
    input_id: str
    """What makes the turn unique among its kind: the id of the ask, the name of the place in the queue."""

    who: str = ""
    """Whom it answers; empty for originals."""

    input: TurnInput = field(default_factory=SkippedInput)
    """What the kind needs to know later."""

    skip_reason: str | None = None
    """Set when the turn is only to be remembered as skipped."""

    waits_for: str | None = None
    """Why it is only written down now; None: its turn has come."""

    handles: tuple[str, ...] = ()
    """Names of posts of others that this turn speaks for. No other turn will, of whatever kind."""

    discard: str | None = None
    """An own post that is deleted as soon as this is written down: an ask that nobody will answer, a draft
    that is to be done again. Until that is done the turn waits."""


@dataclass(frozen=True)
class Turn:
    id: int
    kind: TurnKind
    input_id: str
    who: str
    state: TurnState
    input: TurnInput
    created_at: float
    updated_at: float
    attempts: int = 0
    """Attempts that failed."""

    not_before: float = 0.0
    """Unix seconds before which the turn rests."""

    request: StoredRequest | None = None
    judgment_request: StoredRequest | None = None
    judgment: Judgment | None = None
    result: SelectionOutcome | None = None
    """The outcome of the selection, as it came; kept until it has moved the mood."""

    chosen_at: float | None = None
    intent: Intent | None = None
    post_id: str | None = None
    reason: str | None = None
    rejections: int = 0
    """How many texts for it the bot itself has sent back."""

    review: Review | None = None
    """The text that waits, or has waited, for the operator."""

    words: WantedWords | None = None
    """How long the operator wants the next text to be."""

    def is_due(self, now: float) -> bool:
        """Whether its rest is over. A clock that was put back since it was stored makes it no longer."""
        return now >= self.not_before or now < self.updated_at

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.state not in CLOSED

    @property
    def awaits_judgment(self) -> bool:
        """Whether the scores of its input are still to come."""
        return self.judgment_request is not None and self.judgment is None

    @property
    def name(self) -> str:
        """The turn in log lines."""
        return f"{self.kind}:{self.input_id}"


@dataclass(frozen=True)
class StoredMoodInput:
    """Words of someone's that move the mood, and what the bot's candidates sounded like."""

    kind: TurnKind
    who: str
    input_id: str
    input_timestamp: int
    logit_diff: float
    generated_p75: float | None
    time: datetime
    """When the bot's texts were written (UTC)."""

    number: int = field(default=0, compare=False)
    """Its place in the order in which inputs were stored, from 1; 0 when it is not stored yet."""


@dataclass(frozen=True)
class LogEntry:
    """Why a post was made: an entry of the post log."""

    number: int
    turn_id: int
    input_id: str
    post_id: str
    state: str
    created_at: float
    entry: Mapping[str, Any]


def in_month(request: StoredRequest, month: str | None) -> StoredRequest:
    """The request with this month and year in its V10 times; hour and half of the day stay as they are."""
    if month is None:
        return request
    fields = dict(request.fields)
    if fields.get("v10_timestamp"):
        fields["v10_timestamp"] = _moved(fields["v10_timestamp"], month)
    if "v10_timestamps" in fields:
        fields["v10_timestamps"] = [_moved(time, month) for time in fields["v10_timestamps"]]
    return request.model_copy(update={"fields": fields})


def _moved(time: str, month: str) -> str:
    """``3 PM January 2021`` in another month."""
    hour, half, _ = time.split(" ", 2)
    return f"{hour} {half} {month}"
