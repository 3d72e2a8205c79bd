"""How often the expensive looks are taken."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tumblr.api.rate_limits import DAY, HOUR, RateLimits, Window
from tumblr.pacing.budget import RULES, Past, calls_needed, needed_of, odds, pass_seconds, usable_rate
from tumblr.store.cursors import PastCheck

OLD, LATER = RULES["2021"], RULES["2023"]
NOW = 1_000_000.0
MEAN_PAUSE = 160.0


def limits(hour: int, day: int, *, hour_left: float = HOUR, day_left: float = DAY) -> RateLimits:
    return RateLimits(Window(1000, hour, NOW + hour_left, HOUR), Window(5000, day, NOW + day_left, DAY))


def base(*calls: int, seconds: float = 100.0) -> Past:
    return Past(base=[PastCheck("base", n, seconds) for n in calls])


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([], 25.0),
        ([100], 62.5),
        ([100, 100], 100.0),
        ([0, -40, 100, 100], 100.0),
        ([10] * 30, 10.0),
        ([100, *[10] * 30], 10.0),
        ([1], 25.0),
        ([2000], 25.0),
    ],
)
def test_the_calls_needed_are_an_upper_quartile_of_the_last_thirty(
    past: list[float], expected: float
) -> None:
    assert calls_needed(past, OLD.start, OLD) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("past", "expected"), [([], 10.0), ([30], 20.0), ([30] * 10, 30.0), ([1600, 0, -5], 10.0)]
)
def test_later_they_are_the_mean_of_the_last_ten(past: list[float], expected: float) -> None:
    assert calls_needed(past, LATER.start, LATER) == pytest.approx(expected)


def test_never_less_than_one_call_is_needed() -> None:
    assert calls_needed([0.25] * 30, OLD.start, OLD) == 1.0


def test_a_pass_lasts_the_mean_pause_or_as_long_as_the_past_ones() -> None:
    past = [PastCheck("base", 10, seconds) for seconds in (5000.0, 0.0, 100.0, 300.0)]
    assert pass_seconds(past, MEAN_PAUSE, OLD) == MEAN_PAUSE
    assert pass_seconds(past, MEAN_PAUSE, LATER) == 200.0
    assert pass_seconds([], MEAN_PAUSE, LATER) == 1.5 * MEAN_PAUSE


@pytest.mark.parametrize(
    ("hour", "day", "rate"),
    [
        (1000, 5000, 5000 / DAY),
        (36, 5000, 36 / HOUR),
        (24, 5000, 0.0),
        (25, 5000, 25 / HOUR),
        (1000, 87, 0.0),
        (1000, 88, 88 / DAY),
        (0, 0, 0.0),
    ],
)
def test_key_sets_near_their_end_are_not_counted(hour: int, day: int, rate: float) -> None:
    assert usable_rate(limits(hour, day), NOW, 25.0, OLD) == pytest.approx(rate)


@pytest.mark.parametrize(("hour", "day", "rate"), [(11, 5000, 11 / HOUR), (10, 5000, 0.0), (1000, 10, 0.0)])
def test_later_only_the_last_ten_calls_are_kept(hour: int, day: int, rate: float) -> None:
    assert usable_rate(limits(hour, day), NOW, 25.0, LATER) == pytest.approx(rate)


def test_rates_are_reckoned_to_the_end_of_the_window() -> None:
    assert limits(1000, 5000, hour_left=100.0).rate(NOW) == pytest.approx(5000 / DAY)
    assert limits(100, 5000, hour_left=1800.0).rate(NOW) == pytest.approx(100 / 1800)
    assert math.isfinite(limits(100, 100, hour_left=0.0, day_left=0.0).rate(NOW))


@pytest.mark.parametrize(
    ("base_rates", "all_rates", "expected"),
    [
        ([0.05], [0.05], 160 * 0.05 / 25),
        ([0.05], [0.05, 0.05], 160 * 0.1 / 25),
        ([0.0, 0.05], [0.0, 0.05, 0.2], 160 * 0.25 / 25),
        ([0.0], [0.0, 0.2], 0.0),
        ([], [0.2], 0.0),
        ([5.0], [5.0], 32.0),
    ],
)
def test_the_odds_of_a_check(base_rates: list[float], all_rates: list[float], expected: float) -> None:
    found = odds(base_rates, all_rates, Past(), MEAN_PAUSE, OLD)
    assert found.check == pytest.approx(expected)
    assert found.dashboard_share == (1.0 if expected else 0.0)


def test_later_the_dashboard_gets_a_share_of_what_is_left() -> None:
    looks = [PastCheck("dashboard", 200, 200.0)] * 10
    past = Past(base=base(*[10] * 10, seconds=200.0).base, dashboard=looks)
    found = odds([0.1], [0.1, 0.1], past, MEAN_PAUSE, LATER)
    assert found.check == pytest.approx(200 * 0.2 / 10)  # always: a check costs 10 calls in 200 s
    left = 0.2 - 10 / 200
    assert found.dashboard_share == pytest.approx(0.8 * left * 200 / 200)
    assert odds([1.0], [1.0], past, MEAN_PAUSE, LATER).dashboard_share == pytest.approx(0.8 * 0.95)
    assert odds([10.0], [10.0], past, MEAN_PAUSE, LATER).dashboard_share == 1.0
    assert odds([0.01], [0.01], past, MEAN_PAUSE, LATER).dashboard_share == 0.0


def test_the_rules_can_be_mixed() -> None:
    mixed = replace(OLD, statistic="mean", history=2)
    assert needed_of(base(10, 20, 30), mixed) == 25.0
    assert not mixed.dashboard_apart
