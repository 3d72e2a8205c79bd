"""The sandbox as a process: log lines, a clean stop, and errors that say what to do."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, MutableMapping
from types import FrameType
from typing import Any

import structlog

FATAL_EXIT_STATUS = 2
PR_SET_PDEATHSIG = 1
"""The number of the request in Linux' <sys/prctl.h>."""

_PARENT = os.getppid()


class FatalError(Exception):
    """The process cannot go on until a human acts.

    ``message`` says what is wrong, ``hint`` what to do; together they are the one line that is printed.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} - {hint}")
        self.message = message
        self.hint = hint


class Shutdown:
    """The wish to stop, set by SIGTERM, SIGINT or SIGHUP."""

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


def stop_with_parent(parent: int = _PARENT) -> None:
    """Have SIGTERM sent to this process when ``parent``, which started it, ends; at once if it has ended.

    Without this, what a killed supervisor has started lives on and holds its ports. The kernel does it, so it
    also holds for a parent that was killed with SIGKILL. Nothing happens where the kernel is not Linux.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # A parent that ended before the call above sends nothing any more.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def configure_logging(level: str = "info") -> None:
    """Log one plain line per event to standard error: time, level, event, key=value pairs."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
            structlog.processors.format_exc_info,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")


def _render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    head = f"{event.pop('timestamp')} {event.pop('level'):<7} sandbox   {_plain(event.pop('event'))}"
    pairs = "  ".join(f"{key}={_quoted(value)}" for key, value in event.items())
    return f"{head}  {pairs}".rstrip()


def _plain(value: object) -> str:
    """Keep an event on its line, whatever text got into it."""
    return str(value).replace("\r", "\\r").replace("\n", "\\n")


def _quoted(value: object) -> str:
    text = _plain(value)
    return f'"{text}"' if " " in text or text == "" else text


def run_process(main: Callable[[], int | None]) -> int:
    """Run a process's main function; a FatalError becomes one line and exit status 2."""
    try:
        return main() or 0
    except FatalError as error:
        sys.stderr.write(f"error: {_plain(error)}\n")
        return FATAL_EXIT_STATUS
    except KeyboardInterrupt:
        return 130
