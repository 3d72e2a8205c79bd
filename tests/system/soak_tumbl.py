"""The real bot, of this release or an older one, in commanded time, its log turned over by size."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tarfile
import threading
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from demo.supervisor import HOME
from tests.system.programs import LONG
from tumblr.turns.fail_points import VARIABLE

CHILD = """
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from tests.system.timed_tumbl import live
config, handle, offset, log = sys.argv[1:]
live(Path(config), Connection(int(handle)), float(offset), Path(log))
"""

KNOWN_ALONE = """
import json, sys
from bot_config import Config
settings = json.load(open(sys.argv[1]))
def kept(model, values):
    return {name: value for name, value in values.items() if name in model.model_fields}
found = {
    name: kept(Config.model_fields[name].annotation, value) if isinstance(value, dict) else value
    for name, value in kept(Config, settings).items()
}
json.dump(found, open(sys.argv[2], "w"))
"""
"""Leaves out of a configuration what an older release does not know yet."""

LOG_BYTES, LOG_FILES = 10 * 2**20, 5
"""As ``deploy/programs.conf`` has them."""

NO_ROOM = 32 * 1024
"""Bytes that a file may hold on a full disk."""


class TurnedLog(threading.Thread):
    """Writes what a process says into files of bounded size, and looks for mistakes in it."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self.lines = 0
        self.written = 0
        self.mistakes: list[str] = []
        self.states: Counter[str] = Counter()

    def drink(self, said: IO[bytes]) -> threading.Thread:
        """Take in what is said from now on, until it ends."""
        thread = threading.Thread(target=self._read, args=(said,), daemon=True)
        thread.start()
        return thread

    def _read(self, said: IO[bytes]) -> None:
        with said:
            for line in said:
                self.lines += 1
                self.written += len(line)
                if line.startswith(b"Traceback") or b"Error:" in line[:40]:
                    self.mistakes.append(line.decode(errors="replace").strip())
                self._write(line)

    def _write(self, line: bytes) -> None:
        if self._path.exists() and self._path.stat().st_size + len(line) > LOG_BYTES:
            for number in range(LOG_FILES - 1, 0, -1):
                older = self._path.with_name(f"{self._path.name}.{number}")
                if older.exists():
                    older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        with self._path.open("ab") as file:
            file.write(line)


class SoakTumbl:
    """A bot that asks whoever runs it how long its pauses are."""

    def __init__(self, log: TurnedLog, config: Path) -> None:
        self.log = log
        self.config = config
        self.tree = HOME
        self._process: subprocess.Popen[bytes] | None = None
        self._day: Connection | None = None

    def begin(self, offset: float, fail_point: str = "") -> None:
        """Start it at this distance from real time."""
        if self._day is not None:
            self._day.close()
        self._day, its_end = multiprocessing.Pipe()
        arguments = (str(self.config), str(its_end.fileno()), str(offset), "/dev/stderr")
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, *arguments],
            cwd=self.tree,
            env={**os.environ, VARIABLE: fail_point, "PYTHONPATH": str(self.tree)},
            pass_fds=(its_end.fileno(),),
            stderr=subprocess.PIPE,
        )
        its_end.close()
        assert self._process.stderr is not None
        self.log.drink(self._process.stderr)

    @property
    def pid(self) -> int:
        """Its process id, or 0."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    def pause(self) -> float | None:
        """The pause that it wants next, in seconds; None when it died instead."""
        assert self._day is not None
        try:
            return float(self._day.recv())
        except (EOFError, ConnectionResetError):
            return None

    def go_on(self, offset: float, wrong_by: float = 0.0) -> None:
        """Let it go on at this distance from real time, with a clock that is wrong."""
        assert self._day is not None
        try:
            self._day.send((offset, wrong_by) if wrong_by else offset)
        except (BrokenPipeError, ConnectionResetError):
            return  # it died; the next question for its pause will say so

    def kill(self) -> None:
        """Kill it as by ``kill -9``, if it lives."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait for its end."""
        if self._process is not None:
            self._process.wait(LONG)

    def end(self) -> None:
        """Kill it for good."""
        self.kill()
        self.wait()
        if self._day is not None:
            self._day.close()

    def fill_disk(self, *, full: bool) -> None:
        """Leave no file of its any room to grow, or all of it."""
        if self.pid:
            room = NO_ROOM if full else resource.RLIM_INFINITY
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


def older_release(run: Path, version: str) -> Path | None:
    """The tree of the last commit that had a version, in a folder of its own; None without a history."""
    found = _git("log", "--format=%H", f'-Sversion = "{version}"', "--", "pyproject.toml")
    changed = found.decode().split() if found else []
    archive = _git("archive", f"{changed[0]}^") if changed else b""
    if not archive:
        return None
    tree = run / f"release-{version}"
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(tree, filter="data")
    return tree


def for_older(tree: Path, config: Path) -> Path:
    """A configuration without what an older release does not know."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings.pop("#", None)
    older = config.with_name(f"older-{config.name}")
    command = [sys.executable, "-c", KNOWN_ALONE, str(config), str(older)]
    subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=True)
    return older


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=HOME, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else b""
