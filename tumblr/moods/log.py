"""Says in the log how the bot feels, whenever that has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import structlog

from tumblr.moods.current import Feeling
from tumblr.turns.turn import NewTurn

log = structlog.get_logger()


class FeelingAt(Protocol):
    """Says how the bot feels."""

    def at(self, moment: datetime) -> Feeling:
        """The mood at a moment."""
        ...


class MoodLog:
    """Looks at the mood at the end of each pass."""

    def __init__(self, moods: FeelingAt, clock: Callable[[], float]) -> None:
        self._moods = moods
        self._clock = clock
        self._last: Feeling | None = None

    def find(self) -> list[NewTurn]:
        """Log the mood if it is another than at the last look. Finds no turns."""
        feeling = self._moods.at(datetime.fromtimestamp(self._clock(), UTC))
        if feeling != self._last:
            log.info("mood", value=round(feeling.value, 3), accepts=feeling.name)
        self._last = feeling
        return []
