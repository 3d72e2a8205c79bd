"""Places at which a test may let the process die, to see that nothing is lost and nothing is said twice.

They do nothing unless the environment variable ``TUMBL_FAIL_POINT`` names one:

    after-intent             die there, as by ``kill -9``
    after-intent:raise       raise an error that nothing in the program expects
    after-intent:kill:3      the third time the program comes by
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Self

VARIABLE = "TUMBL_FAIL_POINT"


class FailPoint(StrEnum):
    """Moments in a turn's life between two things that must not come apart."""

    DURING_FOUND = "during-found"
    """Turns are being written down: the transaction is open."""
    AFTER_FOUND = "after-found"
    AFTER_REQUEST = "after-request"
    """The request is stored, the switchboard does not know it yet."""
    AFTER_SUBMIT = "after-submit"
    """The switchboard knows the request, its confirmation is not stored yet."""
    AFTER_RESULT = "after-result-before-choice"
    """The switchboard has handed the text over, it is not stored yet."""
    AFTER_CHOICE = "after-choice"
    AFTER_INTENT = "after-intent"
    """What will be posted is stored, tumblr does not know it yet."""
    AFTER_POST = "after-post-before-record"
    """It is on tumblr, which is not recorded yet."""
    DURING_RECORD = "during-record"
    """A post is being recorded: the transaction is open, the log has its entry, the turn is not closed."""
    AFTER_RECORD = "after-record-before-acknowledgement"
    AFTER_CHORE = "after-chore-before-record"
    """A post was deleted or changed, which is not recorded yet."""
    BEFORE_UPLOAD = "before-upload"
    """Images of a text are drawn, tumblr knows nothing of them yet."""
    AFTER_UPLOAD = "after-upload-before-deletion"
    """Images of a text are on tumblr, with a draft that is to be deleted."""
    AFTER_UPLOAD_DELETED = "after-upload-deleted"
    """Images of a text are on tumblr without a post; their addresses are not stored yet."""
    DURING_JUDGMENT = "during-judgment"
    """The scores of posts on the dashboard are being written down: the transaction is open."""
    AFTER_SENT_BACK = "after-sent-back-before-chore"
    """A draft that was sent back is written down, tumblr still has it."""
    DURING_DECISION = "during-decision"
    """The operator's decision takes effect: the transaction is open."""
    AFTER_DECISION = "after-decision"
    """Its turn is on its way again, nothing is posted yet."""


class Misfortune(Exception):  # noqa: N818 - named for what happens
    """What a fail point raises: an error of a type that nothing in the program expects."""


def kill_this_process() -> None:
    """Die at once, as by ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


def raise_misfortune() -> None:
    """Raise what nobody expects."""
    raise Misfortune("a fail point was reached")


ACTIONS: Mapping[str, Callable[[], None]] = {"kill": kill_this_process, "raise": raise_misfortune}


class FailPoints:
    """Acts when the one armed point is reached for the ``count``-th time; without one it never does."""

    def __init__(
        self,
        armed: FailPoint | None = None,
        die: Callable[[], None] = kill_this_process,
        count: int = 1,
    ) -> None:
        self._armed = armed
        self._die = die
        self._left = count

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """As the environment variable says; an unknown name, action or number raises ValueError."""
        name, _, rest = environment.get(VARIABLE, "").partition(":")
        action, _, count = rest.partition(":")
        if not name:
            return cls()
        if action not in {"", *ACTIONS}:
            raise ValueError(f"{VARIABLE}: no such action: {action}")
        return cls(FailPoint(name), ACTIONS[action or "kill"], int(count or "1"))

    def reach(self, point: FailPoint) -> None:
        """Say that the program is at this point."""
        if point is not self._armed or self._left == 0:
            return
        self._left -= 1
        if self._left == 0:
            self._die()
