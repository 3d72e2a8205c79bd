"""What the four processes share: arguments, log lines, clean stops, and errors that say what to do."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable, MutableMapping
from pathlib import Path
from types import FrameType
from typing import Any

import stamina.instrumentation
import structlog

from bot_config import Config, ConfigError, load_config
from bot_parent import stop_with_parent

FATAL_EXIT_STATUS = 2


class FatalError(Exception):
    """The process cannot go on until a human acts.

    ``message`` says what is wrong, ``hint`` what to do; together they are the one line that is printed.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} - {hint}")
        self.message = message
        self.hint = hint


class Shutdown:
    """The wish to stop, set by SIGTERM, SIGINT or SIGHUP; every loop waits on it instead of sleeping."""

    def __init__(self) -> None:
        self.requested = threading.Event()

    def install(self) -> Shutdown:
        """Answer SIGTERM, SIGINT and a closed terminal from now on; call it in the main thread."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it to outlive the terminal
            signal.signal(signal.SIGHUP, self._on_signal)
        return self

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requested.set()

    def wait(self, seconds: float) -> bool:
        """Sleep up to ``seconds``; true at once when the process should stop."""
        return self.requested.wait(seconds)


def configure_logging(process: str, level: str = "info") -> None:
    """Log one plain line per event to standard error: time, level, process, event, key=value pairs."""

    def render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        head = f"{event.pop('timestamp')} {event.pop('level'):<7} {process:<9} {_plain(event.pop('event'))}"
        pairs = "  ".join(f"{key}={_quoted(value)}" for key, value in event.items())
        return f"{head}  {pairs}".rstrip()

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # What is retried, and why, is said by whoever retries; the library's own line is for programmers.
    stamina.instrumentation.set_on_retry_hooks([])
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")


def _plain(value: object) -> str:
    """Keep an event on its line, whatever text got into it."""
    return str(value).replace("\r", "\\r").replace("\n", "\\n")


def _quoted(value: object) -> str:
    text = _plain(value)
    return f'"{text}"' if " " in text or text == "" else text


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


def load_process_config(path: Path) -> Config:
    """Read the configuration, or raise FatalError with every mistake on the line."""
    try:
        return load_config(path)
    except ConfigError as error:
        hint = f"mend it, then run: python -m bot_config check {path}"
        raise FatalError(str(error).replace("\n", "; "), hint) from None


def run_process(main: Callable[[], int | None]) -> int:
    """Run a process's main function; a FatalError becomes one line and exit status 2."""
    try:
        return main() or 0
    except FatalError as error:
        sys.stderr.write(f"error: {_plain(error)}\n")
        return FATAL_EXIT_STATUS
    except KeyboardInterrupt:
        return 130
