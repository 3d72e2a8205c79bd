"""The bot's rhythm: look for turns now and then, and drive the open ones all the time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import structlog

from bot_lifecycle import Shutdown
from tumblr.api.backoff import Backoff
from tumblr.api.errors import LimitReached, StoreError, TumblrError, Unauthorized, Unreachable
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.pacing.planner import Part, Planner, Step, order_of, steps_of
from tumblr.pacing.post_limit import PostLimit
from tumblr.responding.driver import Driver
from tumblr.turns.fail_points import FailPoint
from tumblr.turns.kinds import TurnState

CALLS_PER_PASS = 4
"""Calls that a pass over tumblr makes at most while nothing is new: inbox, queue, two pages of drafts."""

SHORTEST_PAUSE = 0.02
"""Seconds between two rounds, even when a result is there at once."""

LONGEST_SLEEP = 0.5
"""Seconds after which the wish to stop is noticed, where the loop can be woken."""

LEAST_JUMP = 5.0
"""Seconds; clocks are corrected by less all the time."""

log = structlog.get_logger()


class Loop:
    """Runs until it is asked to stop. Trouble of one turn or one finder never stops the others."""

    def __init__(
        self,
        bot: Bot,
        settings: BotSettings,
        steps: Sequence[Step],
        driver: Driver,
        planner: Planner,
        post_limit: PostLimit,
        shutdown: Shutdown,
    ) -> None:
        self._bot = bot
        self._settings = settings
        self.steps = steps
        self.driver = driver
        self._planner = planner
        self._post_limit = post_limit
        self._shutdown = shutdown
        self._clock = bot.clock
        self._elapsed = bot.elapsed
        self._drift = bot.clock() - bot.elapsed()
        self._outage = Backoff("tumblr", bot.elapsed)

    def run(self) -> None:
        """Pass after pass, until shutdown is requested."""
        next_pass = self._elapsed()
        while not self._shutdown.requested.is_set():
            if self._elapsed() >= next_pass or self._clock_has_jumped():
                next_pass = self._elapsed() + self.find()
            still_open = self._round()
            self._pause(next_pass - self._elapsed(), still_open)

    def _clock_has_jumped(self) -> bool:
        """Whether somebody has set the machine's clock since the last look; said in a line."""
        jump = self._clock() - self._elapsed() - self._drift
        if abs(jump) < LEAST_JUMP:
            return False
        self._drift += jump
        log.warning("the machine's clock was set", seconds=round(jump), hint="waits go on as they were")
        return True

    def run_once(self) -> None:
        """One pass, and until nothing that was found can be driven further without a rest.

        Refused keys are final at once: nobody would come back to them.
        """
        self._outage.patience = self.driver.tumblr.patience = 0.0
        self.find()
        while (
            (still_open := self._round()) and self.driver.can_linger and not self._shutdown.requested.is_set()
        ):
            self._pause(self._settings.loop.poll_seconds, still_open)
        self._round()

    def find(self) -> float:
        """One look at tumblr; the answer is the pause until the next, in seconds."""
        try:
            longest = self._pass()
        except Unreachable as error:
            self._outage.begin(error)
            return self._settings.pause(self._clock()) * self._settings.loop.error_sleep_factor
        except Unauthorized as error:
            self._outage.refuse(error, "then start again")
            return self._outage.until - self._elapsed()
        self._outage.end()
        return longest

    def _pass(self) -> float:
        pause = self._settings.pause(self._clock())
        try:
            plan, level = self._planner.begin(), self._post_limit.update()
        except (Unauthorized, Unreachable):
            raise
        except StoreError as error:
            log.error("looking for turns failed", look="plan", reason=str(error))
            return pause * self._settings.loop.error_sleep_factor
        except Exception as error:  # whatever it is, the next pass may do better
            log.error("looking for turns failed", look="plan", exc_info=error)
            return pause * self._settings.loop.error_sleep_factor
        longest = max(pause * level.sleep_factor, self._bot.tumblr.pool.pause(CALLS_PER_PASS))
        calls: Counter[Part] = Counter()
        cut_short: set[Part] = set()
        for step in steps_of(self.steps, order_of(plan, queue_first=level.queue_first)):
            before = self._bot.tumblr.pool.calls
            wait = self._find(step, pause)
            calls[step.part] += self._bot.tumblr.pool.calls - before
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

        Raises Unauthorized and Unreachable: then no other look of this pass would get anywhere.
        """
        try:
            found = self._bot.turns.add(step.find())
        except LimitReached as error:
            log.warning("waiting for tumblr's limit", look=step.name, reason=str(error))
            return error.retry_after_seconds
        except (Unauthorized, Unreachable):
            raise
        except (TumblrError, StoreError) as error:
            log.error("looking for turns failed", look=step.name, reason=str(error))
            return pause * self._settings.loop.error_sleep_factor
        except Exception as error:  # one look's trouble, whatever it is, must not stop the others
            log.error("looking for turns failed", look=step.name, exc_info=error)
            return pause * self._settings.loop.error_sleep_factor
        waiting = sum(turn.state is TurnState.WAITING for turn in found)
        if waiting:
            log.info("written down", look=step.name, waiting=waiting)
        for turn in found:
            if turn.state is not TurnState.WAITING:
                log.info("turn found", turn=turn.name, who=turn.who or "nobody", state=turn.state)
        if found:
            self._bot.fail_points.reach(FailPoint.AFTER_FOUND)
        return 0.0

    def _round(self) -> int:
        """Drive the open turns; when nothing can be stored nothing is done, and that is said."""
        try:
            return self.driver.round()
        except StoreError as error:
            log.error("nothing can be stored", reason=str(error))
            self._shutdown.wait(self._settings.pause(self._clock()))
            return 0

    def _pause(self, until_next_pass: float, still_open: int) -> None:
        if until_next_pass <= 0:
            return
        rest = min(self._rest(still_open), until_next_pass)
        if rest > 0:
            self._wait(rest)
            return
        until = self._elapsed() + min(self._settings.loop.poll_seconds, until_next_pass)
        arrived = self.driver.linger(until - self._elapsed())
        left = SHORTEST_PAUSE if arrived else until - self._elapsed()
        if left > 0:
            self._wait(left)

    def _rest(self, still_open: int) -> float:
        """Seconds for which all that is open rests; 0 if something can be driven further, or is waited for.

        The round counts decisions that can still be undone too: as long as there are any it is asked again.
        """
        if not still_open:
            return math.inf
        now = self._clock()
        turns = self._bot.turns.open_turns()
        if still_open > len(turns) or any(turn.is_due(now) for turn in turns):
            return 0.0
        return min(turn.not_before for turn in turns) - now

    def _wait(self, seconds: float) -> None:
        """Sleep so long, unless the process is to stop, or the operator has decided something."""
        if not self._settings.console.on:
            self._shutdown.wait(seconds)
            return
        until = self._elapsed() + seconds
        while not self._shutdown.requested.is_set() and (left := until - self._elapsed()) > 0:
            if self._bot.bell.wait(min(left, LONGEST_SLEEP)):
                self._bot.bell.clear()
                return
