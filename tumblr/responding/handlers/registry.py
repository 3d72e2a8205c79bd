"""Which handler each kind of turn has: every file of this folder may hold some."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.responding.handlers.base import ImmediateHandler, TurnHandler
from tumblr.turns.kinds import TurnKind


def _import_all() -> None:
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")


def turn_handlers(settings: BotSettings) -> dict[TurnKind, TurnHandler]:
    """The handlers of the kinds of turn that a text is written for."""
    _import_all()
    made = {handler: handler(settings) for handler in TurnHandler.registered.values()}
    return {kind: made[handler] for kind, handler in TurnHandler.registered.items()}


def immediate_handlers(bot: Bot, settings: BotSettings) -> dict[TurnKind, ImmediateHandler]:
    """The handlers of the kinds of turn that need no text."""
    _import_all()
    return {kind: handler(bot, settings) for kind, handler in ImmediateHandler.registered.items()}
