"""The WSGI application under waitress, stopped without cutting anybody off."""

import errno
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from flask import Flask
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]
from waitress.task import ErrorTask  # type: ignore[import-untyped]

from switchboard.messages import ErrorReply
from switchboard.settings import SwitchboardConfig

CONNECTIONS = 500  # select() serves up to 1,024 file descriptors
IDLE_SECONDS = 20  # a connection that says nothing for so long is closed
CLEANUP_SECONDS = 5
LOOP_SECONDS = 0.25  # how soon the wish to stop is noticed
DRAIN_SECONDS = 5.0  # longest wait for requests that are being answered
NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def listeners(host: str, port: int) -> list[socket.socket]:
    """A bound socket for every address of ``host`` that this machine has, all on one port; 0: any free one.

    ``localhost`` is two addresses on many machines, 127.0.0.1 and ::1, and on some the second cannot be used.
    Raises OSError if an address is taken, or if there is none.
    """
    name = None if host in ("", "*") else host
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened: list[socket.socket] = []
    missing: list[OSError] = []
    with ExitStack() as failing:
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            try:
                listener = _bound(family, (address[0], _port(opened, port), *address[2:]))
            except OSError as error:
                if error.errno not in NO_SUCH_ADDRESS:
                    raise
                missing.append(error)
            else:
                opened.append(failing.enter_context(listener))
        if not opened:
            raise missing[0]
        failing.pop_all()
    return opened


def _port(opened: list[socket.socket], wanted: int) -> int:
    return int(opened[0].getsockname()[1]) if opened else wanted


def _bound(family: int, address: tuple[Any, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


class _JsonErrorTask(ErrorTask):  # type: ignore[misc]
    """What the server itself refuses is answered in JSON too, like all that the application refuses."""

    def execute(self) -> None:
        error = self.request.error
        body = ErrorReply(error=error.reason.lower()).model_dump_json().encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]
    error_task_class = _JsonErrorTask

    def send_continue(self) -> None:
        """Ask for the body that was announced; where none was, the request is complete and not waited on."""
        if self.request.completed:
            self.request.expect_continue = False
        else:
            super().send_continue()


class Server:
    """Listens from its construction on, with ``any_port`` on whichever is free.

    Raises OSError if the address cannot be had.
    """

    def __init__(self, app: Flask, settings: SwitchboardConfig, *, any_port: bool = False) -> None:
        self._sockets: dict[int, Any] = {}
        self._app = app
        self._listeners = listeners(settings.listen_host, 0 if any_port else settings.port)
        self._server = create_server(
            app,
            map=self._sockets,
            sockets=self._listeners,
            threads=settings.threads,
            max_request_body_size=settings.max_body_bytes,
            clear_untrusted_proxy_headers=False,  # the application refuses them where they matter
            ident=None,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=CLEANUP_SECONDS,
        )
        for server in self._sockets.values():
            server.channel_class = _Channel

    @property
    def port(self) -> int:
        """The port it listens on."""
        return _port(self._listeners, 0)

    def serve(self, stopping: Callable[[], bool]) -> None:
        """Serve until `stopping` says so; then release those who wait, answer what was asked, and close."""
        while not stopping():
            self._turn()
        self._app.extensions["switchboard"].notifier.close()
        end = time.monotonic() + DRAIN_SECONDS
        while self._busy() and time.monotonic() < end:
            self._turn()
        self._server.task_dispatcher.shutdown(timeout=1)
        self._turn()
        wasyncore.close_all(self._sockets)

    def _turn(self) -> None:
        wasyncore.loop(timeout=LOOP_SECONDS, map=self._sockets, count=1)

    def _busy(self) -> bool:
        dispatcher = self._server.task_dispatcher
        return bool(dispatcher.queue) or dispatcher.active_count > 0 or self._unsent()

    def _unsent(self) -> bool:
        return any(getattr(channel, "total_outbufs_len", 0) > 0 for channel in list(self._sockets.values()))
