"""What a command is. To add one is to add a file beside this one: ``registry.py`` finds it.

A command says which asks order it, and what is done then. One that needs a text of the generator's, or of
which more is to be said than a page of HTML, has a kind of turn of its own, with a handler in
``responding/handlers``; its ``read`` gives that kind's input.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from tumblr.bot_settings import BotSettings
from tumblr.turns.inputs import CommandInput, TurnInput
from tumblr.turns.kinds import Action, PostState
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Turn


@dataclass(frozen=True)
class Order:
    """An ask that may be a command."""

    summary: str
    """The ask as plain text."""

    asker: str
    is_operator: bool = False
    """Whether the operator asks."""

    timestamp: int = 0
    """Unix seconds."""

    question_html: str = ""


@dataclass(frozen=True)
class Invalid:
    """A command that cannot be obeyed, and why: it is set aside."""

    reason: str


class Command(ABC):
    """A command, registered under the names that ``CommandInput.command`` has for it."""

    registered: ClassVar[dict[str, type[Command]]] = {}

    usage: ClassVar[str] = ""
    """How to write it, for ``!help``; empty for what is the operator's alone."""

    about: ClassVar[str] = ""
    """What it does, for ``!help``."""

    for_everybody: ClassVar[bool] = False
    """Whether it is obeyed though its asker is not on the list of those who are answered."""

    def __init_subclass__(cls, *, names: tuple[str, ...]) -> None:
        cls.registered.update(dict.fromkeys(names, cls))

    @abstractmethod
    def read(self, order: Order) -> TurnInput | Invalid | None:
        """What the turn is about that an ask orders; None when the ask is not this command."""

    def plan(self, turn: Turn, command: CommandInput, settings: BotSettings) -> PlannedPost:
        """What to do about it; for commands without a kind of turn of their own."""
        raise NotImplementedError(f"{command.command} of {turn.name} at {settings.blog.blog_name}")


def obeyed(turn: Turn, action: Action) -> PlannedPost:
    """What is done without a post; then the ask is deleted."""
    return PlannedPost(action, PostState.NONE, "", (), None, target=turn.who, discard=turn.input_id)
