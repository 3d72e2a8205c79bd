"""Treats: the candidates that Halloween mode posts; what to post was settled when their turns were made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tumblr.responding.handlers.base import ImmediateHandler, PlannedPost
from tumblr.screening.word_lists import ScreenedText
from tumblr.turns.turn import Turn, TurnKind


class TreatHandler(ImmediateHandler, kinds=(TurnKind.TREAT,)):
    """One more text for somebody who talked to the bot."""

    def plan(self, turn: Turn, now: datetime) -> PlannedPost:  # noqa: ARG002
        """The post as it was settled."""
        settled: dict[str, Any] = dict(turn.input["post"])
        draft = settled.pop("draft")
        settled.update(tags=tuple(settled["tags"]), notes=tuple(settled["notes"]))
        return PlannedPost(**settled, draft=None if draft is None else ScreenedText(**draft))
