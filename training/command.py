"""What a command is: its page of the manual, what it reads of the configuration, what it gives back."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from switchboard.settings import SwitchboardConfig
from training.errors import ExitStatus
from training.settings import TrainingConfig
from tumblr.bot import Tumblr


@dataclass(frozen=True)
class Outcome:
    """What a command made: its report, which becomes the last line of standard output, and its status."""

    report: Mapping[str, object]
    status: ExitStatus = ExitStatus.DONE


@dataclass(frozen=True)
class Sections:
    """What commands read of the bot's configuration."""

    blog: BlogConfig
    generator: GeneratorConfig
    switchboard: SwitchboardConfig
    training: TrainingConfig
    database: Path
    """The bot's memory, if it is on this machine."""
    connect: Callable[[ExitStack], Tumblr]
    """Makes the ways to tumblr, which only read; what they hold open is closed with the stack."""


@dataclass(frozen=True)
class Command:
    """One command.

    ``about`` is its page of the manual. ``run`` imports what is slow to load itself, so that the manual and
    mistakes in the arguments do not wait for it. ``place`` orders the manual.
    """

    name: str
    summary: str
    about: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Sections], Outcome]
    place: int = 100
