"""``!follow`` and ``!unfollow``: the dashboard account follows the asker, or no longer."""

from __future__ import annotations

from tumblr.api.models import ANONYMOUS
from tumblr.bot_settings import BotSettings
from tumblr.turns.commands.base import Command, Invalid, Order, obeyed
from tumblr.turns.inputs import CommandInput
from tumblr.turns.kinds import Action
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Turn


class FollowCommand(Command, names=("follow", "unfollow")):
    """The whole ask is the command."""

    usage = "!follow"
    about = "I follow your blog; !unfollow ends it"
    for_everybody = True

    def read(self, order: Order) -> CommandInput | Invalid | None:
        """Nobody can follow an anonymous asker."""
        if order.summary not in ("!follow", "!unfollow"):
            return None
        if order.asker == ANONYMOUS:
            return Invalid("nobody can follow an anonymous asker")
        return CommandInput(command=order.summary.removeprefix("!"), timestamp=order.timestamp)

    def plan(self, turn: Turn, command: CommandInput, settings: BotSettings) -> PlannedPost:  # noqa: ARG002
        """Follow, or follow no longer."""
        return obeyed(turn, Action.FOLLOW if command.command == "follow" else Action.UNFOLLOW)
