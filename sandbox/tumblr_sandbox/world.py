"""The parts of a running sandbox that all its faces share; none of them knows a face."""

from __future__ import annotations

import fnmatch
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import structlog
from flask import current_app

from tumblr_sandbox.clock import SandboxClock
from tumblr_sandbox.faults import Faults, KeptFaults
from tumblr_sandbox.records import Call
from tumblr_sandbox.services.limits import Limits
from tumblr_sandbox.services.posting import Writer
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import all_blogs
from tumblr_sandbox.store.database import Database, get_setting, put_setting
from tumblr_sandbox.store.posts import StoredPost

log = structlog.get_logger()

KEPT_CALLS = 10_000


@dataclass
class Checks:
    """OAuth checks that can be switched off for simulated time."""

    nonces: bool = True
    timestamps: bool = True


class CallLog:
    """The latest calls. Safe to share by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._next = 1

    def add(self, call: Call) -> None:
        """Keep a call; its number is given here."""
        with self._lock:
            self._calls.append(call.model_copy(update={"number": self._next}))
            self._next += 1

    def find(self, *, after: int = 0, path: str = "*", method: str | None = None) -> list[Call]:
        """Calls later than a number whose path fits a shell pattern, oldest first."""
        with self._lock:
            calls = list(self._calls)
        return [
            call
            for call in calls
            if call.number > after
            and fnmatch.fnmatchcase(call.path, path)
            and (method is None or call.method == method.upper())
        ]

    def users(self) -> set[str]:
        """The users that programs signed calls as recently."""
        with self._lock:
            return {call.user for call in self._calls if call.user is not None}


@dataclass
class World:
    """One sandbox: its memory, its clock, and the switches of the control face."""

    database: Database
    clock: SandboxClock
    rng: random.Random
    limits: Limits = field(default_factory=Limits)
    checks: Checks = field(default_factory=Checks)
    calls: CallLog = field(default_factory=CallLog)
    closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.faults = self._kept_faults()
        self.writer = Writer(self.rng, self.limits)

    def publish_due(self) -> None:
        """Publish queued posts whose time has come."""
        now = self.clock.now()
        with self.database.read() as connection:
            if not posts.anything_due(connection, now):
                return
        with self.database.write() as connection:
            published = self.writer.publish_due(connection, now)
        _log_published(published)

    def publish_next_of_every_queue(self) -> None:
        """Publish the front of every queue, whatever its slot."""
        with self.database.write() as connection:
            now = self.clock.now()
            fronts = [self.writer.publish_next(connection, blog, now) for blog in all_blogs(connection)]
        _log_published([post for post in fronts if post is not None])

    def set_clock_offset(self, seconds: float) -> None:
        """Set the clock to this much ahead of its source, now and after a restart."""
        with self.database.write() as connection:
            put_setting(connection, "clock_offset", seconds)
        self.clock.offset = seconds
        self.publish_due()

    def set_limits(self, figures: Mapping[str, int]) -> None:
        """Set some of the limits' figures, now and after a restart."""
        for name, value in figures.items():
            setattr(self.limits, name, value)
        self._put("limits", vars(self.limits))

    def set_checks(self, *, nonces: bool, timestamps: bool) -> None:
        """Switch OAuth's checks, now and after a restart."""
        self.checks.nonces, self.checks.timestamps = nonces, timestamps
        self._put("checks", vars(self.checks))

    def _put(self, name: str, value: object) -> None:
        with self.database.write() as connection:
            put_setting(connection, name, value)

    def _kept_faults(self) -> Faults:
        with self.database.read() as connection:
            kept = KeptFaults.model_validate(get_setting(connection, "faults", {}))
        return Faults(self.rng, kept, lambda now: self._put("faults", now.model_dump(mode="json")))

    def close(self) -> None:
        """Wake whoever waits, and let go of the database."""
        self.closing.set()
        self.database.close()


def _log_published(published: list[StoredPost]) -> None:
    for post in published:
        log.info("queued post came due", post=post.id, was=post.genesis_id, state=post.state)


def open_world(path: Path, source: Callable[[], float], rng: random.Random) -> World:
    """Open the sandbox kept in a file, or a new one."""
    database = Database(path)
    with database.read() as connection:
        offset = float(get_setting(connection, "clock_offset", 0.0))
        limits = Limits(**get_setting(connection, "limits", {}))
        checks = Checks(**get_setting(connection, "checks", {}))
    return World(database, SandboxClock(source, offset), rng, limits, checks)


def this_world() -> World:
    """The world that the current request belongs to."""
    return cast("World", current_app.extensions["sandbox"])
