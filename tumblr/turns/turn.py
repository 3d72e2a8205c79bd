"""A turn: something it is the bot's turn to speak about, and how far the bot has come with it.

found → requested → chosen → posting → posted or drafted; skipped and failed are the other ends.
A turn goes back to found when an attempt failed and another one is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class TurnKind(StrEnum):
    """What the bot speaks about."""

    ASK = "ask"
    ORIGINAL = "original"
    REVIEW = "review"
    """An ask that orders a review."""
    MOOD = "mood"
    """An ask that wants to see the mood."""
    COMMAND = "command"
    """An ask that is obeyed, not answered: to follow, to unfollow, to answer a hidden ask."""
    REBLOG = "reblog"
    """Somebody has reblogged a post of the bot's and said something."""
    REPLY = "reply"
    """Somebody has replied to a post of the bot's."""
    MENTION = "mention"
    """Somebody has named the bot in a post."""
    TREAT = "treat"
    """One more text for somebody who talked to the bot on Halloween."""
    DASH = "dash"
    """Somebody whom the bot follows has said something that is worth a reblog."""


CONVERSATION_KINDS = frozenset({TurnKind.REBLOG, TurnKind.REPLY, TurnKind.MENTION})
"""What people say to the bot on their own blogs."""

UNASKED_KINDS = frozenset({TurnKind.ORIGINAL, TurnKind.DASH})
"""What nobody waits for an answer to."""

INBOX_KINDS = frozenset({TurnKind.ASK, TurnKind.REVIEW, TurnKind.MOOD, TurnKind.COMMAND})
"""What an ask may become; each ask becomes one of these once."""


class TurnState(StrEnum):
    """How far a turn has come."""

    FOUND = "found"
    """Written down; nothing has been asked for yet."""
    REQUESTED = "requested"
    """A text has been asked for; the request is stored as it is sent."""
    CHOSEN = "chosen"
    """The text is there."""
    POSTING = "posting"
    """What will be sent to tumblr is stored; it may have arrived there or not."""
    POSTED = "posted"
    """It is on the blog or in the queue."""
    DRAFTED = "drafted"
    """It waits among the drafts for a human."""
    SKIPPED = "skipped"
    """The bot will not speak; the reason is stored."""
    DONE = "done"
    """A command was obeyed; nothing was posted."""
    FAILED = "failed"
    """Every attempt failed; the reason is stored."""


CLOSED = frozenset({TurnState.POSTED, TurnState.DRAFTED, TurnState.SKIPPED, TurnState.DONE, TurnState.FAILED})

MOVES: Mapping[TurnState, frozenset[TurnState]] = {
    TurnState.FOUND: frozenset({TurnState.REQUESTED, TurnState.POSTING, TurnState.SKIPPED, TurnState.FAILED}),
    TurnState.REQUESTED: frozenset({TurnState.CHOSEN, TurnState.FOUND, TurnState.FAILED}),
    TurnState.CHOSEN: frozenset({TurnState.POSTING, TurnState.FOUND, TurnState.SKIPPED, TurnState.FAILED}),
    TurnState.POSTING: frozenset(
        {TurnState.POSTED, TurnState.DRAFTED, TurnState.DONE, TurnState.SKIPPED, TurnState.FAILED}
    ),
    TurnState.DRAFTED: frozenset({TurnState.FOUND, TurnState.POSTED}),
    TurnState.POSTED: frozenset({TurnState.FOUND}),
}
"""The moves a turn may make. From ``posting`` there is no way back: the post may exist. Only the operator
opens a closed turn again, by sending its draft back."""


class Action(StrEnum):
    """What is done to tumblr."""

    ANSWER_ASK = "answer_ask"
    """Make an ask into its answer: an edit that gives it the answer, tags and a new state."""

    CREATE_TEXT = "create_text"
    REBLOG = "reblog"
    CREATE_PHOTO = "create_photo"
    FOLLOW = "follow"
    """Have the dashboard account follow a blog."""

    UNFOLLOW = "unfollow"
    NOTHING = "nothing"
    """Change nothing on tumblr."""


REPEATABLE = frozenset({Action.ANSWER_ASK, Action.FOLLOW, Action.UNFOLLOW, Action.NOTHING})
"""Actions that do no harm when tumblr, late, carries out an earlier call as well."""

FOLLOWING = {Action.FOLLOW: True, Action.UNFOLLOW: False}
"""Actions that change whom the dashboard account follows, and whether it does so afterwards."""


class Stored(BaseModel):
    """Something a turn keeps as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredRequest(Stored):
    """A request to the switchboard, exactly as it is sent: after a restart it is not made anew."""

    endpoint: str
    """answer, textpost or raw_select."""

    id: str
    fields: dict[str, Any]
    stored_at: float
    """Unix seconds; waiting is counted from here."""

    submissions: int = 0
    """How often the switchboard has confirmed it."""


class Intent(Stored):
    """What is to be sent to tumblr, stored before it is sent."""

    action: Action

    state: str
    """published, draft or queue."""

    html: str
    tags: tuple[str, ...]
    post_id: str | None = None
    """The post that is acted on, if it exists already (an ask that becomes its answer)."""

    reblog_key: str = ""
    """The key of the post that is reblogged."""

    target: str = ""
    """The blog that is acted on, if it is about one."""

    image: str = ""
    """A PNG to be posted, in Base64. Forgotten when it is posted."""

    discard: str | None = None
    """The ask that is to be deleted when this is done."""

    stored_at: float
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

    input: Mapping[str, Any] = field(default_factory=dict)
    """What the kind needs to know later, as JSON values."""

    skip_reason: str | None = None
    """Set when the turn is only to be remembered as skipped."""

    handles: tuple[str, ...] = ()
    """Names of posts of others that this turn speaks for. No other turn will, of whatever kind."""

    discard: str | None = None
    """An own post that is deleted as soon as this is written down: an ask that nobody will answer, a draft
    that is to be done again. Until that is done the turn waits."""


@dataclass(frozen=True)
class Turn:
    """A turn as it is stored."""

    id: int
    kind: TurnKind
    input_id: str
    who: str
    state: TurnState
    input: Mapping[str, Any]
    created_at: float
    updated_at: float
    attempts: int = 0
    """Attempts that failed."""

    not_before: float = 0.0
    """Unix seconds before which the turn rests."""

    request: StoredRequest | None = None
    judgment_request: StoredRequest | None = None
    judgment: Judgment | None = None
    result: Mapping[str, Any] | None = None
    """The outcome of the selection, as it came; kept until it has moved the mood."""

    chosen_at: float | None = None
    intent: Intent | None = None
    post_id: str | None = None
    reason: str | None = None
    rejections: int = 0
    """How many texts for it the bot itself has sent back."""

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
