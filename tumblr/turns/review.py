"""A post that waits for the operator's decision, and what the operator may decide about it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tumblr.turns.kinds import PostState


class ReviewAction(StrEnum):
    """What is decided about a waiting post."""

    APPROVE = "approve"
    """Post it as it is."""

    DRAFT = "draft"
    """Send it to tumblr's drafts."""

    REJECT = "reject"
    """Post nothing."""

    AGAIN = "again"
    """Have another text written."""

    REVISE = "revise"
    """Put other words or tags in its place; it goes on waiting."""


Length = Literal["", "shorter", "longer"]

SHORTER, LONGER = 2 / 3, 3 / 2
"""How many words another text should have at most, and at least, for each of the one that was seen."""


class DecisionState(StrEnum):
    """What became of a decision."""

    PENDING = "pending"
    """It takes effect later, and may be undone until then."""

    DONE = "done"
    UNDONE = "undone"
    REFUSED = "refused"
    """It did not fit what was there; nothing was changed."""


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Approval(_Stored):
    """What has been decided about a text that goes on its way."""

    decision: int
    """The number of the decision."""

    publish: bool
    """False: it becomes a draft on tumblr."""

    who: str


class Review(_Stored):
    """The text that a turn waits with, as it would be sent."""

    html: str
    tags: tuple[str, ...]
    reasons: tuple[str, ...]
    """Why it waits."""

    refused: bool = False
    """Whether it has something in it that is never posted."""

    publish_as: PostState
    """What it becomes when it is approved."""

    own_tags: tuple[str, ...] | None = None
    """Tags that the operator has given it; None: those that the rules gave."""

    first: str
    """The words that were there when it began to wait."""

    first_tags: tuple[str, ...]
    held_at: float
    approval: Approval | None = None

    @property
    def version(self) -> str:
        """Names the words and tags; another text has another version, whatever else has changed."""
        return digest(self.html, self.tags)


class WantedWords(_Stored):
    """How long the next text of a turn should be, in words."""

    format: Literal[1] = 1
    least: int | None = None
    most: int | None = None

    @classmethod
    def of(cls, length: Length, text: str) -> WantedWords | None:
        """What a length means beside a text; None where any will do."""
        words = len(text.split())
        match length:
            case "shorter":
                return cls(most=max(1, floor(words * SHORTER)))
            case "longer":
                return cls(least=ceil(max(1, words) * LONGER))
        return None


def digest(html: str, tags: tuple[str, ...]) -> str:
    """A short name of some words and their tags."""
    return hashlib.sha256(json.dumps([html, tags]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class NewDecision:
    """A decision as it comes in."""

    key: str
    """The same for the same decision sent again."""

    turn_id: int
    action: ReviewAction
    version: str
    """The version of the text that was seen."""

    who: str
    role: str
    reason: str = ""
    length: Length = ""
    """Of a text that is to be written again, beside the one that was seen."""

    override: bool = False
    """The operator posts it although it is refused."""


@dataclass(frozen=True)
class Decision(NewDecision):
    """A decision as it is stored."""

    number: int = 0
    state: DecisionState = DecisionState.PENDING
    created_at: float = 0.0
    due_at: float = 0.0
    outcome: str = ""
