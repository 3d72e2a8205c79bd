"""The real neighbours of tumbl.py on loopback: a sandbox, a switchboard, and workers that write at once."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args

from bot_config import load_config
from bridge_service import job_rules, open_store
from switchboard.app import create_app
from switchboard.client import SwitchboardClient
from switchboard.errors import SwitchboardError
from switchboard.messages import (
    GenerationJob,
    GenerationResult,
    GeneratorPoll,
    RawSelectResult,
    SelectionJob,
    SelectionResult,
    SelectorPoll,
)
from switchboard.serving import Server
from switchboard.settings import Role
from tumblr.turns.fail_points import VARIABLE
from tumblr_sandbox.app import create_app as create_sandbox
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet, PostRecord
from tumblr_sandbox.server import SandboxServer, listen
from tumblr_sandbox.world import open_world

ROOT = Path(__file__).resolve().parent.parent.parent
BLOG = "frank"
NUMBERS = itertools.count()
"""Equal candidates would count as one that is sent again."""


class Neighbours:
    """Everything around tumbl.py, for as long as the context lasts; tumbl.py is a process of its own."""

    def __init__(self, folder: Path, **settings: dict[str, Any]) -> None:
        self.folder = folder
        self._settings = settings
        self._stopping = threading.Event()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self.driver = self._open.enter_context(SandboxDriver(self._start_sandbox()))
        self.driver.wait_until_ready()
        self.keys = self.driver.create_user(BLOG)
        self.driver.create_user("bob")
        self.driver.set_limits(per_hour=100_000, per_day=100_000)
        self.config_path = self._write_config()
        self.config = load_config(self.config_path)
        self._start_switchboard()
        for role in (self._generate, self._select):
            self._thread(role)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._open.close()

    def start(self, *options: str, fail_point: str = "") -> subprocess.Popen[str]:
        """Start the real tumbl.py; it is killed at the end if it still runs."""
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tumbl.py"), "--config", str(self.config_path), *options],
            cwd=self.folder,
            env={**os.environ, VARIABLE: fail_point},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._open.callback(_end, process)
        return process

    def posts(self, *states: str) -> list[PostRecord]:
        """The bot's posts in these states."""
        return [post for post in self.driver.posts(BLOG) if post.state in states]

    def rewrite(self, section: str, **settings: Any) -> None:
        """Change settings of the configuration file."""
        content = json.loads(self.config_path.read_text())
        content.setdefault(section, {}).update(settings)
        self.config_path.write_text(json.dumps(content))

    def _start_sandbox(self) -> str:
        world = open_world(self.folder / "sandbox.sqlite", time.time, random.SystemRandom())
        self._open.callback(world.close)
        server = SandboxServer(world, create_sandbox(world), listen("127.0.0.1", 0))
        self._thread(server.run, server.stop)
        return f"http://127.0.0.1:{server.port}"

    def _start_switchboard(self) -> None:
        store = open_store(self.config, time.time)
        self._open.callback(store.close)
        app = create_app(store, self.config.switchboard, job_rules(self.config), time.time)
        server = Server(app, self.config.switchboard, any_port=True)
        self.rewrite("switchboard", port=server.port)
        self.config = load_config(self.config_path)
        self._thread(lambda: server.serve(self._stopping.is_set))

    def _thread(self, run: Callable[[], object], stop: Callable[[], object] | None = None) -> None:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def join() -> None:
            (stop or self._stopping.set)()
            thread.join(10)

        self._open.callback(join)

    def _write_config(self) -> Path:
        path = self.folder / "config.json"
        sections: dict[str, dict[str, Any]] = {
            "blog": {"blog_name": BLOG},
            "tumblr": {
                "host": self.driver.base_url,
                "base_keys": [_key_set(self.keys)],
                "publishing": "automatic",
                "database": str(self.folder / "tumbl.sqlite"),
                "settle_seconds": 0.3,
                "late_seconds": 0.3,
            },
            "loop": {"sleep_seconds": 0.1, "offpeak_sleep_seconds": 0.1, "poll_seconds": 0.1},
            "queue": {"write_when_below": 0},
            "switchboard": {
                "database_url": f"sqlite:///{self.folder / 'switchboard.sqlite'}",
                **{f"{role}_token": f"token-{role}" for role in get_args(Role)},
            },
        }
        for name, changes in self._settings.items():
            sections[name] = {**sections.get(name, {}), **changes}
        path.write_text(json.dumps(sections))
        return path

    def _client(self, role: Role) -> SwitchboardClient:
        client = SwitchboardClient(self.config.switchboard.address, self.config.switchboard.token_of(role))
        self._open.callback(client.close)
        return client

    def _generate(self) -> None:
        client = self._client("generator")
        results: dict[str, Any] = {}
        while not self._stopping.is_set():
            try:
                reply = client.poll_generator(
                    GeneratorPoll(worker="g", results=results, wait=0.2, max_jobs=8, batch_size=8)
                )
            except SwitchboardError:
                self._stopping.wait(0.1)
                continue
            results = {job_id: _written(job) for job_id, job in reply.jobs.items()}

    def _select(self) -> None:
        client = self._client("selector")
        results: dict[str, Any] = {}
        while not self._stopping.is_set():
            try:
                reply = client.poll_selector(SelectorPoll(worker="s", results=results, wait=0.2, max_jobs=8))
            except SwitchboardError:
                self._stopping.wait(0.1)
                continue
            results = {job_id: _selected(job) for job_id, job in reply.SELECTION_PROMPT_STACK.items()}


def _written(job: Any) -> GenerationResult | RawSelectResult:
    token = job.lease.token if job.lease else None
    if not isinstance(job, GenerationJob):
        n = len(job.texts)
        return RawSelectResult(selection_proba=[0.5] * n, sentiment_logit_diffs=[0.7] * n, lease=token)
    n = job.kwargs.best_of
    return GenerationResult(
        continuations=[f"Soup number {next(NUMBERS)} is warm.职#soup<|endoftext|>" for _ in range(n)],
        mirotarg=[2.0] * n,
        selection_proba=[0.5] * n,
        sentiment_logit_diffs=[0.1] * n,
        lease=token,
    )


def _selected(job: SelectionJob) -> SelectionResult:
    n = len(job.continuations)
    return SelectionResult(
        post=job.continuations[0].partition("职")[0],
        tags=["soup"],
        proba=0.5,
        pos_sentiment=0.5,
        all_pos_sentiment=[0.5] * n,
        all_proba=[0.5] * n,
        choice_ix=0,
        choice_index=0,
        mood=job.kwargs.mood,
        base_id=job.base_id,
        lease=job.lease.token if job.lease else None,
    )


def _key_set(keys: KeySet) -> dict[str, str]:
    names = ("consumer_key", "consumer_secret", "token", "token_secret")
    return dict(zip(names, keys.strings(), strict=True))


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.communicate()


def stop(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Stop a process as an operator would; its exit status and its log."""
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    return process.returncode, log


def eventually(look: Callable[[], object], seconds: float = 60.0) -> None:
    """Return when ``look`` is true; fail when it is not in time."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
