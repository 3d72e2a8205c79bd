"""Faults: ways in which the sandbox misbehaves on request, so that clients can be tested against them.

A fault is switched on through the control face, matches requests by method and path, and fires a
stated number of times or with a stated probability. Faults live in memory: a restarted sandbox
behaves well again.
"""

from __future__ import annotations

import fnmatch
import random
import threading
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    """An error status with an HTML body, as an overloaded front end answers."""
    UNAUTHORIZED = "unauthorized"
    """The answer that wrong keys get: 401 with code 1016."""
    LIMIT = "limit"
    """429 with the document of an exhausted key; the headers show no calls left."""
    THROTTLE = "throttle"
    """429 with the document of the throttle by address; the headers still show calls left."""
    HTML = "html"
    """Status 200 with an HTML page instead of JSON."""
    MALFORMED = "malformed"
    """Status as earned, but the JSON body breaks off half way."""
    TIMEOUT = "timeout"
    """The work is done, then no answer comes for some time, and then none at all."""
    CUT = "cut"
    """The connection is closed without an answer."""
    NO_LIMIT_HEADERS = "no_limit_headers"
    """The rate limit headers are missing."""
    NO_SCHEDULE = "no_schedule"
    """Queued posts come without ``scheduled_publish_time``."""
    FOLLOW_IGNORED = "follow_ignored"
    """A follow is answered as if it were done, and is not; limit headers are missing."""


WORK_IS_DONE_FIRST = frozenset(
    {FaultKind.MALFORMED, FaultKind.TIMEOUT, FaultKind.NO_LIMIT_HEADERS, FaultKind.NO_SCHEDULE}
)


class Fault(BaseModel):
    """One switched-on fault.

    The first matching fault that fires is the only one that acts on a request. ``after_work`` says
    whether the request takes effect before it goes wrong; without it the kind decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    path: str = Field(
        "*", description="shell pattern over the whole path, as in '*/post/edit'", max_length=200
    )
    method: str | None = Field(None, description="GET, POST ...; none means any", max_length=10)
    count: int | None = Field(None, description="fires at most this often; none means without end", ge=1)
    probability: float = Field(1.0, description="chance to fire on a matching request", ge=0, le=1)
    status: int = Field(503, description="HTTP status of kind 'status'", ge=400, le=599)
    seconds: float = Field(30.0, description="how long kind 'timeout' stays silent", ge=0, le=3600)
    headers: bool = Field(True, description="do the kinds 'limit' and 'throttle' carry limit headers?")
    after_work: bool | None = Field(None, description="does the request take effect all the same?")

    @property
    def works_first(self) -> bool:
        """Whether the request is carried out before it goes wrong."""
        return self.kind in WORK_IS_DONE_FIRST if self.after_work is None else self.after_work

    def matches(self, method: str, path: str) -> bool:
        """Whether this fault is meant for such a request."""
        if self.method is not None and self.method.upper() != method.upper():
            return False
        return fnmatch.fnmatchcase(path.rstrip("/"), self.path)


class Faults:
    """The faults that are switched on, with how often each may still fire. Safe to share by threads."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self._next = 1
        self._active: dict[int, tuple[Fault, int | None]] = {}

    def add(self, fault: Fault) -> int:
        """Switch a fault on; the answer is its number."""
        with self._lock:
            number, self._next = self._next, self._next + 1
            self._active[number] = (fault, fault.count)
            return number

    def remove(self, number: int) -> bool:
        """Switch one fault off; false when it was not on."""
        with self._lock:
            return self._active.pop(number, None) is not None

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._active.clear()

    def active(self) -> dict[int, Fault]:
        """The faults that are on, by number; ``count`` is how often each may still fire."""
        with self._lock:
            return {n: fault.model_copy(update={"count": left}) for n, (fault, left) in self._active.items()}

    def strike(self, method: str, path: str) -> Fault | None:
        """Choose the fault that befalls this request, if any, and use up one of its times."""
        with self._lock:
            for number, (fault, left) in self._active.items():
                if fault.matches(method, path) and self._rng.random() < fault.probability:
                    self._use_up(number, fault, left)
                    return fault
        return None

    def _use_up(self, number: int, fault: Fault, left: int | None) -> None:
        if left is None:
            return
        if left <= 1:
            del self._active[number]
        else:
            self._active[number] = (fault, left - 1)
