"""HTTP sessions that go through no proxy to this machine, and whose every call comes to an end."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from bot_network import is_loopback

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PATIENCE = 2.0
"""A call ends after so many of its time-outs, of which each is for one piece of the answer."""


class _Call:
    """A call under way: the socket that it waits for, and the end of its patience."""

    current = threading.local()

    def __init__(self, seconds: float) -> None:
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._is_over = False
        self.was_cut = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Call:
        self.current.call = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_over = True
        self._timer.cancel()
        self.current.call = None

    def uses(self, connected: socket.socket) -> None:
        """Remember the socket from which the answer will be read."""
        with self._lock:
            self._socket = connected

    def _cut(self) -> None:
        with self._lock, suppress(OSError):
            if self._socket is not None and not self._is_over:
                self.was_cut = True
                self._socket.shutdown(socket.SHUT_RDWR)  # whoever reads from it now reads its end


def _watch(connection: HTTPConnection) -> None:
    call: _Call | None = getattr(_Call.current, "call", None)
    if call is not None and connection.sock is not None:
        call.uses(connection.sock)


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        _watch(self)
        return super().getresponse()


class _TlsConnection(HTTPSConnection):
    def getresponse(self) -> Any:
        _watch(self)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """Connections whose sockets the call under way knows."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        if not str(args[0]).startswith("socks"):  # those make their connections themselves
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager


class Session(requests.Session):
    """A session whose calls end, however slowly an answer drips in.

    A call's time-out is for each piece of the answer; the whole of it has ``PATIENCE`` times as long. An
    answer that is not there by then counts as lost: requests raises one of its errors of connections.
    """

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request and read its whole answer in time."""
        timeout = kwargs.get("timeout")
        if not isinstance(timeout, int | float):
            return super().send(request, **kwargs)
        with _Call(PATIENCE * timeout) as call:
            response = super().send(request, **kwargs)
        if call.was_cut:  # what had come by then may look whole
            response.close()
            raise requests.ReadTimeout("the answer came too slowly", request=request)
        return response


def direct_session() -> requests.Session:
    """A session that goes through no proxy and reads no .netrc, but trusts the environment's certificates."""
    session = Session()
    session.trust_env = False
    session.verify = next((os.environ[name] for name in CA_VARIABLES if os.environ.get(name)), True)
    return session


def session_for(url: str) -> requests.Session:
    """A session for calls to ``url``: direct to this machine, otherwise as the environment says."""
    return direct_session() if is_loopback(urlsplit(url).hostname or "") else Session()
