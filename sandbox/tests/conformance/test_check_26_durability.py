"""Check 26: two processes of clients and a thousand creations; killed and started again, the same answers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import ROOT, SandboxProcess, client_of, get
from conformance.conftest import png
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet

EACH = 500

pytestmark = [
    # The clients open the files they upload, and never close them.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox in a process of its own."""
    process = SandboxProcess(tmp_path / "sandbox.sqlite")
    yield process
    process.kill()


def creator(url: str, name: str, keys: KeySet) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "conformance.creator",
        url,
        name,
        str(EACH),
        *keys.strings(),
    ]
    return subprocess.Popen(command, cwd=ROOT / "tests", stdout=subprocess.PIPE, text=True)


def restarted(process: SandboxProcess, database: Path) -> SandboxProcess:
    """The sandbox killed, and started again at the same address."""
    process.end(signal.SIGKILL)
    return SandboxProcess(database, "--port", process.url.rpartition(":")[2])


def test_a_thousand_creations_by_two_processes(process: SandboxProcess, tmp_path: Path) -> None:
    with SandboxDriver(process.url) as driver:
        driver.set_limits(per_hour=10_000, per_day=10_000, posts_per_day=10_000)
        keys = {name: driver.create_user(name) for name in ("left", "right")}
    running = [creator(process.url, name, keys[name]) for name in keys]
    made = {
        name: json.loads(one.communicate(timeout=120)[0]) for name, one in zip(keys, running, strict=True)
    }
    assert [one.returncode for one in running] == [0, 0]
    for ids in made.values():
        assert ids == sorted(set(ids))
    assert len({*made["left"], *made["right"]}) == 2 * EACH
    again = restarted(process, tmp_path / "sandbox.sqlite")
    try:
        with SandboxDriver(again.url) as driver:
            for name, ids in made.items():
                assert sorted(int(post.id) for post in driver.posts(name)) == ids
    finally:
        again.kill()


def test_the_same_answers_after_a_kill(process: SandboxProcess, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(png(300, 200))
    with SandboxDriver(process.url) as driver:
        keys = driver.create_user("frank")
        driver.create_user("bob")
        client = client_of(process.url, keys)
        live(client, driver, picture)
    before = everything(client)
    again = restarted(process, tmp_path / "sandbox.sqlite")
    try:
        assert again.url == process.url
        assert everything(client) == before
        newest = max(post["id"] for post in before[0]["posts"])
        assert client.create_text("frank", body="later")["id"] > newest
    finally:
        again.kill()


def live(client: Any, driver: SandboxDriver, picture: Path) -> None:
    """Leave something of every kind."""
    client.follow("bob")
    root = driver.post("bob", "<p>root</p>", tags=["t"])
    (post,) = client.posts("bob")["posts"]
    client.like(post["id"], post["reblog_key"])
    client.reblog("frank", id=root, reblog_key=post["reblog_key"], comment="<p>more</p>")
    client.create_photo("frank", data=str(picture), caption="<p>seen</p>")
    client.create_text("frank", body="d", state="draft")
    client.create_text("frank", body="q", state="queue")
    driver.ask("frank", "Is it?", "bob")
    driver.reply("bob", root, "hi @frank")


def everything(client: Any) -> list[Any]:
    """What a client can read."""
    return [
        client.posts("frank", notes_info=True, reblog_info=True),
        client.posts("frank", npf=True),
        client.posts("bob", notes_info=True),
        client.drafts("frank"),
        client.queue("frank", limit=20),
        client.submission("frank"),
        client.dashboard(),
        client.likes(),
        client.following(),
        client.tagged("t"),
        client.blog_info("frank"),
        client.info(),
        get(client, "/v2/blog/frank/notifications"),
        get(client, "/v2/user/limits"),
    ]
