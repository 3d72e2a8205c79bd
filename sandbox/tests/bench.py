"""A sandbox on a bench: its world with a clock one turns by hand, served on a free port or not at all."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytumblr
from flask import Flask

from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.people.residents import residents_of
from tumblr_sandbox.records import KeySet
from tumblr_sandbox.server import SandboxServer, listen
from tumblr_sandbox.services.signup import make_user, random_keys
from tumblr_sandbox.store.accounts import BlogSettings
from tumblr_sandbox.world import World, open_world

ROOT = Path(__file__).resolve().parent.parent
SERVING = re.compile(r"serving\s+url=(\S+)")


class FakeClock:
    """Unix seconds that move only when told to."""

    def __init__(self, start: float) -> None:
        self.time = start

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


def new_world(path: Path, clock: FakeClock, seed: int = 2021) -> World:
    """A world in a file, with the same random draws every time."""
    return open_world(path, clock, random.Random(seed))


def make_person(world: World, name: str) -> KeySet:
    """A user with random keys."""
    keys, settings = random_keys(world.rng), BlogSettings(title=name.title())
    with world.database.write() as connection:
        make_user(connection, name, keys, now=world.clock.now(), rng=world.rng, settings=settings)
    return keys


class Served:
    """A world behind real HTTP on a free port, in a thread of this process."""

    def __init__(self, world: World, app: Flask) -> None:
        self.world = world
        self.residents = residents_of(app)
        self._server = SandboxServer(world, app, listen("127.0.0.1", 0), threads=6)
        self._thread = threading.Thread(target=self._server.run)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.driver = SandboxDriver(self.url)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.driver.close()
        self._server.stop()
        self._thread.join()

    def client(self, keys: KeySet) -> Any:
        """The unmodified public client."""
        return client_of(self.url, keys)


def client_of(url: str, keys: KeySet) -> Any:
    """pytumblr, as anybody installs it; its parameters are not typed."""
    make: Any = pytumblr.TumblrRestClient
    return make(*keys.strings(), host=url)


def edit(client: Any, blog: str, **fields: object) -> Any:
    """Edit a post with any fields: pytumblr's own method knows no ``answer``."""
    return client.send_api_request("post", f"/v2/blog/{blog}/post/edit", fields, list(fields))


def get(client: Any, path: str, **query: object) -> Any:
    """Get any address with any parameters, signed."""
    return client.send_api_request("get", path, query, list(query))


class SandboxProcess:
    """``python -m tumblr_sandbox serve`` as a process of its own, on a free port."""

    def __init__(self, database: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tumblr_sandbox",
                "serve",
                "--port",
                "0",
                "--database",
                str(database),
                *arguments,
            ],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.lines: list[str] = []
        self.url = self._wait_for_url()
        # Nobody would answer once the pipe is full.
        self._reader = threading.Thread(target=self._read_on, daemon=True)
        self._reader.start()

    def _wait_for_url(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line)
            found = SERVING.search(line)
            if found:
                return found.group(1)
        raise AssertionError(f"the sandbox did not start: {self.lines}")

    def _read_on(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self.lines.extend(lines)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait; the answer is the exit status."""
        self._process.send_signal(number)
        self._process.wait(timeout=20)
        self._reader.join()
        return self._process.returncode

    def most_memory(self) -> int:
        """The most resident memory that it ever had, in bytes (Linux)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def kill(self) -> None:
        """Let it end as a crash would, if it has not ended yet."""
        if self._process.poll() is None:
            self.end(signal.SIGKILL)
