"""The client against a network that fails: repeats are safe, errors named, answers cut off are read again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import stamina
from pydantic import SecretStr

from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import (
    SwitchboardBusy,
    SwitchboardConflict,
    SwitchboardError,
    SwitchboardForbidden,
    SwitchboardRefused,
    SwitchboardUnreachable,
)
from switchboard.messages import AnswerRequest, RawSelectOutcome, request_id
from switchboard.serving import Server
from switchboard.settings import SwitchboardConfig
from tests.switchboard.bench import scores
from tests.switchboard.service import URL, Service, WsgiAdapter

QUICK = Retry(attempts=3, first_wait_seconds=0.001, longest_wait_seconds=0.002)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


class Flaky(WsgiAdapter):
    """Fails before or after the request reached the service, as told."""

    def __init__(self, service: Service, failures: Sequence[str]) -> None:
        super().__init__(service.app)
        self.failures = list(failures)
        self.seen: list[Any] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.seen.append(kwargs)
        failure = self.failures.pop(0) if self.failures else ""
        if failure == "before":
            raise requests.ConnectionError("refused")
        response = super().send(request, *args, **kwargs)
        if failure == "after":
            raise requests.ReadTimeout("cut off")
        return response


def over(adapter: requests.adapters.BaseAdapter) -> SwitchboardClient:
    session = requests.Session()
    session.mount(URL, adapter)
    return SwitchboardClient(URL, SecretStr("token-c"), session=session, retry=QUICK)


def request(job_id: str = "a") -> AnswerRequest:
    return AnswerRequest(id=job_id, question="q", asking_name="bob")


def test_a_submission_whose_answer_was_lost_is_repeated_and_makes_one_job(service: Service) -> None:
    client = over(Flaky(service, ["before", "after"]))
    assert client.submit_answer(request()).collision
    assert service.bench.store.status().counts == {"submitted": 1}


def test_after_the_last_try_the_switchboard_is_unreachable(service: Service) -> None:
    client = over(Flaky(service, ["before"] * 9))
    with pytest.raises(SwitchboardUnreachable, match="ConnectionError"):
        client.submit_answer(request())


def test_every_request_has_a_time_out_beyond_its_wait(service: Service) -> None:
    adapter = Flaky(service, [])
    over(adapter).get_result("nobody", wait_seconds=20.0)
    over(adapter).status()
    assert [kwargs["timeout"] for kwargs in adapter.seen] == [30.0, 10.0]


class Fixed(requests.adapters.BaseAdapter):
    """Always answers the same."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.status, self.body, self.headers = status, body, headers or {}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = self.status
        response.headers.update(self.headers)
        response._content = self.body
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SwitchboardRefused), (401, SwitchboardForbidden), (403, SwitchboardForbidden),
        (409, SwitchboardConflict), (413, SwitchboardRefused), (429, SwitchboardBusy), (503, SwitchboardBusy),
        (500, SwitchboardUnreachable), (302, SwitchboardUnreachable),
    ],
)  # fmt: skip
def test_statuses_become_named_errors(status: int, error: type[SwitchboardError]) -> None:
    with pytest.raises(error) as raised:
        over(Fixed(status, b'{"error": "why", "field": "where"}')).status()
    assert "why" in str(raised.value)


def test_nobody_can_send_the_token_elsewhere() -> None:
    asked: list[str] = []

    class Elsewhere(Fixed):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            asked.append(str(request.url))
            return super().send(request, *args, **kwargs)

    with pytest.raises(SwitchboardUnreachable):
        over(Elsewhere(302, b"{}", {"Location": f"{URL}/other"})).status()
    assert set(asked) == {f"{URL}/status"}


def test_a_proxy_of_the_environment_is_not_asked(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nothing listens
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with served(service) as port:
        client = SwitchboardClient(f"http://127.0.0.1:{port}", SecretStr("token-c"), retry=QUICK)
        assert client.status().open_jobs == 0
        client.close()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"done": 7}', b"null", b'"text"'])
def test_an_answer_of_something_else_is_no_answer(body: bytes) -> None:
    with pytest.raises(SwitchboardUnreachable):
        over(Fixed(200, body)).get_result("a")
    with pytest.raises(SwitchboardError):
        over(Fixed(500, body)).get_result("a")


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", 5.0), ("", 5.0)])
def test_patience_is_as_long_as_asked_for(header: str, seconds: float) -> None:
    with pytest.raises(SwitchboardBusy) as busy:
        over(Fixed(429, b'{"error": "full"}', {"Retry-After": header})).status()
    assert busy.value.retry_after == seconds


def test_request_ids_are_those_of_the_content() -> None:
    fields = {"question": "ü", "asking_name": "bob"}
    assert request_id("answer", fields) == request_id("answer", {**dict(reversed(fields.items())), "id": "x"})
    assert request_id("answer", fields) != request_id("textpost", fields)
    assert request_id("answer", fields) != request_id("answer", {**fields, "question": "u"})
    assert AnswerRequest(id=request_id("answer", fields), **fields).id == request_id("answer", fields)


# --- over real sockets


@contextmanager
def served(service: Service) -> Iterator[int]:
    """The service under waitress on a port of this machine."""
    stop = threading.Event()
    server = Server(service.app, SwitchboardConfig(threads=4), any_port=True)
    thread = threading.Thread(target=server.serve, args=(stop.is_set,))
    thread.start()
    try:
        yield server.port
    finally:
        stop.set()
        thread.join(10)


def whole_message(connection: socket.socket) -> bytes:
    """One HTTP message with a known length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    (length,) = (
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def cutting_proxy(port: int, allowed: int) -> Iterator[int]:
    """Passes everything on, but ends the first connection after `allowed` bytes of the answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            for limit in (allowed, 1_000_000):
                inner, _address = listener.accept()
                with inner, socket.create_connection(("127.0.0.1", port)) as outer:
                    outer.sendall(whole_message(inner))
                    inner.sendall(whole_message(outer)[:limit])

        thread = threading.Thread(target=run)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize("allowed", [0, 40, 200])
def test_a_result_that_was_cut_off_on_the_way_is_read_again(service: Service, allowed: int) -> None:
    service.bench.raw_select()
    service.bench.post("r", scores(2))
    with served(service) as port, cutting_proxy(port, allowed) as proxy:
        client = SwitchboardClient(f"http://127.0.0.1:{proxy}", SecretStr("token-c"), retry=QUICK)
        reply = client.get_result("r")
        client.close()
    assert isinstance(reply.result, RawSelectOutcome)
    assert reply.state == "finished"


def test_a_switchboard_that_is_not_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = SwitchboardClient(f"http://127.0.0.1:{port}", None, retry=QUICK)
    with pytest.raises(SwitchboardUnreachable):
        client.status()
    client.close()


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(service: Service) -> None:
    with served(service) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        assert b" 413 " in connection.recv(4096)


def test_those_who_wait_are_sent_home_when_the_service_stops(service: Service) -> None:
    service.bench.raw_select()
    states: list[str] = []
    with served(service) as port:
        client = SwitchboardClient(f"http://127.0.0.1:{port}", SecretStr("token-c"), retry=Retry(attempts=1))
        waiting = threading.Thread(
            target=lambda: states.append(client.get_result("r", wait_seconds=25).state)
        )
        waiting.start()
        while service.parts.waiting.taken == 0:
            assert waiting.is_alive()
    waiting.join(10)
    client.close()
    assert states == ["submitted"]
