"""Training commands: ``python -m training --help``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bot_lifecycle import until_unread
from bot_process import load_process_config
from training.command import Sections, run_command


def load_sections(path: Path) -> Sections:
    """Read the bot's configuration; raises FatalError with every mistake on the line."""
    config = load_process_config(path)
    return Sections(
        blog=config.blog,
        tumblr=config.tumblr,
        generator=config.generator,
        switchboard=config.switchboard,
        training=config.training,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    return run_command(load_sections, argv)


if __name__ == "__main__":
    sys.exit(until_unread(main))
