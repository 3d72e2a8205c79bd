"""How the bot feels at a moment, from the inputs in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from mood.dynamics import mood_value
from mood.named import mood_for_value
from mood.system import MoodInput, MoodSystem
from tumblr.turns import StoredMoodInput


class InputMemory(Protocol):
    """Where the inputs of the mood are kept."""

    def mood_inputs(self, since: datetime, until: datetime) -> Sequence[StoredMoodInput]:
        """The inputs of this span."""
        ...


@dataclass(frozen=True)
class Feeling:
    """The mood at a moment: its value in (0, 1), and the name that says what texts it accepts."""

    value: float
    name: str


class Moods:
    """Answers how the bot feels; keeps the last answer for a while.

    A mood that was worked out for a moment no more than ``stale_seconds`` away stands for this one.
    """

    def __init__(
        self, memory: InputMemory, timezone: ZoneInfo, system: MoodSystem, stale_seconds: float
    ) -> None:
        self._memory = memory
        self._timezone = timezone
        self._system = system
        self._stale = timedelta(seconds=stale_seconds)
        self._last: tuple[datetime, Feeling] | None = None

    def at(self, moment: datetime) -> Feeling:
        """The mood at a moment; of one in the future, the mood if nothing more is said to the bot."""
        if self._last is None or abs(moment - self._last[0]) > self._stale:
            self._last = moment, self._work_out(moment)
        return self._last[1]

    def _work_out(self, moment: datetime) -> Feeling:
        since = moment - timedelta(seconds=self._system.window_seconds)
        inputs = [
            MoodInput(time=stored.time, logit_diff=stored.logit_diff, generated_p75=stored.generated_p75)
            for stored in self._memory.mood_inputs(since, moment)
        ]
        value = mood_value(inputs, moment, timezone=self._timezone, system=self._system)
        return Feeling(value, mood_for_value(value).name)
