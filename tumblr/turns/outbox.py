"""Edits that wait to be made to posts that exist; ``responding/outbox.py`` carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class EditAction(StrEnum):
    DELETE = "delete"
    """Delete a post or ask."""

    EDIT = "edit"
    """Change some fields of a post."""


DELETE, EDIT = EditAction.DELETE, EditAction.EDIT

FIRST_REST, LONGEST_REST = 15.0, 3600.0
"""Seconds to wait after a failure; the first is doubled up to the longest."""


@dataclass(frozen=True)
class NewEdit:
    """An edit as it comes up."""

    action: EditAction
    post_id: str
    reason: str
    """Why, for the log."""

    fields: Mapping[str, str] = field(default_factory=dict)
    turn_id: int | None = None
    """The turn that must not go on before this is done."""


@dataclass(frozen=True)
class PendingEdit(NewEdit):
    number: int = 0
    created_at: float = 0.0
    attempts: int = 0
    not_before: float = 0.0

    def is_due(self, now: float) -> bool:
        """Whether its rest is over; no clock that is put back makes one longer than the longest."""
        return not now < self.not_before <= now + LONGEST_REST

    def rest(self) -> float:
        """Seconds to wait after one more failure."""
        return float(min(FIRST_REST * 2.0 ** min(self.attempts, 30), LONGEST_REST))
