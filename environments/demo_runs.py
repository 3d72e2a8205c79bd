"""The demo as a user starts it: waited for, asked something, and looked at from outside."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from demo.supervisor import free_port
from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.demo_accounts import PEOPLE as PEOPLE_WITH_ACCOUNTS
from tumblr_sandbox.driver import DriverError, SandboxDriver

READY_SECONDS = 600.0
ANSWER_SECONDS = 300.0
STOP_SECONDS = 60.0
PAUSE = 0.1
PEOPLE = "0"
"""Nobody else asks, so that the answer that is waited for is the first one."""


class CaseFailed(Exception):  # noqa: N818 - named for what happened
    """The commands do not work in an environment; the text says what was seen."""


@dataclass
class Demo:
    """A demo that was started; ``said`` is what it has printed so far."""

    process: subprocess.Popen[str]
    run: Path
    port: int
    switchboard_port: int
    began: float
    said: list[str] = field(default_factory=list)

    def wait_until_ready(self) -> None:
        """Read what it prints until it names its page. Raises CaseFailed if it ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())
            if "Ask the bot something" in line:
                return
        raise CaseFailed(f"the demo ended with status {self.process.wait()}: {' / '.join(self.said[-3:])}")

    def answer(self) -> float:
        """Ask something; the seconds from the demo's start until the answer is there. Raises CaseFailed."""
        question = f"what do you think about the sea? ({time.time_ns()})"
        with SandboxDriver(f"http://127.0.0.1:{self.port}", timeout_seconds=60) as driver:
            driver.ask(DEMO_BLOG, question, PEOPLE_WITH_ACCOUNTS[0].name)

            def answered() -> bool:
                with suppress(DriverError, OSError):
                    return any(post.question == question for post in driver.posts(DEMO_BLOG, "published"))
                return False

            if not eventually(answered, ANSWER_SECONDS):
                raise CaseFailed("the question was not answered")
        return time.monotonic() - self.began

    def pids(self) -> dict[str, int]:
        """The demo's processes by name, as its folder's name in their command lines tells them."""
        found: dict[str, int] = {"demo": self.process.pid}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_bytes().decode(errors="replace")
                if str(self.run) in command and int(process.name) != self.process.pid:
                    name = re.search(r"demo\.supervisor|tumblr_sandbox|\w+(?=\.py)", command)
                    found[name.group() if name else process.name] = int(process.name)
        return found


def command_of(python: str | Path, run: Path, *ports: int) -> list[str]:
    """The command behind ``make run``."""
    options = ["--port", str(ports[0]), "--switchboard-port", str(ports[1]), "--run", str(run)]
    return [str(python), "-u", "-m", "demo.run", *options, "--people", PEOPLE, "--model", "tiny"]


@contextmanager
def started(
    home: Path,
    run: Path,
    *,
    python: str | Path = sys.executable,
    prefix: Sequence[str] = (),
    changes: Mapping[str, str] | None = None,
    user: int | None = None,
) -> Iterator[Demo]:
    """Start the demo of the checkout ``home`` in ``run``; whatever is left of it is killed at the end."""
    port, switchboard_port = free_port(), free_port()
    began = time.monotonic()
    with subprocess.Popen(
        [*prefix, *command_of(python, run, port, switchboard_port)],
        cwd=home,
        env={**os.environ, **(changes or {})},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        demo = Demo(process, run, port, switchboard_port, began)
        pids: dict[str, int] = {}
        try:
            yield demo
            pids = demo.pids()
        finally:
            process.send_signal(signal.SIGTERM)
            eventually(lambda: process.poll() is not None, STOP_SECONDS)
            process.kill()
            for pid in pids.values():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return True


def all_gone(pids: Mapping[str, int]) -> bool:
    """Whether all processes have ended; those that nobody has waited for yet count as ended."""
    return not still_there(pids)


def still_there(pids: Mapping[str, int]) -> list[str]:
    """The names of the processes that have not ended."""
    return [name for name, pid in pids.items() if not _is_gone(pid)]


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
