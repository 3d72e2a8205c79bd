"""Whether the bot may write to tumblr now: the operator may pause it, stop it, or try it out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from tumblr.api.errors import LimitReached

HALTED_SECONDS = 5.0
"""Seconds after which what was halted looks again whether it may."""


class PostingMode(StrEnum):
    """What the bot may do to tumblr."""

    ON = "on"
    PAUSED = "paused"
    """Nothing new is posted; what was begun is finished."""

    STOPPED = "stopped"
    """No call that writes begins, whatever it is for."""

    DRY_RUN = "dry run"
    """As stopped; what would be posted waits to be looked at."""


class PostingHalted(LimitReached):
    """Nothing was sent: the operator has halted it."""

    def __init__(self) -> None:
        super().__init__("the operator has halted posting", HALTED_SECONDS)


class PostingSwitch:
    """The mode, and the writes that are under way. Safe to share between threads."""

    def __init__(self, mode: PostingMode = PostingMode.ON) -> None:
        self._lock = threading.Lock()
        self._mode = mode
        self._next = 0
        self._under_way: dict[int, str] = {}

    @property
    def mode(self) -> PostingMode:
        """What the bot may do now."""
        return self._mode

    @property
    def begins(self) -> bool:
        """Whether something new may be posted."""
        return self._mode is PostingMode.ON

    @property
    def writes(self) -> bool:
        """Whether anything may be written."""
        return self._mode in (PostingMode.ON, PostingMode.PAUSED)

    def change(self, mode: PostingMode) -> list[str]:
        """Change the mode; the answer is the writes that began before.

        Once this has returned for a mode that writes nothing, none begins.
        """
        with self._lock:
            self._mode = mode
            return list(self._under_way.values())

    def under_way(self) -> list[str]:
        """The writes that wait for tumblr's answer."""
        with self._lock:
            return list(self._under_way.values())

    @contextmanager
    def write(self, what: str) -> Iterator[None]:
        """A write, from before its first byte is sent to its answer. Raises PostingHalted."""
        with self._lock:
            if not self.writes:
                raise PostingHalted
            number = self._next = self._next + 1
            self._under_way[number] = what
        try:
            yield
        finally:
            with self._lock:
                del self._under_way[number]
