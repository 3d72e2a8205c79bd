"""The bot's rhythm: look for turns now and then, and drive the open ones all the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot_process import FatalError, Shutdown
from tumblr.errors import LimitReached, StoreError, TumblrError, Unauthorized
from tumblr.fail_points import FailPoint, FailPoints
from tumblr.limits import Budget
from tumblr.respond import Driver
from tumblr.store import Store
from tumblr.turns import NewTurn, TurnKind

CALLS_PER_PASS = 4
"""Calls that a pass over tumblr makes at most while nothing is new: inbox, queue, two pages of drafts."""

SHORTEST_PAUSE = 0.02
"""Seconds between two rounds, even when a result is there at once."""

log = structlog.get_logger()


class Finder(Protocol):
    """Finds one kind of turn."""

    @property
    def kind(self) -> TurnKind:
        """The kind that it finds."""
        ...

    def find(self) -> list[NewTurn]:
        """The turns that are new; may raise the errors of ``tumblr.errors``."""
        ...


@dataclass(frozen=True)
class Rhythm:
    """How long the bot pauses between passes, in seconds."""

    sleep_seconds: float
    offpeak_sleep_seconds: float
    peak_hours: tuple[int, int]
    """Local hours [from, to) of the short pause."""

    timezone: ZoneInfo
    error_factor: float
    poll_seconds: float
    """Pause between two rounds over the open turns."""

    def pause(self, now: float) -> float:
        """The pause at a moment (unix seconds)."""
        hour = datetime.fromtimestamp(now, UTC).astimezone(self.timezone).hour
        is_peak = self.peak_hours[0] <= hour < self.peak_hours[1]
        return self.sleep_seconds if is_peak else self.offpeak_sleep_seconds

    @property
    def mean_pause(self) -> float:
        """The pause averaged over a day; 160 s with the pauses of 60 and 360 s."""
        peak_share = (self.peak_hours[1] - self.peak_hours[0]) / 24
        return peak_share * self.sleep_seconds + (1 - peak_share) * self.offpeak_sleep_seconds


class Loop:
    """Runs until it is asked to stop. Trouble of one turn or one finder never stops the others."""

    def __init__(
        self,
        finders: Sequence[Finder],
        driver: Driver,
        store: Store,
        *,
        budget: Budget,
        rhythm: Rhythm,
        shutdown: Shutdown,
        clock: Callable[[], float],
        fail_points: FailPoints,
    ) -> None:
        self._finders = finders
        self._driver = driver
        self._store = store
        self._budget = budget
        self._rhythm = rhythm
        self._shutdown = shutdown
        self._clock = clock
        self._fail_points = fail_points

    def run(self) -> None:
        """Pass after pass, until shutdown is requested."""
        next_pass = self._clock()
        while not self._shutdown.requested.is_set():
            if self._clock() >= next_pass:
                next_pass = self._clock() + self.find()
            still_open = self._round() > 0
            self._pause(next_pass - self._clock(), still_open=still_open)

    def run_once(self) -> None:
        """One pass, and until nothing that was found can be driven further without a rest."""
        self.find()
        while self._round() and self._driver.can_linger and not self._shutdown.requested.is_set():
            self._pause(self._rhythm.poll_seconds, still_open=True)
        self._round()

    def find(self) -> float:
        """One look at tumblr; the answer is the pause until the next, in seconds."""
        pause = self._rhythm.pause(self._clock())
        longest = max(pause, self._budget.pause(CALLS_PER_PASS))
        for finder in self._finders:
            longest = max(longest, self._find(finder, pause))
        return longest

    def _find(self, finder: Finder, pause: float) -> float:
        """Let one finder look; the answer is how long to leave tumblr alone, 0 if all went well."""
        try:
            found = self._store.add(finder.find())
        except Unauthorized as error:
            raise FatalError(str(error), "then start again") from None
        except LimitReached as error:
            log.warning("waiting for tumblr's limit", kind=finder.kind, reason=str(error))
            return error.retry_after_seconds
        except (TumblrError, StoreError) as error:
            log.error("looking for turns failed", kind=finder.kind, reason=str(error))
            return pause * self._rhythm.error_factor
        except Exception as error:  # a finder's trouble, whatever it is, must not stop the others
            log.error("looking for turns failed", kind=finder.kind, exc_info=error)
            return pause * self._rhythm.error_factor
        for turn in found:
            log.info("turn found", turn=turn.name, who=turn.who or "nobody", state=turn.state)
        if found:
            self._fail_points.reach(FailPoint.AFTER_FOUND)
        return 0.0

    def _round(self) -> int:
        """Drive the open turns; when nothing can be stored nothing is done, and that is said."""
        try:
            return self._driver.round()
        except StoreError as error:
            log.error("nothing can be stored", reason=str(error))
            self._shutdown.wait(self._rhythm.pause(self._clock()))
            return 0

    def _pause(self, until_next_pass: float, *, still_open: bool) -> None:
        if until_next_pass <= 0:
            return
        if not still_open:
            self._shutdown.wait(until_next_pass)
            return
        until = self._clock() + min(self._rhythm.poll_seconds, until_next_pass)
        arrived = self._driver.linger(until - self._clock())
        left = SHORTEST_PAUSE if arrived else until - self._clock()
        if left > 0:
            self._shutdown.wait(left)
