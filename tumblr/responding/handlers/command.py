"""Commands that change whom the bot follows, or nothing on tumblr but the command itself."""

from __future__ import annotations

from datetime import datetime

from tumblr.api.models import TumblrPost
from tumblr.responding.handlers.base import DONE, ImmediateHandler, PlannedPost
from tumblr.turns.commands import AnswerHidden, Command, Follow, Invalid, OrderReview, ShowMood
from tumblr.turns.turn import Action, NewTurn, Turn, TurnKind


def command_turn(ask: TumblrPost, asker: str, command: Command) -> NewTurn:
    """The turn of an ask that is a command; one that cannot be obeyed is remembered as skipped."""
    kind, fields = TurnKind.COMMAND, {"timestamp": ask.timestamp}
    match command:
        case Invalid(reason):
            return NewTurn(kind, ask.id, asker, skip_reason=reason)
        case Follow(follow):
            action = Action.FOLLOW if follow else Action.UNFOLLOW
            return NewTurn(kind, ask.id, asker, {**fields, "command": action})
        case AnswerHidden(post_id):
            return NewTurn(kind, ask.id, asker, {**fields, "command": Action.NOTHING, "hidden_ask": post_id})
        case ShowMood(days):
            return NewTurn(TurnKind.MOOD, ask.id, asker, {**fields, "days": days})
        case OrderReview():
            return NewTurn(TurnKind.REVIEW, ask.id, asker, {**fields, "lines": command.lines})


class CommandHandler(ImmediateHandler, kinds=(TurnKind.COMMAND,)):
    """What is done without a post."""

    def plan(self, turn: Turn, now: datetime) -> PlannedPost:  # noqa: ARG002
        """Do it, then delete the ask."""
        return PlannedPost(
            action=Action(turn.input["command"]),
            publish_as=DONE,
            html="",
            tags=(),
            draft=None,
            target=turn.who,
            discard=turn.input_id,
        )
