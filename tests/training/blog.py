"""A sandbox in this process with a blog for the bot, and the training commands configured for it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tumblr_sandbox.app import create_app
from tumblr_sandbox.demo_accounts import demo_keys
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet
from tumblr_sandbox.server import SandboxServer, listen
from tumblr_sandbox.world import open_world

BLOG = "frank"
KEY_NAMES = ("consumer_key", "consumer_secret", "token", "token_secret")


@dataclass(frozen=True)
class Blog:
    """The bot's blog in a sandbox."""

    driver: SandboxDriver
    keys: KeySet
    folder: Path

    def configure(self, name: str = "config.json", **sections: Any) -> Path:
        """A configuration file for it; ``sections`` come on top."""
        settings: dict[str, Any] = {
            "blog": {"blog_name": BLOG},
            "tumblr": {
                "host": self.driver.base_url,
                "base_keys": [dict(zip(KEY_NAMES, self.keys.strings(), strict=True))],
            },
            "switchboard": {"url": "http://127.0.0.1:9"},
        }
        for section, values in sections.items():
            settings[section] = {**settings.get(section, {}), **values}
        path = self.folder / name
        path.write_text(json.dumps(settings), encoding="utf-8")
        return path


@contextmanager
def sandbox(database: Path, folder: Path) -> Iterator[Blog]:
    """A sandbox over a database, served until the end; the bot's blog is made where it is not there."""
    world = open_world(database, time.time, random.Random(1))
    server = SandboxServer(world, create_app(world), listen("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        with SandboxDriver(f"http://127.0.0.1:{server.port}") as driver:
            driver.wait_until_ready(60)
            driver.set_checks(timestamps=False)  # the clock may be turned, and clients sign with real time
            keys = demo_keys(BLOG, database) if BLOG in driver.users() else driver.create_user(BLOG)
            yield Blog(driver, keys, folder)
    finally:
        server.stop()
        thread.join(30)
        world.close()


@contextmanager
def blog_in_sandbox(folder: Path, *people: str) -> Iterator[Blog]:
    """A sandbox with the bot's blog and some people's."""
    with sandbox(folder / "sandbox.sqlite", folder) as blog:
        for name in people:
            blog.driver.create_user(name)
        yield blog
