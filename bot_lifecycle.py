"""What every room may lean on while its process runs: an error that ends it, the wish to stop, log lines.

Nothing here knows the configuration: ``bot_process`` does, one floor above all rooms.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from types import FrameType
from typing import Any

import stamina.instrumentation
import structlog

UNREAD_EXIT_STATUS = 141
"""As a shell has it of a program that SIGPIPE ends."""


class FatalError(Exception):
    """The process cannot go on until a human acts.

    ``message`` says what is wrong, ``hint`` what to do; together they are the one line that is printed.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} - {hint}")
        self.message = message
        self.hint = hint


class Shutdown:
    """The wish to stop, set by SIGTERM, SIGINT or SIGHUP; every loop waits on it instead of sleeping.

    ``grace_seconds``: so long after the wish the process ends at once, whatever it waits for. For one that
    loses nothing when it is killed that is as good an end as any. None: it is waited for.
    """

    def __init__(self, grace_seconds: float | None = None) -> None:
        self.requested = threading.Event()
        self._grace_seconds = grace_seconds

    def install(self) -> Shutdown:
        """Answer SIGTERM, SIGINT and a closed terminal from now on; call it in the main thread."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it to outlive the terminal
            signal.signal(signal.SIGHUP, self._on_signal)
        return self

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requested.set()
        if self._grace_seconds is not None:
            end = threading.Timer(self._grace_seconds, _end_at_once)
            end.daemon = True
            end.start()

    def wait(self, seconds: float) -> bool:
        """Sleep up to ``seconds``; true at once when the process should stop."""
        return self.requested.wait(seconds)


def _end_at_once() -> None:
    structlog.get_logger().info("stopped while something was waited for")
    os._exit(0)


def configure_logging(process: str, level: str = "info") -> None:
    """Log one plain line per event to standard error: time, level, process, event, key=value pairs."""

    def render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        head = (
            f"{event.pop('timestamp')} {event.pop('level'):<7} {process:<9} {on_one_line(event.pop('event'))}"
        )
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


def on_one_line(value: object) -> str:
    """Text that keeps to its line, whatever got into it."""
    return str(value).replace("\r", "\\r").replace("\n", "\\n")


def _quoted(value: object) -> str:
    text = on_one_line(value)
    return f'"{text}"' if " " in text or text == "" else text


def until_unread(main: Callable[[], int | None]) -> int:
    """Run what prints and return its exit status; that nobody reads on, as behind ``head``, is no error."""
    try:
        status = main() or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more at its end, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD_EXIT_STATUS
    return status


class SteadyClock:
    """Unix seconds that never jump while the process runs, whatever is done to the machine's clock.

    It reads the wall clock once, at its start, and goes on from there with the monotonic one.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        """Now."""
        return self._offset + time.monotonic()
