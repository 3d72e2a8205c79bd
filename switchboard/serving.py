"""The WSGI application under waitress, stopped without cutting anybody off."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

LOOP_SECONDS = 0.25  # how soon the wish to stop is noticed
DRAIN_SECONDS = 5.0  # longest wait for requests that are being answered


@dataclass(frozen=True)
class ServerSettings:
    """Where to listen, and with how many threads."""

    host: str
    port: int
    threads: int
    max_body_bytes: int


class Server:
    """Listens from its construction on. Raises OSError if the address cannot be had."""

    def __init__(self, app: Flask, settings: ServerSettings) -> None:
        self._sockets: dict[int, Any] = {}
        self._app = app
        self._server = create_server(
            app,
            map=self._sockets,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            max_request_body_size=settings.max_body_bytes,
            clear_untrusted_proxy_headers=True,
            ident=None,
        )

    @property
    def port(self) -> int:
        """The port it listens on, also when port 0 was asked for."""
        return int(self._server.effective_port)

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
