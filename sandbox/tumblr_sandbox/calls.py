"""A record of the API calls received, for tests and for looking. It lives in memory."""

from __future__ import annotations

import fnmatch
import threading
from collections import deque

from tumblr_sandbox.records import Call

KEPT_CALLS = 10_000


class CallLog:
    """The latest calls. Safe to share by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._next = 1

    def add(self, call: Call) -> None:
        """Keep a call; its number is given here."""
        with self._lock:
            self._calls.append(call.model_copy(update={"number": self._next}))
            self._next += 1

    def find(self, *, after: int = 0, path: str = "*", method: str | None = None) -> list[Call]:
        """Calls later than a number whose path fits a shell pattern, oldest first."""
        with self._lock:
            calls = list(self._calls)
        return [
            call
            for call in calls
            if call.number > after
            and fnmatch.fnmatchcase(call.path, path)
            and (method is None or call.method == method.upper())
        ]

    def users(self) -> set[str]:
        """The users that programs signed calls as, of late."""
        with self._lock:
            return {call.user for call in self._calls if call.user is not None}
