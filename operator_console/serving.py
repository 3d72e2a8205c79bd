"""The application under waitress, which tells a stream that its reader has gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

from operator_console.settings import ConsoleConfig
from switchboard.serving import listeners

CONNECTIONS = 200
IDLE_SECONDS = 60
LOOP_SECONDS = 0.25
DRAIN_SECONDS = 2.0


class Server:
    """Listens from its construction on. Raises OSError if the address cannot be had."""

    def __init__(self, settings: ConsoleConfig) -> None:
        self._settings = settings
        self._sockets: dict[int, Any] = {}
        self._listeners = listeners(settings.listen_host, settings.port)
        for listener in self._listeners:
            listener.listen()  # whoever comes before it is served waits
        self.port = int(self._listeners[0].getsockname()[1])

    def serve(self, app: Flask, stopping: Callable[[], bool], stop: Callable[[], None]) -> None:
        """Serve until ``stopping`` says so; ``stop`` ends the streams then."""
        server = create_server(
            app,
            map=self._sockets,
            sockets=self._listeners,
            threads=self._settings.threads,
            clear_untrusted_proxy_headers=False,  # the application knows whom to believe
            channel_request_lookahead=1,  # so that a stream is told when its reader has gone
            ident=None,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
        )
        while not stopping():
            self._turn()
        stop()
        end = time.monotonic() + DRAIN_SECONDS
        while server.task_dispatcher.active_count > 0 and time.monotonic() < end:
            self._turn()
        server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._sockets)

    def _turn(self) -> None:
        wasyncore.loop(timeout=LOOP_SECONDS, map=self._sockets, count=1)
