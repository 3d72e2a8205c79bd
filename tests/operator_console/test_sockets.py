"""The console as it is served, over plain sockets: what only shows when bytes are sent as somebody likes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from operator_console.access import COOKIE
from tests.operator_console.stage import Stage

MakeStage = Callable[..., Stage]
DEADLINE = 20.0


@contextmanager
def connected(url: str, *lines: str) -> Iterator[socket.socket]:
    """A connection on which a GET with these lines has been sent."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=DEADLINE) as plain:
        head = [f"GET {parts.path} HTTP/1.1", "Connection: close", *lines]
        plain.sendall("\r\n".join([*head, "", ""]).encode())
        yield plain


def answer(url: str, *lines: str) -> str:
    """Everything that is answered."""
    with connected(url, *lines) as plain:
        return b"".join(iter(lambda: plain.recv(65_536), b"")).decode()


def status(url: str, *lines: str) -> int:
    return int(answer(url, *lines).split(" ", 2)[1])


def headers_for(stage: Stage, url: str) -> tuple[str, str]:
    """The lines of a browser that is logged in."""
    token, _ = stage.sessions.begin("keeper", "127.0.0.1")
    return f"Host: {urlsplit(url).netloc}", f"Cookie: {COOKIE}={token}"


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    assert true()


def test_streams_that_are_dropped_free_their_threads(make_stage: MakeStage) -> None:
    """Twenty reloads of a live page, with four threads: no more streams than are allowed, and pages go on."""
    stage = make_stage(console={"threads": 4, "streams": 2})
    url = stage.serve()
    own = headers_for(stage, url)
    for _ in range(20):
        with connected(f"{url}/live/stream", *own) as plain:
            assert plain.recv(12) in (b"HTTP/1.1 200", b"HTTP/1.1 429")
            assert stage.streams.number <= 2
    assert status(f"{url}/live", *own) == 200
    wait_until(lambda: stage.streams.number == 0)
    with connected(f"{url}/live/stream", *own) as one, connected(f"{url}/live/stream", *own) as two:
        assert one.recv(12) == two.recv(12) == b"HTTP/1.1 200"
        refused = answer(f"{url}/live/stream", *own)
        assert refused.startswith("HTTP/1.1 429")
        assert "Retry-After: 5" in refused


def test_a_reader_that_leaves_in_the_middle_of_an_event_frees_its_thread(
    make_stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.operator_console.stage.watcher", lambda _bot: lambda: "x" * 8_000_000)
    stage = make_stage(console={"threads": 4, "streams": 1})
    url = stage.serve()
    own = headers_for(stage, url)
    with connected(f"{url}/live/stream", *own) as plain:
        received = b""
        while b"xxxx" not in received:
            received += plain.recv(4096)
    wait_until(lambda: stage.streams.number == 0)
    assert status(f"{url}/review/", *own) == 200


def test_the_host_that_is_addressed_is_the_only_one(stage: Stage) -> None:
    """None, two, and what a proxy that nobody has set up says of it."""
    url = stage.serve()
    host, cookie = headers_for(stage, url)
    forwarded = f"X-Forwarded-{host}"
    for lines in ((), (host, "Host: evil.example"), ("Host: evil.example", forwarded), (host, host)):
        for path in ("/review/", "/live/stream"):
            assert status(f"{url}{path}", cookie, *lines) == 400, (path, lines)
    assert status(f"{url}/review/", host, cookie, "X-Forwarded-Host: evil.example") == 200


SPELLINGS = (
    (("Remote-User: keeper",), 200),
    (("remote-USER: keeper",), 200),
    (("Remote_User: keeper",), 302),
    (("Remote-User: keeper", "Remote_User: helper"), 200),
    (("Remote_User: helper", "Remote-User: keeper"), 200),
    (("Remote-User: keeper", "Remote-User: keeper"), 400),
    (("Remote-User: keeper", "Remote-User: helper"), 400),
    (("Remote-User:",), 302),
)
"""Of a proxy's header, and the status where the proxy is believed."""


@pytest.mark.parametrize(("peer", "is_believed"), [("127.0.0.1", True), ("192.0.2.7", False)])
def test_a_proxy_s_header_in_every_spelling(make_stage: MakeStage, peer: str, *, is_believed: bool) -> None:
    stage = make_stage(asks=0, console={"proxy_header": "Remote-User", "proxy_peers": [peer]})
    url = stage.serve()
    host = f"Host: {urlsplit(url).netloc}"
    for lines, believed in SPELLINGS:
        found = answer(f"{url}/review/", host, *lines)
        assert found.split(" ", 2)[1] == str(believed if is_believed else 302), lines
        assert ("keeper" in found) == (is_believed and believed == 200), lines
