"""Whom the dashboard account follows: read from tumblr once, then kept up to date by the commands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import structlog

from tumblr.turns.turn import NewTurn

READ = "follows read"
"""Name of the mark that says that the list was read."""

log = structlog.get_logger()


class FollowReader(Protocol):
    """Reads as the dashboard account."""

    def following(self) -> Iterable[str]:
        """The names of the blogs that the account follows; read page by page."""
        ...


class FollowMemory(Protocol):
    """Keeps the list."""

    def mark(self, name: str) -> Any:
        """A remembered value, or None."""
        ...

    def set_mark(self, name: str, value: object) -> None:
        """Remember a value."""
        ...

    def replace_follows(self, names: Iterable[str]) -> None:
        """The whole list, as tumblr has it."""
        ...


class FollowList:
    """Sees to it that the list is there."""

    def __init__(self, reader: FollowReader, memory: FollowMemory, *, anew: bool) -> None:
        self._reader = reader
        self._memory = memory
        self._due = anew or memory.mark(READ) is None

    def find(self) -> list[NewTurn]:
        """Read the list, if that has not been done yet. Finds no turns."""
        if self._due:
            names = sorted({name.lower() for name in self._reader.following()})
            self._memory.replace_follows(names)
            self._memory.set_mark(READ, True)
            self._due = False
            log.info("list of followed blogs read", blogs=len(names))
        return []
