"""What a turn is about: for each kind the facts that answering it needs, stored with the turn as JSON.

The stored form has a version; ``store/migrations.py`` brings older ones up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from munging.images import with_image_texts
from tumblr.turns.kinds import TurnKind
from tumblr.turns.planned_post import PlannedPost


class Input(BaseModel):
    """What all inputs have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    """Of the stored form."""


class WithImages(Input):
    """Words that may hold numbered blocks for images whose texts are not known yet."""

    images: tuple[str, ...] = ()
    """Addresses of the images, each at the place that its block's number names."""

    alt_texts: Mapping[str, str] = Field(default_factory=dict)
    """What their poster says of them, by address."""

    def with_texts(self, texts: Mapping[str, str]) -> Self:
        """With the texts of the images, by address, in place of their blocks."""
        said = {name: getattr(self, name) for name in self._said}
        filled = {name: with_image_texts(text, self.images, texts) for name, text in said.items()}
        return self.model_copy(update={**filled, "images": (), "alt_texts": {}})

    @property
    def _said(self) -> tuple[str, ...]:
        """Names of the fields that may hold blocks."""
        known = ("question", "prompt", "text", "said")
        return tuple(name for name in known if name in type(self).model_fields)


class AskInput(WithImages):
    """A question."""

    kind: Literal[TurnKind.ASK] = TurnKind.ASK
    question_html: str
    question: str
    timestamp: int
    tags: tuple[str, ...] = ()
    """Tags that the answer gets beside the model's."""


class OriginalInput(Input):
    """A place in the queue."""

    kind: Literal[TurnKind.ORIGINAL] = TurnKind.ORIGINAL
    publish_time: AwareDatetime


class ReviewInput(Input):
    kind: Literal[TurnKind.REVIEW] = TurnKind.REVIEW
    timestamp: int
    lines: tuple[str, ...]
    """What the review begins with."""


class ShowMoodInput(Input):
    """A wish to see the mood of so many days."""

    kind: Literal[TurnKind.MOOD] = TurnKind.MOOD
    timestamp: int
    days: float


class CommandInput(Input):
    """A command that needs no text; ``turns/commands/`` has one file for each."""

    kind: Literal[TurnKind.COMMAND] = TurnKind.COMMAND
    command: str
    """Its name in the registry."""

    timestamp: int
    argument: str = ""
    question_html: str = ""
    """The ask, where the command is answered."""

    question: str = ""


ThreadKind: TypeAlias = Literal[TurnKind.REBLOG, TurnKind.MENTION, TurnKind.DASH]
"""Kinds of turn about a post of somebody's."""


class ThreadInput(WithImages):
    """A post of somebody's, to be answered by a reblog."""

    kind: ThreadKind
    blog: str
    post_id: str
    reblog_key: str
    url: str
    timestamp: int
    text: str
    """What the post itself says."""

    said: str
    """What others have said since the bot last spoke."""

    prompt: str
    why: str
    cost: float = 0.0
    """How much answering it costs, by which it is chosen."""

    least: float | None = None
    """The least selector probability with which the bot's words are posted; None: any will do."""


class ReplyInput(WithImages):
    """A reply to an own post."""

    kind: Literal[TurnKind.REPLY] = TurnKind.REPLY
    blog: str
    post_id: str
    post_url: str
    summary: str
    timestamp: int
    text: str
    prompt: str
    why: str
    cost: float = 0.0
    """How much answering it costs, by which it is chosen."""


class TreatInput(Input):
    """One more text for somebody, settled when its turn was made."""

    kind: Literal[TurnKind.TREAT] = TurnKind.TREAT
    post: PlannedPost


class SkippedInput(Input):
    """What is remembered of something that is not answered."""

    kind: Literal["skipped"] = "skipped"
    text: str = ""
    timestamp: int = 0


TurnInput: TypeAlias = (
    AskInput
    | OriginalInput
    | ReviewInput
    | ShowMoodInput
    | CommandInput
    | ThreadInput
    | ReplyInput
    | TreatInput
    | SkippedInput
)

_ADAPTER: TypeAdapter[TurnInput] = TypeAdapter(Annotated[TurnInput, Field(discriminator="kind")])


def read_input(stored: str) -> TurnInput:
    """An input from its stored form; raises ValueError when it is none of this version's."""
    return _ADAPTER.validate_json(stored)


def parse_input(values: Mapping[str, Any]) -> TurnInput:
    """An input from JSON values; raises ValueError when it is none of this version's."""
    return _ADAPTER.validate_python(dict(values))
