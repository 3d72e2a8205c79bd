"""Treats: the candidates that Halloween mode posts; what to post was settled when their turns were made."""

from __future__ import annotations

from datetime import datetime

from tumblr.responding.handlers.base import ImmediateHandler, about
from tumblr.turns.inputs import TreatInput
from tumblr.turns.kinds import TurnKind
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Turn


class TreatHandler(ImmediateHandler, kinds=(TurnKind.TREAT,)):
    """One more text for somebody who talked to the bot."""

    def plan(self, turn: Turn, now: datetime) -> PlannedPost:  # noqa: ARG002
        """The post as it was settled."""
        return about(turn, TreatInput).post
