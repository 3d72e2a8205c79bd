"""Fetches files from where users point, and reaches nothing that only this machine or its network can.

Every name is resolved once, every address that it has is judged, and the connection goes to a judged one.
Redirects are judged like new addresses. No cookies, no credentials, no proxies, no compression.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from images.addresses import Target, check_public, redirected, target_of
from images.errors import AddressRefusedError, FetchError

MAX_REDIRECTS = 3
_CHUNK = 65536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "autoresponder-images"}
_VARIANT = re.compile(r"_(\d{2,4})(\.(?:png|jpe?g|gif|webp|avif))$", re.IGNORECASE)

Resolve = Callable[[str, int], Sequence[str]]
"""Names to addresses; raises OSError."""


Connect = Callable[[str, int, float], socket.socket]
"""Address, port and seconds to a connected socket; raises OSError."""


def connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), seconds)


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, as the system's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True)
class FetchLimits:
    """How large a file may be, in bytes, and how long fetching may take in all, in seconds."""

    max_bytes: int
    seconds: float


class Fetcher:
    """Fetches images. Threads may share one."""

    def __init__(
        self,
        limits: FetchLimits,
        hosts: Sequence[str] = (),
        *,
        size_variants: Sequence[str] = (),
        resolver: Resolve = resolve,
        connector: Connect = connect,
        ca_file: str | None = None,
    ) -> None:
        """``hosts`` are rules of ``addresses.target_of``; ``ca_file`` replaces the usual authorities.

        ``resolver`` and ``connector`` are the network, to which tests give another one.
        """
        self._limits = limits
        self._hosts = tuple(hosts)
        self._variants = tuple(size_variants)
        self._resolver = resolver
        self._connector = connector
        self._ca_file = ca_file or certifi.where()

    def fetch(self, url: str) -> bytes:
        """The file at an address, or at a smaller variant of it; raises AddressRefusedError or FetchError."""
        deadline = time.monotonic() + self._limits.seconds
        return self._get(self._smallest(url, deadline), deadline)

    def _smallest(self, url: str, deadline: float) -> str:
        """Tumblr's older addresses name a size; a smaller one that exists is taken if its file is smaller."""
        named = _VARIANT.search(url)
        sizes = [variant for variant in self._variants if named and int(variant[1:]) < int(named[1])]
        if not sizes:
            return url
        best, least = url, self._size(url, deadline)
        for variant in sizes:
            smaller = _VARIANT.sub(rf"{variant}\2", url)
            size = self._size(smaller, deadline)
            if size is not None and (least is None or size < least):
                best, least = smaller, size
        return best

    def _size(self, url: str, deadline: float) -> int | None:
        """Bytes of a file as its server says; None when there is no such file, or nothing is said."""
        try:
            with self._answer("HEAD", target_of(url, self._hosts), deadline) as answer:
                length = answer.headers.get("Content-Length", "")
                return int(length) if answer.status == 200 and length.isdecimal() else None
        except FetchError:
            return None

    def _get(self, url: str, deadline: float) -> bytes:
        target = target_of(url, self._hosts)
        for _ in range(MAX_REDIRECTS + 1):
            with self._answer("GET", target, deadline) as answer:
                if answer.status not in _REDIRECTS:
                    return self._body(answer, deadline)
                # The body of a redirect is not read.
                target = redirected(target, answer.headers.get("Location", ""), self._hosts)
        raise FetchError(f"more than {MAX_REDIRECTS} redirects", is_permanent=True)

    @contextmanager
    def _answer(self, method: str, target: Target, deadline: float) -> Iterator[urllib3.BaseHTTPResponse]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise FetchError("it takes too long", is_permanent=False)
        addresses = self._addresses(target)
        with _Watchdog(left) as watchdog:
            pool = self._pool(target, lambda: self._connect(target, addresses, watchdog, left), left)
            try:
                answer = pool.urlopen(
                    method,
                    target.path,
                    headers=_HEADERS,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
                with closing(answer):
                    yield answer
            except HTTPError as error:
                cause = "it takes too long" if watchdog.has_bitten else type(error).__name__
                raise FetchError(cause, is_permanent=False) from None
            finally:
                watchdog.bite()
                pool.close()
            # To whoever reads until the end, a socket that was shut looks like the end.
            if watchdog.has_bitten:
                raise FetchError("it takes too long", is_permanent=False)

    def _addresses(self, target: Target) -> list[str]:
        try:
            found = list(self._resolver(target.host, target.port))
        except (OSError, UnicodeError) as error:
            raise FetchError(f"its host is not known: {type(error).__name__}", is_permanent=False) from None
        if not found:
            raise FetchError("its host has no address", is_permanent=False)
        if not target.is_trusted:
            for address in found:
                check_public(address)
        return found

    def _connect(
        self, target: Target, addresses: Sequence[str], watchdog: _Watchdog, seconds: float
    ) -> socket.socket:
        """Connect to one of the judged addresses; the peer is judged once more."""
        problem: OSError = ConnectionError("no address")
        for address in addresses:
            try:
                connected = self._connector(address, target.port, seconds)
            except OSError as error:
                problem = error
                continue
            watchdog.guard(connected)
            if not target.is_trusted:
                try:
                    check_public(str(connected.getpeername()[0]))
                except AddressRefusedError:
                    connected.close()
                    raise
            return connected
        raise FetchError(f"its server cannot be reached: {type(problem).__name__}", is_permanent=False)

    def _pool(
        self, target: Target, connect_to: Callable[[], socket.socket], seconds: float
    ) -> HTTPConnectionPool:
        timeout = urllib3.Timeout(total=seconds)
        pool: HTTPConnectionPool
        if target.scheme == "https":
            pool = HTTPSConnectionPool(
                target.host, target.port, timeout=timeout, cert_reqs="CERT_REQUIRED", ca_certs=self._ca_file
            )
            pool.ConnectionCls = _secure_connection(connect_to)
        else:
            pool = HTTPConnectionPool(target.host, target.port, timeout=timeout)
            pool.ConnectionCls = _plain_connection(connect_to)
        return pool

    def _body(self, answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        if answer.status != 200:
            passing = answer.status in _PASSING or answer.status >= 500
            raise FetchError(f"its server answers {answer.status}", is_permanent=not passing)
        coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise FetchError("it is sent compressed", is_permanent=True)
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._limits.max_bytes:
            raise FetchError("the file is too large", is_permanent=True)
        data = bytearray()
        while chunk := answer.read1(_CHUNK):
            data += chunk
            if len(data) > self._limits.max_bytes:
                raise FetchError("the file is too large", is_permanent=True)
            if time.monotonic() > deadline:
                raise FetchError("it takes too long", is_permanent=False)
        return bytes(data)


class _Watchdog:
    """Shuts a socket when its time is over: an answer that trickles never times out by itself."""

    def __init__(self, seconds: float) -> None:
        self.has_bitten = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._time_is_over)
        self._timer.daemon = True

    def __enter__(self) -> _Watchdog:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def guard(self, connected: socket.socket) -> None:
        """Watch over a copy of a socket's descriptor: TLS takes the socket itself."""
        with self._lock:
            self._sockets.append(connected.dup())

    def bite(self) -> None:
        """Shut the sockets now."""
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._sockets.clear()

    def _time_is_over(self) -> None:
        self.has_bitten = True
        self.bite()


def _plain_connection(connect_to: Callable[[], socket.socket]) -> Any:
    class Connection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect_to()

    return Connection


def _secure_connection(connect_to: Callable[[], socket.socket]) -> Any:
    class Connection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect_to()

    return Connection
