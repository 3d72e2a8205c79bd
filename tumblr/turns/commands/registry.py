"""All commands: every file of this folder may hold some."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tumblr.turns.commands.base import Command, Invalid, Order
from tumblr.turns.inputs import TurnInput


def commands() -> dict[str, Command]:
    """Every command by its names."""
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")
    made = {command: command() for command in Command.registered.values()}
    return {name: made[command] for name, command in sorted(Command.registered.items())}


def read_command(order: Order) -> TurnInput | Invalid | None:
    """What an ask orders; None for ordinary asks, and for what only looks like a command."""
    found = (command.read(order) for command in dict.fromkeys(commands().values()))
    return next((wish for wish in found if wish is not None), None)
