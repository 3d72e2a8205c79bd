"""Start and end of a process: its arguments, its configuration, and a fatal error as one line."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from bot_config import Config, ConfigError, load_config
from bot_lifecycle import FatalError, on_one_line, until_unread
from bot_parent import stop_with_parent

FATAL_EXIT_STATUS = 2
PRIVATE = 0o077
"""Nobody else on the machine reads what a process writes: people's words, scores, logs."""
TOKENS = ("client_token", "generator_token", "selector_token", "console_token")
"""Of the switchboard's roles, as their settings are called."""


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


def load_process_config(path: Path, used: Collection[str] | None = None) -> Config:
    """Read the configuration, or raise FatalError with every mistake on the line.

    ``used`` names the secrets that the process uses, as in ``load_config``. Those of the switchboard's tokens
    among them that are not configured are the ones of this machine, which whoever needs them first draws.
    """
    try:
        return _with_tokens(load_config(path, used), used)
    except ConfigError as error:
        hint = f"fix it, then run: python -m bot_config check {path}"
        raise FatalError(str(error).replace("\n", "; "), hint) from None


def _with_tokens(config: Config, used: Collection[str] | None) -> Config:
    switchboard = config.switchboard
    missing = [
        name
        for name in TOKENS
        if getattr(switchboard, name) is None and (used is None or f"switchboard.{name}" in used)
    ]
    if not missing or not switchboard.is_on_this_machine:
        return config
    try:
        tokens = _kept_tokens(switchboard.token_file)
    except OSError as error:
        where = f"switchboard.token_file {switchboard.token_file} cannot be used ({error.strerror or error})"
        raise FatalError(
            where, "run the processes as one user, or set the tokens in the configuration"
        ) from None
    filled = switchboard.model_copy(update={name: SecretStr(tokens[name]) for name in missing})
    return config.model_copy(update={"switchboard": filled})


def _kept_tokens(path: Path) -> Mapping[str, str]:
    """The tokens in a file, which is made if it is not there; of several processes at once one makes it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({name: secrets.token_urlsafe(24) for name in TOKENS}, file)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(made, path)
        finally:
            Path(made).unlink()
    return _read_tokens(path)


def _read_tokens(path: Path) -> Mapping[str, str]:
    with path.open(encoding="utf-8") as file:
        if os.fstat(file.fileno()).st_mode & PRIVATE:
            raise FatalError(f"others may read the tokens in {path}", f"chmod 600 {path}")
        try:
            kept = json.load(file)
        except ValueError:
            kept = None
    if not isinstance(kept, dict) or not all(isinstance(kept.get(name), str) for name in TOKENS):
        raise FatalError(
            f"{path} does not hold the switchboard's tokens",
            "remove it, and start the processes again: it is made anew",
        )
    return kept


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
