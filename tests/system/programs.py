"""Programs of ours in processes of their own, to be started, killed and started again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import tumbl
from bot_process import run_process
from demo.supervisor import HOME
from tumblr.turns.fail_points import VARIABLE

FORKS = multiprocessing.get_context("forkserver")
PRELOADED = ["tumbl", "pytest", "tests.system.cluster", "tests.system.timed_tumbl"]
"""What a process that is forked off has imported already."""

LONG = 120.0
"""Seconds after which something that should have happened is said to be missing."""


class Program:
    """A program of ours in a process of its own; its log goes on when it is started again."""

    def __init__(self, log: Path, arguments: Sequence[str]) -> None:
        self.log = log
        self._arguments = [sys.executable, *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, fail_point: str = "") -> None:
        """Start it, with more options than usual or a fail point."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [*self._arguments, *options],
                cwd=HOME,
                env={**os.environ, VARIABLE: fail_point},
                stdout=out,
                stderr=out,
            )

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def wait_for_death(self) -> None:
        """Wait until it has killed itself; anything else is an error."""
        status = self._wait()
        assert status == -signal.SIGKILL, (status, self.said())

    def kill(self) -> None:
        """Kill it as by ``kill -9``."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Stop it as an operator would; the answer is its exit status."""
        return self._end(signal.SIGTERM)

    def _wait(self) -> int:
        assert self._process is not None
        return self._process.wait(LONG)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._wait()

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


class Tumbl(Program):
    """The real ``tumbl.py`` in a process of its own, forked from one that has imported it already.

    Importing takes a second, and a crash case starts the bot many times.
    """

    def __init__(self, log: Path, config: Path) -> None:
        super().__init__(log, [])
        self._config = config
        self._fork: ForkServerProcess | None = None

    def start(self, *options: str, fail_point: str = "") -> None:
        """Start it, with more options than usual or a fail point."""
        FORKS.set_forkserver_preload(PRELOADED)
        arguments = ["--config", str(self._config), *options]
        self._fork = FORKS.Process(target=run_tumbl, args=(arguments, fail_point, self.log), daemon=True)
        self._fork.start()

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self._fork is not None and self._fork.is_alive()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._fork is not None
        assert self._fork.pid is not None
        return self._fork.pid

    def _wait(self) -> int:
        assert self._fork is not None
        self._fork.join(LONG)
        assert self._fork.exitcode is not None, self.said()
        return self._fork.exitcode

    def _end(self, number: signal.Signals) -> int:
        if self.is_up:
            os.kill(self.pid, number)
        return 0 if self._fork is None else self._wait()


def run_tumbl(arguments: list[str], fail_point: str, log: Path) -> None:
    """What ``python tumbl.py`` does, in a process that was forked for it."""
    os.environ[VARIABLE] = fail_point
    with log.open("ab") as out:
        os.dup2(out.fileno(), sys.stdout.fileno())
        os.dup2(out.fileno(), sys.stderr.fileno())
    sys.exit(run_process(lambda: tumbl.main(arguments)))
