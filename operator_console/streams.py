"""Server-sent events: a bounded number of streams with bounded queues, none of which outlives its reader."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

HEARTBEAT_SECONDS = 10.0
"""The longest silence: a stream whose reader is gone ends with the next line. So often is also looked
whether its reader is still logged in."""

LOOK_SECONDS = 0.5
"""How often the bot is asked while somebody watches."""

QUEUED = 16
"""Events that wait for a slow reader; with one more it is told to load the page anew."""

RETRY_MILLISECONDS = 3000
SIGNED_OUT = "event: signed-out\ndata: {}\n\n"
RESYNC = "event: resync\ndata: {}\n\n"


class Stream:
    """One reader."""

    def __init__(self) -> None:
        self._events: queue.Queue[str] = queue.Queue(QUEUED)
        self.overflowed = False

    def put(self, event: str) -> None:
        """Send an event; a reader that does not keep up is told so."""
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self.overflowed = True

    def next(self, seconds: float) -> str | None:
        """The next event, None after so many seconds without one."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None


class Streams:
    """All readers. While there is one, a thread asks what there is, and tells them of what is new."""

    def __init__(self, most: int, look: Callable[[], str]) -> None:
        """``look`` gives the state as one line; an error in it is nobody's event."""
        self._most = most
        self._look = look
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._watching = False
        self._closed = threading.Event()

    def open(self) -> Stream | None:
        """A new stream; None when there are too many."""
        with self._lock:
            if len(self._streams) >= self._most or self._closed.is_set():
                return None
            stream = Stream()
            self._streams.add(stream)
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="watch", daemon=True).start()
            return stream

    @property
    def number(self) -> int:
        """How many are open."""
        return len(self._streams)

    def close(self) -> None:
        """End all streams: the process stops."""
        self._closed.set()

    def lines(
        self, stream: Stream, is_gone: Callable[[], bool], may_go_on: Callable[[], bool]
    ) -> Iterator[str]:
        """What is sent to a reader, until it goes, is logged out, or does not keep up."""
        heard = asked = time.monotonic()
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            while not (self._closed.is_set() or is_gone()):
                if stream.overflowed:
                    yield RESYNC
                    return
                event, now = stream.next(LOOK_SECONDS), time.monotonic()
                if now - asked >= HEARTBEAT_SECONDS:  # also where there is always something new
                    asked = now
                    if not may_go_on():
                        yield SIGNED_OUT
                        return
                if event is None and now - heard >= HEARTBEAT_SECONDS:
                    event = ": still here\n\n"
                if event is not None:
                    heard = now
                    yield event
        finally:
            with self._lock:
                self._streams.discard(stream)

    def _watch(self) -> None:
        last = ""
        while not self._closed.is_set():
            with self._lock:
                if not self._streams:
                    self._watching = False
                    return
                streams = list(self._streams)
            found = self._look()
            if found != last:
                last = found
                for stream in streams:
                    stream.put(f"event: live\ndata: {found}\n\n")
            self._closed.wait(LOOK_SECONDS)
