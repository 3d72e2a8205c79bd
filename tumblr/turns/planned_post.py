"""A text as it would be sent to tumblr, and as the screening sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tumblr.turns.kinds import Action, PostState


@dataclass(frozen=True)
class ScreenedText:
    """What is to be posted, and to whom: the asker is empty for an original post."""

    asker: str
    question: str
    answer: str
    tags: Sequence[str]
    speakers: Sequence[str] = ()
    """Who else speaks in the conversation, as far as it is known."""

    @property
    def text(self) -> str:
        return f"{self.asker} {self.question} {self.answer} {' '.join(self.tags)}"


@dataclass(frozen=True)
class PlannedPost:
    """A text as it would be sent to tumblr, and as the screening sees it."""

    action: Action
    publish_as: PostState
    """The state it gets when nothing speaks against it."""

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
    figures: tuple[str, ...] = ()
    undrawn: str = ""
    discard: str | None = None
    """As in ``Intent``, like the fields before it."""
