"""Long polls: a request waits here until something has changed, and never holds a transaction meanwhile."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from switchboard.store import Transition

Found = TypeVar("Found")

RECHECK_SECONDS = 1.0
"""Some work appears by the passing of time (a lease ends), or through another process: look this often."""


class Notifier:
    """Wakes waiting requests when the store has changed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._closed = False

    def version(self) -> int:
        """A number that grows with every change; read it before looking, then nothing is missed."""
        with self._changed:
            return self._version

    def on_commit(self, _transitions: Sequence[Transition]) -> None:
        """Something was stored."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Send everybody home: the service stops."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, seen: int, seconds: float) -> bool:
        """Wait until the version is not `seen` any more, or the time is over; false when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._version != seen, seconds)
            return not self._closed


class LongPoll:
    """Lets a bounded number of requests wait; one too many is answered at once, as if it had not asked.

    The bound keeps threads free for requests that bring something.
    """

    def __init__(self, notifier: Notifier, places: int) -> None:
        self._notifier = notifier
        self._places = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many requests are waiting."""
        return self._taken

    def until(self, look: Callable[[], Found], enough: Callable[[Found], bool], seconds: float) -> Found:
        """Look again after each change until it is enough, or the time is over; the last look."""
        if seconds <= 0 or not self._places.acquire(blocking=False):
            return look()
        self._count(1)
        try:
            return self._wait(look, enough, time.monotonic() + seconds)
        finally:
            self._count(-1)
            self._places.release()

    def _wait(self, look: Callable[[], Found], enough: Callable[[Found], bool], end: float) -> Found:
        while True:
            seen = self._notifier.version()
            found = look()
            left = end - time.monotonic()
            if enough(found) or left <= 0 or not self._notifier.wait(seen, min(left, RECHECK_SECONDS)):
                return found

    def _count(self, change: int) -> None:
        with self._lock:
            self._taken += change
