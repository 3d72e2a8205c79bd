"""A real sandbox with people in it, and a bot's ways to read and to write there, in every form."""

from __future__ import annotations

import io
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from PIL import Image

from munging.thread import Identity
from tumblr.api.block_writer import BlockWriter
from tumblr.api.client import TumblrReader
from tumblr.api.models import ReadingRules, TumblrPost
from tumblr.api.rate_limits import Budget
from tumblr.api.transport import ReadRequest, WriteRequest
from tumblr.api.writer import HtmlWriter, ReblogTarget, TumblrWriter
from tumblr.settings import ApiKeys
from tumblr_sandbox.app import create_app
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import PostRecord
from tumblr_sandbox.server import SandboxServer, listen
from tumblr_sandbox.world import open_world

FRANK = Identity(blog="frank", persona="Frank")
PATIENCE = 60.0
"""Seconds: the machine may be busy."""


def png(width: int = 40, height: int = 30) -> bytes:
    """A picture."""
    saved = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 90)).save(saved, "PNG")
    return saved.getvalue()


@dataclass(frozen=True)
class Place:
    """A sandbox with people in it, and frank's ways to read and write."""

    driver: SandboxDriver
    readers: dict[str, TumblrReader]
    writers: dict[str, TumblrWriter]

    def read(self, post_id: str) -> tuple[TumblrPost, TumblrPost]:
        """A post in both forms."""
        found = [reader.post(post_id) for reader in self.readers.values()]
        assert found[0] is not None
        assert found[1] is not None
        return found[0], found[1]

    def record(self, post_id: str) -> PostRecord:
        """A post as the sandbox keeps it."""
        return next(post for post in self.driver.posts("frank") if post.id == post_id)

    def target(self, blog: str, post_id: str) -> ReblogTarget:
        """A post of somebody's as it is reblogged."""
        found = next(post for post in self.driver.posts(blog) if post.id == post_id)
        return ReblogTarget(blog, post_id, found.reblog_key)

    def relax(self) -> None:
        """No faults, and limits that are far away."""
        self.driver.clear_faults()
        self.driver.set_limits(per_hour=100_000, per_day=100_000, posts_per_day=10_000)


@contextmanager
def sandboxed(folder: Path) -> Iterator[Place]:
    """A sandbox on a free port, in this process."""
    world = open_world(folder / "sandbox.sqlite", time.time, random.SystemRandom())
    server = SandboxServer(world, create_app(world), listen("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    host = f"http://127.0.0.1:{server.port}"
    with SandboxDriver(host) as driver, requests.Session() as session:
        driver.wait_until_ready()
        strings = driver.create_user("frank").strings()
        keys = ApiKeys.model_validate(dict(zip(ApiKeys.model_fields, strings, strict=True)))
        for name in ("bob", "ann"):
            driver.create_user(name)
        budget = Budget(time.time)
        read = ReadRequest(keys, host, session, budget, timeout_seconds=PATIENCE, max_tries=1)
        write = WriteRequest(keys, host, session, budget, timeout_seconds=PATIENCE)
        rules = ReadingRules(FRANK, images=True)
        place = Place(
            driver,
            {form: TumblrReader(read, rules, npf=form == "npf") for form in ("npf", "legacy")},
            {"blocks": BlockWriter(write, read, "frank"), "html": HtmlWriter(write, "frank")},
        )
        place.relax()
        yield place
    server.stop()
    thread.join(10)
    world.close()
