"""The process: started, stopped, killed and started again; and several clients at once."""

from __future__ import annotations

import base64
import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from bench import ROOT, SandboxProcess, Served, client_of, edit
from tumblr_sandbox.__main__ import parse_arguments
from tumblr_sandbox.demo_accounts import DEMO_BLOG, PEOPLE, demo_keys
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.server import listen

POSTS = 200


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "deeper" / "sandbox.sqlite"


@pytest.fixture
def process(database: Path) -> Iterator[SandboxProcess]:
    process = SandboxProcess(database, "--seed-demo")
    yield process
    process.kill()


def everything(url: str, database: Path) -> dict[str, Any]:
    """What the API says, as the bot sees it."""
    client = client_of(url, demo_keys(DEMO_BLOG, database))
    lists = {
        "posts": client.posts("frank", notes_info=True, reblog_info=True),
        "npf": client.posts("frank", npf=True),
        "queue": client.queue("frank"),
        "drafts": client.drafts("frank"),
        "submission": client.submission("frank"),
        "dashboard": client.dashboard(limit=50),
        "following": client.blog_following("frank"),
        "info": client.info(),
    }
    for found in lists.values():
        assert "errors" not in found
    return lists


def without_address(answer: Any, url: str) -> str:
    return repr(answer).replace(url, "")


def test_killed_and_started_again_it_says_the_same(process: SandboxProcess, database: Path) -> None:
    client = client_of(process.url, demo_keys(DEMO_BLOG, database))
    with SandboxDriver(process.url) as driver:
        asks = [driver.ask(DEMO_BLOG, f"question {n}", PEOPLE[n % 4].name) for n in range(4)]
    edit(client, DEMO_BLOG, id=asks[0], answer="<p>a</p>", state="published")
    edit(client, DEMO_BLOG, id=asks[1], answer="<p>b</p>", state="draft")
    client.create_text(DEMO_BLOG, body="<p>c</p>", state="queue")
    before = without_address(everything(process.url, database), process.url)
    last = client.create_text(DEMO_BLOG, body="<p>the last word</p>")
    process.end(signal.SIGKILL)

    again = SandboxProcess(database, "--seed-demo")
    try:
        client = client_of(again.url, demo_keys(DEMO_BLOG, database))
        # What was answered before the kill is there, and ids go on rising.
        assert client.posts(DEMO_BLOG)["posts"][0]["id"] == last["id"]
        assert client.create_text(DEMO_BLOG, body="<p>x</p>", state="draft")["id"] > last["id"]
        client.delete_post(DEMO_BLOG, client.drafts(DEMO_BLOG)["posts"][0]["id"])
        client.delete_post(DEMO_BLOG, last["id"])
        assert without_address(everything(again.url, database), again.url) == before
        assert not any("made the demo" in line for line in again.lines)
    finally:
        again.kill()


def test_killed_in_the_middle_of_writing_it_loses_nothing_answered(
    process: SandboxProcess, database: Path
) -> None:
    def write(name: str) -> list[int]:
        client = client_of(process.url, demo_keys(name, database))
        made: list[int] = []
        try:
            while True:
                made.append(client.create_text(name, body=f"<p>{len(made)}</p>")["id"])
        except (OSError, KeyError):
            return made

    names = [person.name for person in PEOPLE[:2]]
    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write, name) for name in names]
        with SandboxDriver(process.url) as driver:
            while len(driver.posts(names[0])) < 10:
                time.sleep(0.01)
        process.end(signal.SIGKILL)
        answered = {name: writer.result() for name, writer in zip(names, writers, strict=True)}

    again = SandboxProcess(database)
    try:
        with SandboxDriver(again.url) as driver:
            for name, made in answered.items():
                kept = {int(post.id) for post in driver.posts(name)}
                assert set(made) <= kept
                # Of what was not answered at most one post was under way.
                assert len(kept - set(made)) <= 2
    finally:
        again.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_stop(process: SandboxProcess, number: signal.Signals) -> None:
    assert process.end(number) == 0
    assert "stopped" in process.lines[-1]
    assert not any("Traceback" in line for line in process.lines)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tumblr_sandbox", "serve", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as holder:
        holder.listen()
        port = str(holder.getsockname()[1])
        ended = run("--port", port, "--database", str(tmp_path / "x.sqlite"))
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line == (
        f"error: port {port} of 127.0.0.1 is taken - stop what listens there, or choose another --port"
    )


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_text("not a database " * 100)
    ended = run("--port", "0", "--database", str(path))
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"error: cannot open the database {path}")
    assert "--database" in line


def test_it_listens_on_this_machine_only_unless_told_otherwise() -> None:
    assert parse_arguments(["serve"]).host == "127.0.0.1"
    assert parse_arguments(["serve", "--host", "0.0.0.0"]).host == "0.0.0.0"


def test_queued_posts_at_an_interval(tmp_path: Path) -> None:
    database = tmp_path / "x.sqlite"
    process = SandboxProcess(database, "--seed-demo", "--publish-queue-every", "0.1")
    try:
        client = client_of(process.url, demo_keys(DEMO_BLOG, database))
        made = client.create_text(DEMO_BLOG, body="<p>soon</p>", state="queue")
        with SandboxDriver(process.url) as driver:
            while made["id_string"] not in {post.genesis_id for post in driver.posts(DEMO_BLOG)}:
                time.sleep(0.05)
            assert driver.posts(DEMO_BLOG, "queued") == []
    finally:
        process.kill()


def test_two_clients_at_once_lose_no_post(served: Served) -> None:
    keys = {name: served.driver.create_user(name) for name in ("left", "right")}

    def write(name: str) -> list[int]:
        client = served.client(keys[name])
        return [
            client.create_text(name, body=f"<p>{n}</p>", state="published" if n % 2 else "queue")["id"]
            for n in range(POSTS // 2)
        ]

    with ThreadPoolExecutor(2) as pool:
        made = dict(zip(keys, pool.map(write, keys), strict=True))
    for name, given in made.items():
        assert given == sorted(given)
        assert {int(post.id) for post in served.driver.posts(name)} == set(given)
    assert len({*made["left"], *made["right"]}) == POSTS


def test_pictures_of_59_megapixels_and_all_their_thumbnails_at_once(
    process: SandboxProcess, database: Path
) -> None:
    """One alone is up to 236 MB when it is unpacked, and as much again while it is resized."""
    saved = io.BytesIO()
    Image.new("P", (8400, 7000)).save(saved, "PNG")
    fields = {"type": "photo", "data64": base64.b64encode(saved.getvalue()).decode()}
    client = client_of(process.url, demo_keys(DEMO_BLOG, database))
    with ThreadPoolExecutor(8) as pool:
        post_one = partial(client.send_api_request, "post", f"/v2/blog/{DEMO_BLOG}/post", fields)
        made = list(pool.map(post_one, [list(fields)] * 4))
        (post,) = client.posts(DEMO_BLOG, id=made[0]["id"])["posts"]
        (photo,) = post["photos"]
        smaller = [size for size in photo["alt_sizes"] if size["width"] < 8400]
        assert len(smaller) == 8
        shown = list(pool.map(lambda size: _pixels(size["url"]), smaller * 4))
    assert shown == [(size["width"], size["height"]) for size in smaller * 4]
    assert process.most_memory() < 900 * 1024 * 1024


def _pixels(url: str) -> tuple[int, int]:
    with requests.get(url, timeout=120) as reply, Image.open(io.BytesIO(reply.content)) as image:
        return image.size
