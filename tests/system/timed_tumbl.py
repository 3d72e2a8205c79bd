"""The real bot in a process of its own, whose pauses take no time: whoever runs the day says what time it is.

``tumbl.py`` knows the time from a clock and pauses in one place. Here the clock is real time and an offset,
and a pause is a question to the day, which lets happen what falls into it, moves the clock of the sandbox,
and answers with the new offset.
"""

from __future__ import annotations

import os
import sys
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bot_config import load_config
from bot_lifecycle import Shutdown, configure_logging
from bot_process import run_process
from tests.system.programs import FORKS, PRELOADED, Tumbl
from tumblr.build import running_bot


class CommandedTime(Shutdown):
    """Tells the time, and pauses, as the day says."""

    def __init__(self, day: Connection, offset: float) -> None:
        super().__init__()
        self._day = day
        self._offset = offset
        self._wrong_by = 0.0

    def now(self) -> float:
        """Unix seconds of the day that is lived."""
        return self.elapsed() + self._wrong_by

    def elapsed(self) -> float:
        """The same, of a clock that nobody has set."""
        return time.time() + self._offset

    def wait(self, seconds: float) -> bool:
        """Let the day pass so many seconds."""
        self._day.send(seconds)
        offset = self._day.recv()
        if offset is None:
            self.requested.set()
        elif isinstance(offset, tuple):
            self._offset, self._wrong_by = offset
        else:
            self._offset = offset
        return self.requested.is_set()


def live(config: Path, day: Connection, offset: float, log: Path) -> None:
    """Run the bot until the day is over."""
    with log.open("ab") as out:
        os.dup2(out.fileno(), sys.stdout.fileno())
        os.dup2(out.fileno(), sys.stderr.fileno())
    sys.exit(run_process(lambda: _live(config, CommandedTime(day, offset))))


def _live(path: Path, life: CommandedTime) -> int:
    config = load_config(path)
    configure_logging("tumbl", config.log_level)
    with running_bot(config, life, dry_run=False, waits=True, clock=life.now, monotonic=life.elapsed) as loop:
        loop.run()
    return 0


class TimedTumbl(Tumbl):
    """A bot that lives in the day's time."""

    def __init__(self, log: Path, config: Path) -> None:
        super().__init__(log, config)
        self._day: Connection | None = None
        self._running: ForkServerProcess | None = None
        """Set as soon as it can be killed, which another thread may do."""

    def begin(self, offset: float) -> None:
        """Start it at this distance from real time."""
        FORKS.set_forkserver_preload(PRELOADED)
        if self._day is not None:
            self._day.close()
        self._day, its_end = FORKS.Pipe()
        self._fork = FORKS.Process(target=live, args=(self._config, its_end, offset, self.log), daemon=True)
        self._fork.start()
        self._running = self._fork
        its_end.close()

    def pause(self) -> float | None:
        """The pause that it wants next, in seconds; None when it died instead."""
        assert self._day is not None
        try:
            return float(self._day.recv())
        except (EOFError, ConnectionResetError):
            return None

    def go_on(self, offset: float | None) -> None:
        """Let it go on at this distance from real time; None: let it stop."""
        assert self._day is not None
        try:
            self._day.send(offset)
        except (BrokenPipeError, ConnectionResetError):
            return  # it died; the next question for its pause will say so

    def kill_now(self) -> bool:
        """Kill it without waiting for its end; the answer is whether it was alive."""
        process = self._running
        if process is None or not process.is_alive():
            return False
        process.kill()
        return True
