"""Training commands: ``python -m training --help``."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot_config import Config
from bot_lifecycle import until_unread
from bot_process import load_process_config
from training.command import Sections
from training.command_line import run_command
from tumblr.bot import Tumblr
from tumblr.build import connect, settings_of


def load_sections(path: Path) -> Sections:
    """Read the bot's configuration; raises FatalError with every mistake on the line."""
    config = load_process_config(path)
    return Sections(
        blog=config.blog,
        generator=config.generator,
        switchboard=config.switchboard,
        training=config.training,
        database=config.tumblr.database,
        connect=partial(_connect, config),
    )


def _connect(config: Config, stack: ExitStack) -> Tumblr:
    """The ways to tumblr; images are passed over, for nobody here reads the texts in them."""
    settings = settings_of(config)
    settings = replace(settings, images=settings.images.model_copy(update={"read": False}))
    return connect(settings, stack, time.time, None)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    return run_command(load_sections, argv)


if __name__ == "__main__":
    sys.exit(until_unread(main))
