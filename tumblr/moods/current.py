"""How the bot feels at a moment, from the inputs in the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot_lifecycle import FatalError
from mood.dated_settings import read_system
from mood.dynamics import MoodCurve, mood_at
from mood.named import mood_for_value
from mood.settings import MoodConfig
from mood.system import MoodInput, MoodSystem
from tumblr.store.turns import TurnStore
from tumblr.turns.turn import NewTurn

log = structlog.get_logger()


@dataclass(frozen=True)
class Feeling:
    """The mood at a moment: its value in (0, 1), and the name that says what texts it accepts."""

    value: float
    name: str


class Moods:
    """Answers how the bot feels; keeps the last answer for a while.

    A mood that was worked out for a moment no more than ``stale_seconds`` away stands for this one. Only
    inputs that are new since the last answer are read; the state that they move is kept.
    """

    def __init__(
        self, store: TurnStore, timezone: ZoneInfo, system: MoodSystem, stale_seconds: float
    ) -> None:
        self._store = store
        self._timezone = timezone
        self._system = system
        self._stale = timedelta(seconds=stale_seconds)
        self._last: tuple[datetime, Feeling] | None = None
        self._curve = MoodCurve(system)
        self._read = 0  # the number of the last input in the curve

    def at(self, moment: datetime) -> Feeling:
        """The mood at a moment; of one in the future, the mood if nothing more is said to the bot."""
        if self._last is None or abs(moment - self._last[0]) > self._stale:
            self._last = moment, self._work_out(moment)
        return self._last[1]

    def _work_out(self, moment: datetime) -> Feeling:
        self._take_in(moment)
        unix = moment.timestamp()
        value = mood_at(self._curve.offset(unix), unix, self._timezone, self._system)
        return Feeling(value, mood_for_value(value).name)

    def _take_in(self, moment: datetime) -> None:
        """Bring the curve up to date with the store."""
        # Twice the window: the next question may be about an earlier moment than the first was.
        since = moment - timedelta(seconds=2 * self._system.window_seconds)
        found = self._store.mood_inputs(since, after=self._read)
        self._read = max([self._read, *(stored.number for stored in found)])
        self._curve.add_inputs([MoodInput(s.time, s.logit_diff, s.generated_p75) for s in found])


class MoodLog:
    """Looks at the mood at the end of each pass."""

    def __init__(self, moods: Moods, clock: Callable[[], float]) -> None:
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


def mood_system(settings: MoodConfig) -> MoodSystem:
    """How the mood moves; raises FatalError when the settings or the file of dated updates cannot be used."""
    try:
        return read_system(settings)
    except (OSError, ValueError) as error:
        where = f" (updates_file {settings.updates_file})" if settings.updates_file else ""
        raise FatalError(f"mood{where}: {error}", "fix it and start again") from None
