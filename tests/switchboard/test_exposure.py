"""What the service does about those who should not reach it, and about those who hold it up."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bot_http import direct_session
from switchboard.app import READING_THREADS
from tests.switchboard.bench import Bench
from tests.switchboard.service import Service, with_tokens
from tests.switchboard.test_bridge_service import Bridge
from tests.switchboard.test_long_polls import Background, wait_for

PATIENCE = 60


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    bridge = Bridge(tmp_path)
    yield bridge
    bridge.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "127.0.0.1:5000"}, 200),
        ({"Host": "[::1]:5000"}, 200),
        ({"Host": "switchboard.example.org"}, 200),
        ({"Host": "evil.example.com"}, 403),
        ({"Host": "[nonsense"}, 403),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Forwarded-For": "203.0.113.9"}, 200),
    ],
)
def test_pages_in_a_browser_get_nothing_even_with_a_token(
    sqlite_bench: Bench, headers: dict[str, str], status: int
) -> None:
    url = {"url": "https://switchboard.example.org/"}
    service = Service(sqlite_bench, with_tokens(sqlite_bench.settings).model_copy(update=url))
    for method, path in (("GET", "/status"), ("POST", "/alldone")):
        answer = service.send(method, path, headers=headers, json={"client": "x"})
        assert answer.status_code == status, answer.get_json()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer None"}])
def test_in_a_role_without_a_token_nobody_acts(sqlite_bench: Bench, headers: dict[str, str]) -> None:
    service = Service(sqlite_bench, sqlite_bench.settings)
    for method, path in (("GET", "/status"), ("POST", "/pollgenerator"), ("POST", "/pollselector")):
        answer = service.send(method, path, None, headers=headers, json={"results": {}})
        assert answer.status_code == (403 if headers else 401)
    assert service.send("GET", "/health", None).status_code == 200


def test_nobody_else_on_the_machine_reads_the_database(bridge: Bridge, tmp_path: Path) -> None:
    files = list(tmp_path.glob("jobs.sqlite*"))
    assert files
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: minus\r\n\r\n", 400),
        ("POST /ack HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n", 401),
    ],
)
def test_what_the_server_refuses_itself_is_json_too(bridge: Bridge, head: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", bridge.port), PATIENCE) as connection:
        connection.sendall(head.encode())
        answer = b""
        while b"}" not in answer:
            part = connection.recv(65536)
            assert part, answer
            answer += part
    first, _, rest = answer.partition(b"\r\n")
    if b" 100 " in first:
        first = rest.lstrip(b"\r\n").partition(b"\r\n")[0]
    assert int(first.split()[1]) == status
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]


def test_connections_that_say_nothing_keep_nobody_out(bridge: Bridge) -> None:
    with ExitStack() as open_ones, direct_session() as session:
        for _number in range(150):
            open_ones.enter_context(socket.create_connection(("127.0.0.1", bridge.port), PATIENCE))
        answer = session.get(f"http://127.0.0.1:{bridge.port}/health", timeout=PATIENCE)
        assert answer.json() == {"ok": True}


def is_free(places: threading.BoundedSemaphore) -> bool:
    if free := places.acquire(blocking=False):
        places.release()
    return free


def test_those_who_look_are_answered_while_others_wait_for_the_database(
    service: Service, tmp_path: Path
) -> None:
    places = service.parts.places
    with closing(sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        body = {"id": "job", "texts": ["a text"]}
        working = range(service.settings.threads - READING_THREADS)
        waiting = [Background(lambda: service.send("POST", "/raw_select", json=body)) for _ in working]
        wait_for(lambda: not is_free(places))
        refused = service.send("POST", "/raw_select", json=body)
        assert (refused.status_code, refused.get_json()["error"]) == (503, "too many requests at once")
        assert refused.headers["Retry-After"] == "1"
        for path in ("/health", "/status", "/metrics"):
            assert service.send("GET", path).status_code == 200
        holder.execute("ROLLBACK")
    for one in waiting:
        one.join()
    assert service.send("POST", "/raw_select", json=body).get_json()["collision"] is True
