"""How many calls tumblr still allows.

Tumblr states in the headers of every answer what is left of the hour's and the day's calls, and in how
many seconds each window ends. Between answers these figures age.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from tumblr.api.errors import LimitReached

HOUR, DAY = 3600.0, 86_400.0
"""Lengths of the two windows, in seconds."""

DEFAULT_PAUSE = 60.0
"""Seconds to leave tumblr alone after a refusal that does not say when to come back."""

RESERVE_SHARE = 0.25
"""Below this share of a window's calls the rest is spread evenly over the window's time."""


@dataclass(frozen=True)
class Window:
    """What one window allows, as stated at a moment."""

    limit: int
    remaining: int
    resets_at: float
    """Unix seconds at which the window ends."""

    length: float
    """Seconds that a window lasts."""

    def at(self, now: float) -> Window:
        """The same window aged to ``now``: when its end has passed, all calls are there again."""
        if now < self.resets_at:
            return self
        passed = (now - self.resets_at) // self.length + 1
        return Window(self.limit, self.limit, self.resets_at + passed * self.length, self.length)

    def pause(self, now: float, calls: int) -> float:
        """Seconds that ``calls`` calls should take, so that the window's calls last to its end.

        0 while more than a quarter of them is left.
        """
        if self.remaining > RESERVE_SHARE * self.limit:
            return 0.0
        return (self.resets_at - now) * calls / max(self.remaining, 1)


@dataclass(frozen=True)
class RateLimits:
    """What the headers of one answer said."""

    hour: Window
    day: Window

    def at(self, now: float) -> RateLimits:
        """The figures aged to ``now``."""
        return RateLimits(self.hour.at(now), self.day.at(now))

    @property
    def effective_remaining(self) -> int:
        """Calls left, counting both windows."""
        return min(self.hour.remaining, self.day.remaining)

    def rate(self, now: float) -> float:
        """Calls per second that both windows allow until they end."""
        return min(w.remaining / max(1.0, w.resets_at - now) for w in (self.hour, self.day))

    def pause(self, now: float, calls: int) -> float:
        """Seconds that ``calls`` calls should take."""
        return max(self.hour.pause(now, calls), self.day.pause(now, calls))

    def exhausted_for(self, now: float) -> float:
        """Seconds until a call is allowed again; 0 when one is allowed now."""
        return max((w.resets_at - now for w in (self.hour, self.day) if w.remaining <= 0), default=0.0)


def read_headers(headers: Mapping[str, str], now: float) -> RateLimits | None:
    """Read the limit headers of an answer; None when one is missing or no number."""
    try:
        return RateLimits(
            *(
                Window(
                    limit=int(headers[f"X-Ratelimit-{name}-Limit"]),
                    remaining=max(0, int(headers[f"X-Ratelimit-{name}-Remaining"])),
                    resets_at=now + min(length, max(1.0, float(headers[f"X-Ratelimit-{name}-Reset"]))),
                    length=length,
                )
                for name, length in (("Perhour", HOUR), ("Perday", DAY))
            )
        )
    except (KeyError, ValueError):
        return None


class Budget:
    """The latest figures of one key set, shared by the reader and the writer that use it."""

    def __init__(self, clock: Callable[[], float], monotonic: Callable[[], float] | None = None) -> None:
        self._wall_clock = clock
        self._clock = monotonic or clock  # windows are durations: a change of the machine's clock moves none
        self._latest: RateLimits | None = None
        self._closed_until = 0.0
        self.calls = 0
        """Calls that were sent so far."""
        self.clock_behind = 0.0
        """Seconds that tumblr's clock, by the Date of its last answer, is behind ours; negative: ahead."""

    def observe(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer's headers say; answers without them change nothing."""
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            self.clock_behind = self._wall_clock() - parsedate_to_datetime(headers["Date"]).timestamp()
        self._latest = read_headers(headers, self._clock()) or self._latest

    def refuse(self, headers: Mapping[str, str]) -> LimitReached:
        """Note that tumblr answered "too many requests", and say so as an error.

        The pause lasts until the exhausted window ends; when the headers are missing or show
        calls left (the throttle by address), a minute.
        """
        now = self._clock()
        limits = read_headers(headers, now)
        pause = limits.exhausted_for(now) if limits is not None else 0.0
        self._closed_until = now + (pause or DEFAULT_PAUSE)
        return LimitReached("tumblr allows no more calls for now", self._closed_until - now)

    def check(self) -> None:
        """Raise LimitReached, without calling tumblr, while it is known that no call is allowed."""
        wait = self.closed_for
        if wait > 0:
            raise LimitReached("tumblr allows no more calls for now", wait)

    @property
    def closed_for(self) -> float:
        """Seconds for which it is known that no call is allowed; 0 or less when one is."""
        now = self._clock()
        limits = self.limits
        return max(self._closed_until - now, 0.0 if limits is None else limits.exhausted_for(now))

    @property
    def limits(self) -> RateLimits | None:
        """The figures as they are by now; None before the first answer that had any."""
        now = self._clock()
        return None if self._latest is None else self._latest.at(now)

    def now(self) -> float:
        """The time on the clock by which the windows end."""
        return self._clock()

    def pause(self, calls: int) -> float:
        """Seconds that the next ``calls`` calls should take to last until the windows end; mostly 0."""
        now = self._clock()
        return 0.0 if self._latest is None else self._latest.at(now).pause(now, calls)

    @property
    def effective_remaining(self) -> int | None:
        """Calls left now; None before the first answer."""
        return None if self._latest is None else self._latest.at(self._clock()).effective_remaining
