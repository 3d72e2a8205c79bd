"""``!help``: what people may ask, as an answer; the operator gets a draft."""

from __future__ import annotations

from html import escape

from tumblr.bot_settings import BotSettings
from tumblr.turns.commands.base import Command, Order
from tumblr.turns.commands.registry import commands
from tumblr.turns.inputs import CommandInput
from tumblr.turns.kinds import Action, PostState
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Turn


class HelpCommand(Command, names=("help",)):
    """Lists the commands, each with what it says of itself."""

    usage = "!help"
    about = "this list"

    def read(self, order: Order) -> CommandInput | None:
        """The whole ask is the command."""
        if order.summary != "!help":
            return None
        return CommandInput(
            command="help",
            timestamp=order.timestamp,
            question_html=order.question_html,
            question=order.summary,
        )

    def plan(self, turn: Turn, command: CommandInput, settings: BotSettings) -> PlannedPost:  # noqa: ARG002
        """The ask becomes its answer, unscreened, as its words are the bot's own."""
        listed = [one for one in dict.fromkeys(commands().values()) if one.usage]
        items = "".join(f"<li><b>{escape(one.usage)}</b>: {escape(one.about)}</li>" for one in listed)
        url = settings.commands.help_url
        more = f'<p><a href="{escape(url)}">More about it</a></p>' if url else ""
        return PlannedPost(
            action=Action.ANSWER_ASK,
            publish_as=PostState.PUBLISHED,
            html=f"<p>Ask me anything. An ask that says one of these is an order:</p><ul>{items}</ul>{more}",
            tags=(),
            draft=None,
            post_id=turn.input_id,
            notes=("the operator asked for it",) if settings.is_operator(turn.who) else (),
        )
