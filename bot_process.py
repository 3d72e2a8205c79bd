"""Start and end of a process: its arguments, its configuration, and a fatal error as one line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from bot_config import Config, ConfigError, load_config
from bot_lifecycle import FatalError, on_one_line, until_unread
from bot_parent import stop_with_parent

FATAL_EXIT_STATUS = 2
PRIVATE = 0o077
"""Nobody else on the machine reads what a process writes: people's words, scores, logs."""


def parse_process_arguments(
    description: str,
    argv: list[str] | None = None,
    extend: Callable[[argparse.ArgumentParser], object] | None = None,
) -> argparse.Namespace:
    """Parse a process's command line; ``.config`` of the result is the path of the configuration."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--config",
        type=Path,
        default=Path("config.json"),
        help="configuration file (default: config.json; every setting is explained in config.example.json)",
    )
    parser.add_argument(
        "--stop-with-parent",
        action="store_true",
        help="stop when the process that started this one is gone (a supervisor that was killed)",
    )
    if extend is not None:
        extend(parser)
    arguments = parser.parse_args(argv)
    if arguments.stop_with_parent:
        stop_with_parent()
    return arguments


def load_process_config(path: Path, secrets: Collection[str] | None = None) -> Config:
    """Read the configuration, or raise FatalError with every mistake on the line.

    ``secrets``: those that the process uses, as in ``load_config``.
    """
    try:
        return load_config(path, secrets)
    except ConfigError as error:
        hint = f"fix it, then run: python -m bot_config check {path}"
        raise FatalError(str(error).replace("\n", "; "), hint) from None


def run_process(main: Callable[[], int | None]) -> int:
    """Run a process's main function; a FatalError becomes one line and exit status 2."""
    os.umask(PRIVATE)
    try:
        return until_unread(main)
    except FatalError as error:
        sys.stderr.write(f"error: {on_one_line(error)}\n")
        return FATAL_EXIT_STATUS
    except KeyboardInterrupt:
        return 130
