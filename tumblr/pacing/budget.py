"""How many calls the bot may spend on looking for turns. Pure.

Looking at the notes of the latest posts, and at the dashboard, costs many calls. So it is left to chance in
each pass, with odds at which the calls of all key sets last: *mean pass · calls per second allowed / calls
needed*. There are two sets of rules. Those of 2021 draw once for both looks. Those of 2023 draw for the notes
and give the dashboard what is left, as a share of the posts looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tumblr.api.rate_limits import RateLimits
from tumblr.store.cursors import PastCheck


@dataclass(frozen=True)
class BudgetRules:
    """What the odds are reckoned with; the default is that of 2021."""

    statistic: Literal["p75", "mean"] = "p75"
    """What of the past checks counts: their 75th percentile, or their mean."""

    history: int = 30
    """How many past checks count."""

    start: tuple[float, ...] = (25.0, 25.0)
    """What the checks before the first are taken to have cost, in calls."""

    dashboard_start: tuple[float, ...] = ()
    """The same for the dashboard alone; empty: both looks are one check."""

    day_edge: float = 3.5
    hour_edge: float = 1.0
    """A key set with fewer calls left than so many times the calls needed is not counted."""

    least_calls: int = 0
    """A key set with no more calls left than this is not counted."""

    measured_pass: bool = False
    """Whether a pass is taken to last as long as the past ones did, or the mean pause."""

    dashboard_safety: float = 0.8

    group_first: bool = False
    """Whether the group of key sets with more calls to spare is preferred, or the key set with most."""

    @property
    def dashboard_apart(self) -> bool:
        """Whether the dashboard gets a share of its own."""
        return bool(self.dashboard_start)


RULES: dict[str, BudgetRules] = {
    "2021": BudgetRules(),
    "2023": BudgetRules(
        statistic="mean",
        history=10,
        start=(10.0,),
        dashboard_start=(200.0,),
        day_edge=0.0,
        hour_edge=0.0,
        least_calls=10,
        measured_pass=True,
        group_first=True,
    ),
}

MOST_CALLS, LONGEST_PASS = 1500, 1800.0
"""A check that cost more, or a pass that lasted longer (seconds), does not count: something was wrong."""

PASS_LENGTH = 1.5
"""A pass is taken to last this many mean pauses as long as none was measured."""


def calls_needed(past: Sequence[float], start: Sequence[float], rules: BudgetRules) -> float:
    """The calls of one check, from the calls of the past ones; never less than one."""
    counted = [*start, *(calls for calls in past if 0 < calls < MOST_CALLS)][-rules.history :]
    usual = np.percentile(counted, 75) if rules.statistic == "p75" else np.mean(counted)
    return max(1.0, float(usual))


def pass_seconds(past: Sequence[PastCheck], mean_pause: float, rules: BudgetRules) -> float:
    """How long a pass lasts, in seconds."""
    if not rules.measured_pass:
        return mean_pause
    counted = [check.seconds for check in past if 0 < check.seconds < LONGEST_PASS][-rules.history :]
    return float(np.mean(counted)) if counted else PASS_LENGTH * mean_pause


def usable_rate(limits: RateLimits, now: float, needed: float, rules: BudgetRules) -> float:
    """Calls per second that a key set allows until its windows end; 0 when too few are left."""
    day, hour = limits.day.remaining, limits.hour.remaining
    if day < rules.day_edge * needed or hour < rules.hour_edge * needed:
        return 0.0
    return 0.0 if min(day, hour) <= rules.least_calls else limits.rate(now)


@dataclass(frozen=True)
class Odds:
    """What a pass may look at beside the inbox and the queue."""

    check: float
    """Chance of a look at the notes (and, by the rules of 2021, at the dashboard); above 1: always."""

    dashboard_share: float
    """Share of the dashboard's posts that are looked at."""


def odds(
    base_rates: Sequence[float], all_rates: Sequence[float], past: Past, mean_pause: float, rules: BudgetRules
) -> Odds:
    """The odds of a pass, from the usable calls per second of the key sets; none without a base key set."""
    if sum(base_rates) <= 0:
        return Odds(0.0, 0.0)
    seconds = pass_seconds(past.base, mean_pause, rules)
    needed = needed_of(past, rules)
    check = seconds * sum(all_rates) / needed
    if not rules.dashboard_apart:
        return Odds(check, 1.0)
    left = sum(all_rates) - min(1.0, check) * needed / seconds
    for_dashboard = calls_needed([c.requests for c in past.dashboard], rules.dashboard_start, rules)
    share = rules.dashboard_safety * max(0.0, left) * seconds / for_dashboard
    return Odds(check, min(1.0, share))


@dataclass(frozen=True)
class Past:
    """What past checks cost, oldest first: those of the notes (and what counts as one with them), and those
    of the dashboard."""

    base: Sequence[PastCheck] = ()
    dashboard: Sequence[PastCheck] = ()


def needed_of(past: Past, rules: BudgetRules) -> float:
    """The calls that one check needs."""
    return calls_needed([check.requests for check in past.base], rules.start, rules)
