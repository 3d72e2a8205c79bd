"""A cluster of bots: one sandbox, one switchboard and its workers, into which bots move one after the other.

Everything is a real process; only the generator has no model (``stub_generator``), so that a test takes a
second. Each bot has a blog, keys and a database of its own, so tests do not see each other.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytumblr
import requests
from requests_oauthlib import OAuth1Session

from bot_config import Config, load_config
from demo.configuration import KEY_NAMES, demo_settings
from demo.run import client_token
from demo.supervisor import HOME, free_port
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardError
from switchboard.messages import StatusReport
from tests.system.chaos import query
from tests.system.harness import eventually
from tests.system.programs import LONG, Program, Tumbl
from tests.system.writing import Write, at, usual_form, write_of
from tumblr.api.authorize import authorize
from tumblr.turns.kinds import CLOSED
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.faults import Fault
from tumblr_sandbox.records import Call, PostRecord

READY_SECONDS = 120.0
READER = "reader"
"""Somebody in every cluster who reads and asks."""

TRIES = 20
"""How often somebody tries again before they give up."""

PAUSE = 0.03
"""Seconds between two looks."""


class Cluster:
    """The neighbours that all bots share: sandbox, switchboard (``bridge``), generator and selector."""

    def __init__(self, run: Path, **changes: dict[str, Any]) -> None:
        self.run = run
        self.sandbox_port = free_port()
        self.settings = demo_settings(run, run / "no-model", self.sandbox_port, free_port())
        self.settings["candidates"] = {"answer": 3, "textpost": 3}
        del self.settings["images"]  # tests of images say so
        self.settings["tumblr"]["write_format"] = usual_form()
        # A worker that died is a worker with a lease; tests cannot wait a minute for it.
        leases = ("generation_lease_seconds", "raw_select_lease_seconds", "selection_lease_seconds")
        self.settings["switchboard"].update(dict.fromkeys(leases, 1.0))
        merge(self.settings, changes)
        self.config_path = run / "cluster.json"
        self.config_path.write_text(json.dumps(self.settings), encoding="utf-8")
        self.config = load_config(self.config_path)
        database = str(run / "sandbox.sqlite")
        serve = ["-m", "tumblr_sandbox", "serve", "--port", str(self.sandbox_port), "--database", database]
        self.sandbox = Program(run / "sandbox.log", serve)
        self.bridge = self._program("bridge", str(HOME / "bridge_service.py"))
        self.generator = self._program("generator", "-m", "tests.system.stub_generator")
        self.selector = self._program("selector", str(HOME / "selector.py"))
        self.crashing_selector = self._program("mortal-selector", "-m", "tests.system.crashing_selector")
        self.driver = SandboxDriver(f"http://127.0.0.1:{self.sandbox_port}")
        self.client = SwitchboardClient(
            self.config.switchboard.address, client_token(self.config), retry=Retry(attempts=1)
        )
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.callback(self.client.close)
        self._open.enter_context(self.driver)
        for program in (self.sandbox, self.bridge, self.generator, self.selector):
            self._open.callback(program.kill)
            program.start()
        self._open.callback(self.crashing_selector.kill)
        self.driver.wait_until_ready(READY_SECONDS)
        self.driver.set_limits(per_hour=1_000_000, per_day=10_000_000)
        assert eventually(self.is_ready, READY_SECONDS, pause=PAUSE), self.bridge.said()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _program(self, name: str, *arguments: str) -> Program:
        return Program(self.run / f"{name}.log", [*arguments, "--config", str(self.config_path)])

    def status(self) -> StatusReport | None:
        """What the switchboard says of itself; None while it does not answer."""
        try:
            return self.client.status()
        except SwitchboardError:
            return None

    def is_ready(self) -> bool:
        """Whether the switchboard knows a generator and a selector."""
        status = self.status()
        return status is not None and {"generator", "selector"} <= {str(w.role) for w in status.workers}

    def is_busy(self) -> bool:
        """Whether the switchboard has something in hand, or may have."""
        status = self.status()
        return status is None or status.open_jobs > 0

    def restart(self, program: Program) -> None:
        """Kill a program and start it again."""
        program.kill()
        program.start()

    def repair(self) -> None:
        """Start whatever a test has left dead, and take away its faults."""
        self.driver.clear_faults()
        self.crashing_selector.kill()
        for program in (self.sandbox, self.bridge, self.generator, self.selector):
            if not program.is_up:
                program.start()
        assert eventually(self.is_ready, READY_SECONDS, pause=PAUSE)


class RunningBot:
    """A bot of one's own in the cluster: a blog, its keys, a database, and the real ``tumbl.py``."""

    def __init__(self, cluster: Cluster, blog: str, **changes: dict[str, Any]) -> None:
        self.cluster = cluster
        self.driver = cluster.driver
        self.blog = blog
        self.folder = cluster.run / blog
        self.folder.mkdir()
        keys = cluster.driver.create_user(blog)
        dash_keys = cluster.driver.create_user(f"{blog}-dash")
        self._consumers = {keys.consumer_key, dash_keys.consumer_key}
        make_client: Any = pytumblr.TumblrRestClient
        self.owner = make_client(*self._owners_keys(), host=cluster.driver.base_url)
        self.dash_owner = make_client(*dash_keys.strings(), host=cluster.driver.base_url)
        settings = json.loads(json.dumps(cluster.settings))
        settings["blog"]["blog_name"] = blog
        settings["tumblr"].update(
            base_keys=[dict(zip(KEY_NAMES, keys.strings(), strict=True))],
            dashboard_keys=[dict(zip(KEY_NAMES, dash_keys.strings(), strict=True))],
            database=str(self.database),
            settle_seconds=0.2,
            late_seconds=0.2,
            write_timeout_seconds=0.5,
        )
        settings["loop"].update(
            sleep_seconds=0.1,
            offpeak_sleep_seconds=0.1,
            poll_seconds=0.1,
            retry_base_seconds=0.2,
        )
        settings["queue"]["write_when_below"] = 0
        merge(settings, changes)
        self.config_path = self.folder / "config.json"
        self.config_path.write_text(json.dumps(settings), encoding="utf-8")
        self.tumbl = Tumbl(self.folder / "tumbl.log", self.config_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tumbl.kill()

    @property
    def database(self) -> Path:
        """The file in which the bot remembers."""
        return self.folder / "tumbl.sqlite"

    @property
    def config(self) -> Config:
        """The configuration as it is in the file."""
        return load_config(self.config_path)

    def change(self, section: str, **settings: Any) -> None:
        """Change settings; they count from the next start."""
        content = json.loads(self.config_path.read_text(encoding="utf-8"))
        content.setdefault(section, {}).update(settings)
        self.config_path.write_text(json.dumps(content), encoding="utf-8")

    def _owners_keys(self) -> tuple[str, str, str, str]:
        """Keys with which the blog's owner does what people do on tumblr's pages: another application's."""
        key, secret, *_ = self.cluster.driver.create_user(f"{self.blog}-site").strings()
        site = self.cluster.driver.base_url

        def say_yes(page: str) -> str:
            with requests.get(f"{page}&user={self.blog}", allow_redirects=False, timeout=LONG) as reply:
                return reply.headers["Location"]

        with OAuth1Session(key, client_secret=secret, callback_uri="https://example.org/") as session:
            token = authorize(session, site, say_yes)
        return key, secret, token.token, token.secret

    # Living

    def dies_at(self, *points: str) -> None:
        """Start the bot and let it die, once for each of these fail points."""
        for point in points:
            self.tumbl.start(fail_point=point)
            self.tumbl.wait_for_death()

    def lives_until(self, look: Callable[[], object]) -> None:
        """Start the bot, and stop it when something has happened and two more passes are over."""
        if not self.tumbl.is_up:
            self.tumbl.start()
        self.waits_until(look)
        self.passes(2)
        assert self.tumbl.stop() == 0, self.tumbl.said()

    def waits_until(self, look: Callable[[], object]) -> None:
        """Return when something has happened; fail when it has not in time."""
        assert eventually(lambda: bool(look()), LONG, pause=PAUSE), self.tumbl.said()[-3000:]

    def passes(self, number: int) -> None:
        """Wait until the bot has looked into its inbox so many more times."""
        before = self._looks()
        self.waits_until(lambda: self._looks() >= before + number)

    def _looks(self) -> int:
        """How often the bot has begun to read its inbox; it may be pages long."""
        pages = self.calls("*/posts/submission")
        return sum(1 for page in pages if page.parameters.get("offset", "0") == "0")

    def settled(self, turns: int) -> bool:
        """Whether there are so many turns, none of them open."""
        states = self.states()
        return sum(states.values()) == turns and set(states) <= CLOSED

    def tag(self, post_id: str, *tags: str) -> None:
        """Give a post other tags, as the blog's owner does, who tries again when tumblr fails."""
        fields = {"id": post_id, "tags": ",".join(tags)}
        path = f"/v2/blog/{self.blog}/post/edit"
        for _ in range(TRIES):
            with suppress(requests.RequestException):
                if "meta" not in self.owner.send_api_request("post", path, fields, list(fields)):
                    return
        raise AssertionError(f"post {post_id} cannot be tagged")

    # Looking

    def posts(self, *states: str) -> list[PostRecord]:
        """The bot's posts in the given states, or in all but the inbox."""
        return [
            post
            for post in self.driver.posts(self.blog)
            if (post.state in states if states else post.state != "submission")
        ]

    def answers(self) -> Counter[str]:
        """How often each question stands answered."""
        return Counter(post.question for post in self.posts() if post.question is not None)

    def calls(self, path: str, method: str | None = None) -> list[Call]:
        """The calls that this bot has made, with either account."""
        return [call for call in self.driver.calls(path=path, method=method) if self.has_made(call)]

    def has_made(self, call: Call) -> bool:
        """Whether it was the bot that called, and not its owner."""
        return call.consumer in self._consumers

    def writes(self) -> list[Call]:
        """The calls with which this bot wanted to change something."""
        return [call for call in self.calls("*") if call.method != "GET"]

    def written(self) -> list[str]:
        """What it wanted to change, in the order of the calls."""
        return [write_of(call) for call in self.writes()]

    def add_fault(self, fault: Fault, write: Write) -> None:
        """Have a fault befall a kind of write, in the form that the bot writes in."""
        self.driver.add_fault(at(fault, self.config.tumblr.write_format, write))

    def submissions(self) -> int:
        """How many different texts the bot has asked for."""
        asked = [line for line in self.tumbl.said().splitlines() if "text requested" in line]
        return len({line.partition("job=")[2] for line in asked if "endpoint=answer" in line})

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the bot's memory; empty while there is none."""
        return query(self.database, sql) if self.database.exists() else []

    def states(self) -> Counter[str]:
        """How many turns are in each state."""
        try:
            return Counter(dict(self.query("SELECT state, count(*) FROM turns GROUP BY state")))
        except sqlite3.OperationalError:  # the file is there before its tables are
            return Counter()

    def damages(self) -> list[str]:
        """What is wrong with the bot's memory, in words: empty is what one wants."""
        found = [str(row) for row in self.query("PRAGMA integrity_check") if row != ("ok",)]
        logged = Counter(post_id for (post_id,) in self.query("SELECT post_id FROM post_log"))
        found += [f"post {post} is logged {count} times" for post, count in logged.items() if count > 1]
        closed = self.query("SELECT post_id FROM turns WHERE state IN ('posted', 'drafted')")
        found += [f"post {post} is not logged" for (post,) in closed if post not in logged]
        there = {post.id for post in self.posts()} | {post.genesis_id for post in self.posts()}
        found += [f"post {post} is in the log and nowhere else" for post in logged if post not in there]
        return found


MoveIn = Callable[..., RunningBot]
"""Makes a bot of the given blog name, with changed settings, that leaves when the test is over."""


def merge(settings: dict[str, Any], changes: dict[str, dict[str, Any]]) -> None:
    """Change some settings of some sections."""
    for section, values in changes.items():
        settings[section] = {**settings.get(section, {}), **values}
