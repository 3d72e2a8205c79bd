"""Long polls: a request waits here until something has changed, and never holds a transaction meanwhile."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from switchboard.store import Changes

Found = TypeVar("Found")

GENERATORS, PARTICULAR, SELECTORS = "$generators", "$particular", "$selectors"
"""What workers wait for: generators that serve what most do, those that say what they serve, and selectors. A
client waits for a job by its id, in which there is no dollar sign."""
RECHECK_SECONDS = {GENERATORS: 1.0, PARTICULAR: 1.0, SELECTORS: 1.0}
"""Some work appears by the passing of time alone (a lease ends): look this often."""
SELDOM_SECONDS = 5.0
"""How often those look who wait for a job, of which they would be told."""


class _Waiting:
    """One request that waits."""

    def __init__(self) -> None:
        self.woken = threading.Event()


class Notifier:
    """Wakes requests when what they wait for is there, and of workers no more than there is work for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[_Waiting]] = {}
        self.is_closed = False

    def enter(self, topic: str) -> _Waiting:
        """Wait for something from now on; what happens before the next look at it is not missed."""
        one = _Waiting()
        with self._lock:
            self._waiting.setdefault(topic, deque()).append(one)
            if self.is_closed:
                one.woken.set()
        return one

    def pause(self, topic: str, one: _Waiting) -> float:
        """How long to wait before looking unasked: of those who wait for work one looks often, for all."""
        with self._lock:
            is_first = self._waiting[topic][0] is one
        return RECHECK_SECONDS.get(topic, SELDOM_SECONDS) if is_first else SELDOM_SECONDS

    def leave(self, topic: str, one: _Waiting) -> None:
        """Wait no longer; a wake that came too late goes to the next."""
        with self._lock:
            line = self._waiting[topic]
            line.remove(one)
            if not line:
                del self._waiting[topic]
        if one.woken.is_set() and topic in RECHECK_SECONDS:
            self._wake(topic, 1)

    def on_change(self, changes: Changes) -> None:
        """Something was stored."""
        with self._lock:
            topics = list(self._waiting) if changes.everything else []
        for topic in (*topics, *changes.jobs):
            self._wake(topic, None)
        self._wake(GENERATORS, changes.generators)
        if changes.generators:
            self._wake(PARTICULAR, None)  # whether it is for them, they see themselves
        self._wake(SELECTORS, changes.selectors)

    def tell(self, topic: str) -> None:
        """Something that is not stored is there: wake all who wait for it."""
        self._wake(topic, None)

    def _wake(self, topic: str, most: int | None) -> None:
        """Wake so many of those who wait for it, longest first; None: all of them."""
        with self._lock:
            asleep = [one for one in self._waiting.get(topic, ()) if not one.woken.is_set()]
            for one in asleep[:most]:
                one.woken.set()

    def close(self) -> None:
        """Send everybody home: the service stops."""
        with self._lock:
            self.is_closed = True
            for line in self._waiting.values():
                for one in line:
                    one.woken.set()


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

    def until(
        self, topic: str, look: Callable[[], Found], enough: Callable[[Found], bool], seconds: float
    ) -> Found:
        """Look again when the topic has changed until it is enough, or the time is over; the last look."""
        if seconds <= 0 or not self._places.acquire(blocking=False):
            return look()
        self._count(1)
        one = self._notifier.enter(topic)
        try:
            return self._wait(topic, one, look, enough, time.monotonic() + seconds)
        finally:
            self._notifier.leave(topic, one)
            self._count(-1)
            self._places.release()

    def _wait(
        self,
        topic: str,
        one: _Waiting,
        look: Callable[[], Found],
        enough: Callable[[Found], bool],
        end: float,
    ) -> Found:
        while True:
            one.woken.clear()
            found = look()
            left = end - time.monotonic()
            if enough(found) or left <= 0 or self._notifier.is_closed:
                return found
            one.woken.wait(min(left, self._notifier.pause(topic, one)))

    def _count(self, change: int) -> None:
        with self._lock:
            self._taken += change
