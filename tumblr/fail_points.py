"""Places at which a test may let the process die, to see that nothing is lost and nothing is said twice.

They do nothing unless the environment variable ``TUMBL_FAIL_POINT`` names one.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from enum import StrEnum

VARIABLE = "TUMBL_FAIL_POINT"


class FailPoint(StrEnum):
    """Moments in a turn's life between two things that must not come apart."""

    AFTER_FOUND = "after-found"
    AFTER_REQUEST = "after-request"
    """The request is stored, the switchboard does not know it yet."""
    AFTER_SUBMIT = "after-submit"
    """The switchboard knows the request, its confirmation is not stored yet."""
    AFTER_CHOICE = "after-choice"
    AFTER_INTENT = "after-intent"
    """What will be posted is stored, tumblr does not know it yet."""
    AFTER_POST = "after-post-before-record"
    """It is on tumblr, which is not recorded yet."""
    AFTER_RECORD = "after-record-before-acknowledgement"


def kill_this_process() -> None:
    """Die at once, as by ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


class FailPoints:
    """Dies when the one armed point is reached; without one it never does."""

    def __init__(self, armed: FailPoint | None = None, die: Callable[[], None] = kill_this_process) -> None:
        self._armed = armed
        self._die = die

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> FailPoints:
        """As the environment variable says; an unknown name raises ValueError."""
        name = environment.get(VARIABLE)
        return cls(FailPoint(name) if name else None)

    def reach(self, point: FailPoint) -> None:
        """Say that the program is at this point."""
        if point is self._armed:
            self._die()
