"""The sandbox served: waitress on a socket of its own, and the clock's ticks beside it."""

from __future__ import annotations

import errno
import socket
import threading
import time
from typing import Any

import structlog
from flask import Flask
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

from tumblr_sandbox.people.residents import residents_of
from tumblr_sandbox.world import World

THREADS = 24
"""Some may be held up by the fault that keeps a caller waiting."""
LOOP_SECONDS = 1.0
"""How long the loop sleeps when nothing happens."""
DRAIN_STEP_SECONDS = 0.05
DRAIN_SECONDS = 5.0
"""How long to wait for requests that are being answered."""
TRUSTED_PROXY = "127.0.0.1"
"""Who may say by ``X-Forwarded-*`` that a caller came over TLS, and from where. Never by what host: a page
of another site could say so too, and the control face goes by it."""
TRUSTED_HEADERS = frozenset({"x-forwarded-for", "x-forwarded-proto"})
TICK_SECONDS = 1.0
"""How often the queue is looked at when nobody calls."""
PEOPLE_SECONDS = 0.5
"""How often the people are looked after."""

log = structlog.get_logger()


class PortTakenError(Exception):
    """Another program listens there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"port {port} of {host} is taken")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 means any free one.

    Raises PortTakenError, or another OSError where the address cannot be had for another reason.
    """
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(host, port) from None
        raise
    return listener


class SandboxServer:
    """Serves a world's application; closing the world is left to its owner.

    ``publish_every`` publishes the front of every queue at that interval in seconds, beside the
    schedule, so that a demonstration need not wait for the slots.
    """

    def __init__(
        self,
        world: World,
        app: Flask,
        listener: socket.socket,
        *,
        publish_every: float | None = None,
        threads: int = THREADS,
    ) -> None:
        self._world = world
        self._residents = residents_of(app)
        self._channels: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._channels,
            sockets=[listener],
            threads=threads,
            ident="sandbox",
            trusted_proxy=TRUSTED_PROXY,
            trusted_proxy_headers=set(TRUSTED_HEADERS),
            clear_untrusted_proxy_headers=False,  # the control face refuses whoever comes with one
        )
        self._publish_every = publish_every
        self._done = threading.Event()
        self._open = threading.Lock()
        self.port = int(listener.getsockname()[1])

    def run(self) -> None:
        """Serve until ``stop``; then let the requests at hand finish."""
        ticker = threading.Thread(target=self._tick, name="queue", daemon=True)
        people = threading.Thread(target=self._live, name="people", daemon=True)
        ticker.start()
        people.start()
        try:
            while not self._done.is_set():
                self._turn(LOOP_SECONDS)
        finally:
            self._done.set()
            self._world.closing.set()
            self._drain()
            ticker.join()
            people.join()

    def stop(self) -> None:
        """End ``run``; call it from any thread."""
        self._done.set()
        with self._open:
            if self._channels:
                self._server.pull_trigger()

    def _drain(self) -> None:
        """Answer what was asked, as long as that does not take too long; then close everything."""
        end = time.monotonic() + DRAIN_SECONDS
        while self._busy() and time.monotonic() < end:
            self._turn(DRAIN_STEP_SECONDS)
        self._server.task_dispatcher.shutdown(timeout=1)
        self._turn(0)
        with self._open:
            wasyncore.close_all(self._channels)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, map=self._channels, count=1, use_poll=True)

    def _busy(self) -> bool:
        dispatcher = self._server.task_dispatcher
        unsent = any(getattr(channel, "total_outbufs_len", 0) for channel in list(self._channels.values()))
        return bool(dispatcher.queue) or dispatcher.active_count > 0 or unsent

    def _tick(self) -> None:
        last = time.monotonic()
        while not self._done.wait(TICK_SECONDS):
            self._world.publish_due()
            if self._publish_every is not None and time.monotonic() - last >= self._publish_every:
                last = time.monotonic()
                self._world.publish_next_of_every_queue()

    def _live(self) -> None:
        last = time.monotonic()
        while not self._done.wait(PEOPLE_SECONDS):
            now = time.monotonic()
            self._residents.step(now - last)
            last = now
