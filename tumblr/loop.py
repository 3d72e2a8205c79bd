"""The bot's rhythm: look for turns now and then, and drive the open ones all the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot_lifecycle import FatalError, Shutdown
from tumblr.api.backoff import Backoff
from tumblr.api.errors import LimitReached, StoreError, TumblrError, Unauthorized, Unreachable
from tumblr.api.key_pool import Pool
from tumblr.pacing.planner import Part, PassPlan, Step, order_of, steps_of
from tumblr.pacing.throttle import ThrottleLevel
from tumblr.responding.driver import Driver
from tumblr.store.turns import TurnStore
from tumblr.turns.fail_points import FailPoint, FailPoints

CALLS_PER_PASS = 4
"""Calls that a pass over tumblr makes at most while nothing is new: inbox, queue, two pages of drafts."""

SHORTEST_PAUSE = 0.02
"""Seconds between two rounds, even when a result is there at once."""

log = structlog.get_logger()


class Plans(Protocol):
    """Decides what a pass looks at."""

    def begin(self) -> PassPlan:
        """The plan of a new pass."""
        ...

    def end(self, calls: dict[Part, int]) -> None:
        """What the parts of the pass cost, in calls."""
        ...


class Holds(Protocol):
    """Decides how much the bot holds back."""

    def update(self) -> ThrottleLevel:
        """The level for a new pass."""
        ...


@dataclass(frozen=True)
class PassSchedule:
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
        steps: Sequence[Step],
        driver: Driver,
        store: TurnStore,
        *,
        planner: Plans,
        post_limit: Holds,
        pool: Pool,
        rhythm: PassSchedule,
        shutdown: Shutdown,
        clock: Callable[[], float],
        fail_points: FailPoints,
    ) -> None:
        self._steps = steps
        self._driver = driver
        self._store = store
        self._planner = planner
        self._post_limit = post_limit
        self._pool = pool
        self._rhythm = rhythm
        self._shutdown = shutdown
        self._clock = clock
        self._fail_points = fail_points
        self._outage = Backoff("tumblr", clock)

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
        try:
            longest = self._pass()
        except Unreachable as error:
            self._outage.begin(error)
            return self._rhythm.pause(self._clock()) * self._rhythm.error_factor
        self._outage.end()
        return longest

    def _pass(self) -> float:
        pause = self._rhythm.pause(self._clock())
        try:
            plan, level = self._planner.begin(), self._post_limit.update()
        except Unauthorized as error:
            raise FatalError(str(error), "then start again") from None
        except Unreachable:
            raise
        except StoreError as error:
            log.error("looking for turns failed", look="plan", reason=str(error))
            return pause * self._rhythm.error_factor
        except Exception as error:  # whatever it is, the next pass may do better
            log.error("looking for turns failed", look="plan", exc_info=error)
            return pause * self._rhythm.error_factor
        longest = max(pause * level.sleep_factor, self._pool.pause(CALLS_PER_PASS))
        calls: Counter[Part] = Counter()
        cut_short: set[Part] = set()
        for step in steps_of(self._steps, order_of(plan, queue_first=level.queue_first)):
            before = self._pool.calls
            wait = self._find(step, pause)
            calls[step.part] += self._pool.calls - before
            if wait:
                cut_short.add(step.part)
            longest = max(longest, 0.0 if step.part is Part.DASHBOARD else wait)
        self._end_pass({part: number for part, number in calls.items() if part not in cut_short})
        return longest

    def _end_pass(self, calls: dict[Part, int]) -> None:
        try:
            self._planner.end(calls)
        except StoreError as error:
            log.error("the cost of the pass is not remembered", reason=str(error))

    def _find(self, step: Step, pause: float) -> float:
        """Take one look; the answer is how long to leave tumblr alone, 0 if all went well.

        Raises Unreachable: then no other look of this pass would get anywhere.
        """
        try:
            found = self._store.add(step.find())
        except Unauthorized as error:
            raise FatalError(str(error), "then start again") from None
        except LimitReached as error:
            log.warning("waiting for tumblr's limit", look=step.name, reason=str(error))
            return error.retry_after_seconds
        except Unreachable:
            raise
        except (TumblrError, StoreError) as error:
            log.error("looking for turns failed", look=step.name, reason=str(error))
            return pause * self._rhythm.error_factor
        except Exception as error:  # one look's trouble, whatever it is, must not stop the others
            log.error("looking for turns failed", look=step.name, exc_info=error)
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
