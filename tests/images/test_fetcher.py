"""Fetching, against a server on this machine that tries what such servers try."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from images.errors import AddressRefusedError, FetchError
from images.fetcher import Fetcher, FetchLimits, resolve

PNG = b"\x89PNG not really"
LIMITS = FetchLimits(max_bytes=100_000, seconds=20)
SHORT = FetchLimits(max_bytes=100_000, seconds=0.7)


@dataclass
class Server:
    """A server on loopback and what it was asked."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def trusted(self) -> list[str]:
        return [f"127.0.0.1:{self.port}"]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


class Handler(BaseHTTPRequestHandler):
    """Answers by the path it is asked for."""

    known: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.known.asked.append(("HEAD", self.path))
        sizes = {"/tumblr_a_1280.png": 900, "/tumblr_a_640.png": 500, "/tumblr_a_540.png": 700}
        sizes |= {"/tumblr_b_1280.png": 900}
        self.send_response(200 if self.path in sizes else 404)
        self.send_header("Content-Length", str(sizes.get(self.path, 0)))
        self.end_headers()

    def do_GET(self) -> None:
        self.known.asked.append(("GET", self.path))
        self.known.headers.append(dict(self.headers))
        self.close_connection = True
        name, _, rest = self.path.lstrip("/").partition("/")
        if name == "to":
            self.answer(302, {"Location": rest}, b"x" * 2000)
        elif name == "loop":
            self.answer(302, {"Location": f"/loop/{int(rest) + 1}"})
        elif name == "status":
            self.answer(int(rest))
        elif name == "gzip":
            self.answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 10_000_000))
        elif name == "gzips":
            body = gzip.compress(gzip.compress(b"\0" * 1000))
            self.answer(200, {"Content-Encoding": ", ".join(["gzip"] * 50)}, body)
        elif name == "false-length":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b"z" * 5000)
        elif name == "claims-much":
            self.answer(200, {"Content-Length": "99999999999"})
        elif name in ("endless", "trickle", "slow-header"):
            self.forever(name)
        else:
            self.answer(200, {}, PNG)

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def forever(self, name: str) -> None:
        """Send until the other side has had enough."""
        pause = threading.Event()
        try:
            if name == "slow-header":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            else:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while True:
                self.wfile.write(b"z" * 65536 if name == "endless" else b"z")
                self.wfile.flush()
                if name != "endless":
                    pause.wait(0.05)
        except OSError:
            return


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what is tested."""


@pytest.fixture
def server() -> Iterator[Server]:
    http = QuietServer(("127.0.0.1", 0), type("Bound", (Handler,), {}))
    known = Server(http.server_port)
    http.RequestHandlerClass.known = known  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield known
    http.shutdown()
    http.server_close()


def test_a_trusted_place_is_fetched_from_without_cookies_and_credentials(server: Server) -> None:
    assert Fetcher(LIMITS, server.trusted).fetch(server.url("/a.png")) == PNG
    (headers,) = server.headers
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Proxy-Authorization"} & set(headers)


TRICKS = [
    "http://127.0.0.1:{port}/a.png",
    "https://127.0.0.1:{port}/a.png",
    "http://localhost:{port}/a.png",
    "http://LOCALHOST.:{port}/a.png",
    "http://2130706433:{port}/a.png",
    "http://0x7f000001:{port}/a.png",
    "http://0x7f.1:{port}/a.png",
    "http://0177.0.0.1:{port}/a.png",
    "http://127.1:{port}/a.png",
    "http://0:{port}/a.png",
    "http://0.0.0.0:{port}/a.png",
    "http://[::1]:{port}/a.png",
    "http://[::ffff:127.0.0.1]:{port}/a.png",
    "http://[::ffff:7f00:1]:{port}/a.png",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/a.png",
    "http://user@127.0.0.1:{port}/a.png",
    "http://64.media.tumblr.com@127.0.0.1:{port}/a.png",
    "http://127.0.0.1:{port}#@64.media.tumblr.com/a.png",
    "http://127.0.0.1:{port}\\@64.media.tumblr.com/a.png",
    "http://１２７.0.0.1:{port}/a.png",
    "http://127。0。0。1:{port}/a.png",
    "http://127.0.0.1:{port}\t/a.png",
    " http://127.0.0.1:{port}/a.png",
    "//127.0.0.1:{port}/a.png",
    "http:127.0.0.1:{port}/a.png",
    "https://loopback.example:443/a.png",
    "https://7f000001.nip.io/a.png",
    "https://metadata.example/latest/meta-data/",
    "https://mapped.example/a.png",
    "https://mixed.example/a.png",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/a.png",
    "gopher://127.0.0.1:{port}/_GET",
    "unix:/var/run/docker.sock",
]

NAMES = {
    "loopback.example": ["127.0.0.1"],
    "7f000001.nip.io": ["127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "mixed.example": ["8.8.8.8", "127.0.0.1"],
}


def resolver(host: str, port: int) -> Sequence[str]:
    return NAMES[host] if host in NAMES else resolve(host, port)


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("hosts", [[], ["*"]], ids=["tumblr alone", "every host"])
def test_no_trick_gets_anything_from_this_machine(server: Server, trick: str, hosts: list[str]) -> None:
    connected: list[str] = []

    def connect(address: str, port: int, _seconds: float) -> socket.socket:
        connected.append(address)
        return socket.create_connection(("127.0.0.1", server.port))

    fetcher = Fetcher(LIMITS, hosts, resolver=resolver, connector=connect)
    with pytest.raises(AddressRefusedError):
        fetcher.fetch(trick.format(port=server.port))
    assert connected == []
    assert server.asked == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:{other}/a.png",
        "http://localhost:{port}/a.png",
        "http://[::1]:{port}/a.png",
        "file:///etc/passwd",
        "https://loopback.example/",
        "http://127.0.0.1:22/",
    ],
)
def test_no_redirect_leads_to_what_may_not_be_fetched(server: Server, location: str) -> None:
    place = location.format(port=server.port, other=server.port + 1)
    fetcher = Fetcher(LIMITS, [*server.trusted, "*"], resolver=resolver)
    with pytest.raises(AddressRefusedError):
        fetcher.fetch(server.url(f"/to/{place}"))
    assert len(server.asked) == 1


def test_a_name_is_resolved_once_and_the_judged_address_is_the_one_connected_to() -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    connected: list[str] = []

    def connect(address: str, _port: int, _seconds: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    fetcher = Fetcher(LIMITS, ["*"], resolver=lambda *_: next(answers), connector=connect)
    with pytest.raises(FetchError, match="reached"):
        fetcher.fetch("https://rebinding.example/a.png")
    assert connected == ["8.8.8.8"]
    assert next(answers) == ["127.0.0.1"]


def test_the_peer_is_judged_once_more(server: Server) -> None:
    def connect(_address: str, _port: int, seconds: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", server.port), seconds)

    fetcher = Fetcher(LIMITS, ["*"], resolver=lambda *_: ["8.8.8.8"], connector=connect)
    with pytest.raises(AddressRefusedError):
        fetcher.fetch("https://elsewhere.example/a.png")
    assert server.asked == []


def test_relative_redirects_are_followed_three_times_at_most(server: Server) -> None:
    fetcher = Fetcher(LIMITS, server.trusted)
    assert fetcher.fetch(server.url("/to//a.png")) == PNG
    with pytest.raises(FetchError, match="redirects") as caught:
        fetcher.fetch(server.url("/loop/1"))
    assert caught.value.is_permanent
    assert [path for _, path in server.asked if path.startswith("/loop")] == [
        f"/loop/{n}" for n in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(("path", "reason"), [("/gzip", "compressed"), ("/gzips", "compressed")])
def test_compressed_answers_are_refused_unread(server: Server, path: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        Fetcher(LIMITS, server.trusted).fetch(server.url(path))


def test_a_file_that_is_too_large_is_refused(server: Server) -> None:
    fetcher = Fetcher(LIMITS, server.trusted)
    for path in ("/endless", "/claims-much"):
        with pytest.raises(FetchError, match="too large") as caught:
            fetcher.fetch(server.url(path))
        assert caught.value.is_permanent
    assert len(fetcher.fetch(server.url("/false-length"))) == 10


@pytest.mark.parametrize("path", ["/trickle", "/slow-header"])
def test_an_answer_that_never_ends_is_ended(server: Server, path: str) -> None:
    with pytest.raises(FetchError, match="too long") as caught:
        Fetcher(SHORT, server.trusted).fetch(server.url(path))
    assert not caught.value.is_permanent


@pytest.mark.parametrize(("status", "is_permanent"), [(404, True), (403, True), (500, False), (429, False)])
def test_what_may_work_later_is_told_apart(server: Server, status: int, is_permanent: bool) -> None:
    with pytest.raises(FetchError) as caught:
        Fetcher(LIMITS, server.trusted).fetch(server.url(f"/status/{status}"))
    assert caught.value.is_permanent is is_permanent


def test_a_smaller_variant_is_taken_if_its_file_is_smaller(server: Server) -> None:
    fetcher = Fetcher(LIMITS, server.trusted, size_variants=["_640", "_540"])
    fetcher.fetch(server.url("/tumblr_a_1280.png"))
    fetcher.fetch(server.url("/tumblr_b_1280.png"))
    fetcher.fetch(server.url("/0123/s640x960/abc.png"))
    taken = [path for method, path in server.asked if method == "GET"]
    assert taken == ["/tumblr_a_640.png", "/tumblr_b_1280.png", "/0123/s640x960/abc.png"]


def test_a_host_that_is_not_known_may_be_known_later() -> None:
    def resolver(*_: object) -> Sequence[str]:
        raise socket.gaierror

    with pytest.raises(FetchError) as caught:
        Fetcher(LIMITS, resolver=resolver).fetch("https://64.media.tumblr.com/a.png")
    assert not caught.value.is_permanent


def test_certificates_are_checked(server: Server, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("media.example").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    http = QuietServer(("127.0.0.1", 0), type("Secure", (Handler,), {"known": server}))
    http.socket = context.wrap_socket(http.socket, server_side=True)
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    url, hosts = f"https://media.example:{http.server_port}/a.png", [f"media.example:{http.server_port}"]
    try:
        ours = Fetcher(LIMITS, hosts, resolver=lambda *_: ["127.0.0.1"], ca_file=str(tmp_path / "ca.pem"))
        assert ours.fetch(url) == PNG
        with pytest.raises(FetchError, match="SSLError"):
            Fetcher(LIMITS, hosts, resolver=lambda *_: ["127.0.0.1"]).fetch(url)
    finally:
        http.shutdown()
        http.server_close()
