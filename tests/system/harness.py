"""A whole bot for a test: the real processes on free ports, and the questions a reader would ask of it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import pytumblr

from bot_config import load_config
from bot_lifecycle import Shutdown
from demo.configuration import sandbox_database, write_demo_config
from demo.run import lift_call_limits, wait_until_ready
from demo.supervisor import HOME, Supervised, free_port
from tests.system.writing import usual_form
from tumblr_sandbox.demo_accounts import DEMO_BLOG, demo_keys
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import PostRecord

T = TypeVar("T")

FOUR = ("bridge", "generator", "selector", "tumbl")

WRITING_SECONDS = 200.0
"""How long a text is waited for where three bots share two busy cores; a test that passes waits for less."""


def eventually(look: Callable[[], T], seconds: float, *, pause: float = 0.2) -> T:
    """Look again until the answer is true, at most for ``seconds``; the answer is the last look's."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(pause)
    return seen


def write_fewer(config_path: Path, candidates: int) -> None:
    """Change a configuration so that so many candidates are written of every text."""
    change(config_path, "candidates", answer=candidates, fiction_or_review=candidates, textpost=candidates)


def change(config_path: Path, section: str, **values: Any) -> None:
    """Change some settings of a section."""
    settings = json.loads(config_path.read_text(encoding="utf-8"))
    settings[section] = {**settings.get(section, {}), **values}
    config_path.write_text(json.dumps(settings), encoding="utf-8")


class RunningDemo:
    """The sandbox and the four processes, ready, for as long as the context lasts."""

    def __init__(
        self,
        run: Path,
        *,
        model: Path = HOME / "demo" / "models" / "tiny",
        people: int = 0,
        people_speed: float = 1.0,
        candidates: int = 0,
    ) -> None:
        """With ``people`` the bot follows as well, as in ``make run``.

        ``candidates`` is how many are written of every text, where fewer than usual will do.
        """
        self.run = run
        self.port = free_port()
        self.config_path = write_demo_config(run, model, self.port, free_port(), follows=bool(people))
        change(self.config_path, "tumblr", write_format=usual_form())
        if candidates:
            write_fewer(self.config_path, candidates)
        self.config = load_config(self.config_path)
        self.supervised = Supervised(
            run, self.config_path, self.port, people=people, people_speed=people_speed
        )
        self.driver = SandboxDriver(f"http://127.0.0.1:{self.port}")
        make_client: Any = pytumblr.TumblrRestClient
        keys = demo_keys(DEMO_BLOG, sandbox_database(run))
        self.client = make_client(*keys.strings(), host=f"http://127.0.0.1:{self.port}")
        self._open = ExitStack()

    def __enter__(self) -> RunningDemo:
        self._open.enter_context(self.driver)
        self._open.enter_context(self.supervised)
        try:
            assert wait_until_ready(self.supervised, self.config, Shutdown())
            lift_call_limits(self.port)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def kill(self, name: str) -> int:
        """Kill one of the four with SIGKILL, if it is up; supervisord starts it again. Gives the old pid."""
        process = self.supervised.processes().get(name)
        if process is not None and process.pid:
            os.kill(process.pid, signal.SIGKILL)
            return process.pid
        return 0

    def logged(self, name: str, event: str) -> int:
        """How often a process has logged an event."""
        lines = (self.run / "log" / f"{name}.log").read_text(encoding="utf-8").splitlines()
        return sum(f" {event}  " in line for line in lines)

    def posts(self, *states: str) -> list[PostRecord]:
        """The bot's posts in the given states, or in any."""
        posts = self.driver.posts(DEMO_BLOG)
        return [post for post in posts if not states or post.state in states]

    def answers_of(self, questions: Iterable[str]) -> Counter[str]:
        """How often each question stands answered on the blog, in its drafts or in its queue."""
        wanted = set(questions)
        answered = self.posts("published", "draft", "queued")
        return Counter(post.question for post in answered if post.question in wanted)

    def logs(self) -> dict[str, str]:
        """What each process has logged, by its name."""
        return {path.stem: path.read_text(encoding="utf-8") for path in (self.run / "log").glob("*.log")}
