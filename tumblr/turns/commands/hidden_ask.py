"""``!pid ID``: the operator has an ask answered that the inbox does not show."""

from __future__ import annotations

import re

from tumblr.bot_settings import BotSettings
from tumblr.turns.commands.base import Command, Order, obeyed
from tumblr.turns.inputs import CommandInput
from tumblr.turns.kinds import Action
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Turn

HIDDEN_ASK = "pid"

_ORDER = re.compile(r"!pid (\d{1,20})")


class HiddenAskCommand(Command, names=(HIDDEN_ASK,)):
    """The finder of asks makes a turn of the hidden ask; what is left to do is to delete the command."""

    def read(self, order: Order) -> CommandInput | None:
        """The operator's alone."""
        found = _ORDER.fullmatch(order.summary) if order.is_operator else None
        if found is None:
            return None
        return CommandInput(command=HIDDEN_ASK, argument=str(int(found[1])), timestamp=order.timestamp)

    def plan(self, turn: Turn, command: CommandInput, settings: BotSettings) -> PlannedPost:  # noqa: ARG002
        """Change nothing else."""
        return obeyed(turn, Action.NOTHING)
