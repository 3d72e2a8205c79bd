"""Commands without a kind of turn of their own: what they do is known at once (see ``turns/commands``)."""

from __future__ import annotations

from datetime import datetime

from tumblr.responding.handlers.base import Declined, ImmediateHandler, about
from tumblr.turns.commands.registry import commands
from tumblr.turns.inputs import CommandInput
from tumblr.turns.kinds import TurnKind
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Turn


class CommandHandler(ImmediateHandler, kinds=(TurnKind.COMMAND,)):
    """Does as the command says."""

    def plan(self, turn: Turn, now: datetime) -> PlannedPost:  # noqa: ARG002
        """Raises Declined for a command that is there no more."""
        wish = about(turn, CommandInput)
        command = commands().get(wish.command)
        if command is None:
            raise Declined(f"there is no command {wish.command}")
        return command.plan(turn, wish, self.settings)
