"""A call ends, however slowly its answer comes."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import requests
import trustme

from bot_http import direct_session

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
Serve = Callable[..., str]


@pytest.fixture
def dripping() -> Iterator[Serve]:
    """Starts servers that send what they are told at once, and then one byte after the other for ever."""
    stopping = threading.Event()
    listeners: list[socket.socket] = []

    def serve(at_once: bytes, drop: bytes, context: ssl.SSLContext | None = None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def drip() -> None:
            with suppress(OSError):
                plain, _address = listener.accept()
                with plain if context is None else context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(at_once)
                    while not stopping.wait(0.02):
                        connection.sendall(drop)

        threading.Thread(target=drip, daemon=True).start()
        return f"{'http' if context is None else 'https'}://127.0.0.1:{listener.getsockname()[1]}/"

    yield serve
    stopping.set()
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    ("at_once", "drop"),
    [
        (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (HEAD + b"X-Long: ", b"x"),
        (b"", b"H"),
    ],
    ids=["body", "chunks", "header", "status"],
)
def test_an_answer_that_drips_is_no_answer(dripping: Serve, at_once: bytes, drop: bytes) -> None:
    with direct_session() as session, pytest.raises(requests.RequestException):
        session.get(dripping(at_once, drop), timeout=0.2)


def test_so_it_is_over_tls(dripping: Serve) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    url = dripping(HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", context)
    with direct_session() as session, authority.cert_pem.tempfile() as trusted:
        session.verify = trusted
        with pytest.raises(requests.RequestException) as caught:
            session.get(url, timeout=0.4)
    assert not isinstance(caught.value, requests.exceptions.SSLError), caught.value


def test_a_session_goes_on_after_such_a_call(dripping: Serve) -> None:
    with direct_session() as session:
        with pytest.raises(requests.RequestException):
            session.get(dripping(HEAD + b"Content-Length: 9\r\n\r\n", b""), timeout=0.2)
        whole = dripping(HEAD + b"Content-Length: 2\r\n\r\nok", b"")
        assert session.get(whole, timeout=60).text == "ok"
