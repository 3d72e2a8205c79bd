"""A tumblr that answers as the sandbox once did, but for what a test puts into its answers."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import requests

from tumblr_sandbox.app import create_app
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet
from tumblr_sandbox.server import SandboxServer, listen
from tumblr_sandbox.world import open_world

BLOG = "frank"
JSON_TYPE = {"Content-Type": "application/json; charset=utf-8"}
LATER_PAGES = frozenset({"offset", "before", "before_id", "before_timestamp", "since_id"})
"""Parameters that ask for more than the first page."""

Place = tuple[str | int, ...]
"""Where something stands in a document."""


@dataclass(frozen=True)
class Answer:
    """What tumblr says."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def places(document: object, here: Place = ()) -> Iterator[Place]:
    """Every place in a document."""
    yield here
    items: list[tuple[str | int, object]] = []
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list):
        items = list(enumerate(document))
    for key, value in items:
        yield from places(value, (*here, key))


def with_value(document: Any, place: Place, value: object) -> Any:
    """The document with something else at a place."""
    if not place:
        return value
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[place[0]] = with_value(copy[place[0]], place[1:], value)
    return copy


@dataclass
class HostileTumblr:
    """Serves on ``port``. What it is not told to change it says as the sandbox did."""

    upstream: str | None = None
    """The sandbox, while its answers are taken down."""

    recorded: dict[str, Answer] = field(default_factory=dict)
    changed: dict[str, object] = field(default_factory=dict)
    """Documents that take the place of recorded ones."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._answer))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.port = int(self._server.server_address[1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def documents(self) -> dict[str, Any]:
        """What was recorded, by call."""
        return {call: json.loads(answer.body) for call, answer in self.recorded.items()}

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(target)
        fields = dict(parse_qsl(parts.query))
        if not parts.path.startswith("/v2/"):
            return Answer(
                400, JSON_TYPE, b'{"error": "nothing is judged here"}'
            )  # it is the switchboard, too
        call = " ".join([method, parts.path, fields.get("id", ""), fields.get("notes_info", "")]).strip()
        if self.upstream is not None:
            self.recorded.setdefault(call, _forward(self.upstream + target, method, headers, body))
        if call in self.changed:
            return Answer(200, JSON_TYPE, json.dumps(self.changed[call]).encode())
        if LATER_PAGES & set(fields) and fields.get("offset", "1") != "0":
            nothing: dict[str, list[object]] = {"posts": [], "notes": [], "blogs": [], "notifications": []}
            return Answer(200, JSON_TYPE, json.dumps({"meta": {"status": 200}, "response": nothing}).encode())
        missing = Answer(404, JSON_TYPE, b'{"meta": {"status": 404, "msg": "?"}, "response": []}')
        return self.recorded.get(call, missing)


def _forward(url: str, method: str, headers: Mapping[str, str], body: bytes) -> Answer:
    with requests.request(method, url, headers=dict(headers), data=body, timeout=10) as reply:
        kept = {
            name: value
            for name, value in reply.headers.items()
            if name.lower().startswith(("x-ratelimit", "content-type"))
        }
        return Answer(reply.status_code, kept, reply.content)


def _handler(
    answer: Callable[[str, str, Mapping[str, str], bytes], Answer],
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # head and body in one packet

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = answer(self.command, self.path, dict(self.headers), body)
            self.send_response(found.status)
            for name, value in {**found.headers, "Content-Length": str(len(found.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = _reply  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def settings(folder: Path, tumblr: HostileTumblr, form: str, *keys: KeySet) -> Path:
    """The configuration of a bot that looks at everything; the keys are the blog's and the dashboard's."""
    names = ("consumer_key", "consumer_secret", "token", "token_secret")
    base, dashboard = ([dict(zip(names, one.strings(), strict=True))] for one in keys)
    host = f"http://127.0.0.1:{tumblr.port}"
    path = folder / f"{form}.json"
    sections: dict[str, dict[str, Any]] = {
        "blog": {"blog_name": BLOG, "dash_blog_name": f"{BLOG}-dash", "operator_name": "keeper"},
        "tumblr": {
            "host": host,
            "base_keys": base,
            "dashboard_keys": dashboard,
            "publishing": "automatic",
            "database": str(folder / "none.sqlite"),
            "max_tries": 1,
            "post_format": form,
        },
        "switchboard": {"port": tumblr.port},
    }
    path.write_text(json.dumps(sections), encoding="utf-8")
    return path


class Town(SandboxDriver):
    """A sandbox in this process in which everything that the bot reads has happened."""

    def __init__(self, folder: Path) -> None:
        self._open = ExitStack()
        world = open_world(folder / "sandbox.sqlite", time.time, random.Random(1))
        self._open.callback(world.close)
        server = SandboxServer(world, create_app(world), listen("127.0.0.1", 0))
        super().__init__(f"http://127.0.0.1:{server.port}")
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        self._open.callback(thread.join, 10)
        self._open.callback(server.stop)
        self._open.callback(self.close)
        self.wait_until_ready()
        self.keys = tuple(self.create_user(name) for name in (BLOG, f"{BLOG}-dash", "bob", "carol"))[:2]
        self.set_limits(per_hour=1_000_000, per_day=10_000_000)
        self._talk()

    def leave(self) -> None:
        """Close it."""
        self._open.close()

    def _talk(self) -> None:
        self.ask(BLOG, "what do you think about soup?", "bob")
        self.ask(BLOG, "and about fog?")
        self.ask(BLOG, "!review Soup, A. Cook, 4", "carol")
        self.submit(BLOG, "<p>my art</p>", "carol")
        soup = self.post(BLOG, "<p>Soup is <b>good</b>.</p>", tags=["soup"])
        fog = self.post(BLOG, "<h2>Fog</h2><ul><li>is</li><li>late</li></ul>")
        self.reblog("bob", soup, "<p>no it is not, is it? says bob</p>")
        self.reply("carol", fog, "hi there, how are you?")
        self.like("carol", soup)
        link = f'<a class="tumblelog" href="https://{BLOG}.tumblr.com/">@{BLOG}</a>'
        self.post("carol", f"<p>{link} what about tea?</p>")
        self.post(BLOG, "<p>a draft</p>", state="draft", tags=["rts"])
        self.post(BLOG, "<p>a queued post</p>", state="queued")
        self.follow(f"{BLOG}-dash", "bob")
        self.post("bob", "<p>A long thought about clocks that nobody has had before.</p>")
