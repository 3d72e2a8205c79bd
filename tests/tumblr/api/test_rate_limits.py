"""What the limit headers say, as they age."""

from __future__ import annotations

import pytest

from tests.tumblr.fakes import FakeClock
from tumblr.api.errors import LimitReached
from tumblr.api.rate_limits import DAY, HOUR, Budget, RateLimits, Window, read_headers

NOW = 1_000_000.0


def headers(
    hour: int = 900, day: int = 4000, hour_reset: int = 1200, day_reset: int = 40_000
) -> dict[str, str]:
    return {
        "X-Ratelimit-Perhour-Limit": "1000",
        "X-Ratelimit-Perhour-Remaining": str(hour),
        "X-Ratelimit-Perhour-Reset": str(hour_reset),
        "X-Ratelimit-Perday-Limit": "5000",
        "X-Ratelimit-Perday-Remaining": str(day),
        "X-Ratelimit-Perday-Reset": str(day_reset),
    }


def read(**figures: int) -> RateLimits:
    limits = read_headers(headers(**figures), NOW)
    assert limits is not None
    return limits


@pytest.mark.parametrize(("hour", "day", "left"), [(900, 4000, 900), (900, 10, 10), (0, 10, 0)])
def test_the_smaller_window_counts(hour: int, day: int, left: int) -> None:
    assert read(hour=hour, day=day).effective_remaining == left


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"X-Ratelimit-Perhour-Remaining": "x"},
        {name: value for name, value in headers().items() if "Perday-Reset" not in name},
    ],
)
def test_missing_or_broken_headers_say_nothing(broken: dict[str, str]) -> None:
    assert read_headers(broken, NOW) is None


def test_a_window_is_full_again_when_its_end_has_passed() -> None:
    limits = read(hour=3, day=2000)
    assert limits.at(NOW + 1199).effective_remaining == 3
    later = limits.at(NOW + 1200)
    assert later.hour.remaining == 1000
    assert later.hour.resets_at == NOW + 1200 + HOUR
    assert limits.at(NOW + 1200 + 3 * HOUR).hour.resets_at == NOW + 1200 + 4 * HOUR
    assert limits.at(NOW + 40_000).day.resets_at == NOW + 40_000 + DAY


def test_a_reset_of_zero_is_taken_as_one_second() -> None:
    assert read(hour_reset=0).hour.resets_at == NOW + 1


@pytest.mark.parametrize(
    ("remaining", "pause"),
    [(1000, 0.0), (251, 0.0), (250, 600 * 4 / 250), (1, 2400.0), (0, 2400.0)],
)
def test_what_is_left_is_spread_over_the_window_when_it_gets_little(remaining: int, pause: float) -> None:
    assert Window(1000, remaining, NOW + 600, HOUR).pause(NOW, 4) == pytest.approx(pause)


def test_calls_are_refused_here_while_none_is_allowed(clock: FakeClock) -> None:
    budget = Budget(clock)
    budget.check()
    assert budget.effective_remaining is None
    budget.observe(headers(hour=0, hour_reset=100))
    with pytest.raises(LimitReached) as caught:
        budget.check()
    assert caught.value.retry_after_seconds == pytest.approx(100)
    clock.advance(100)
    budget.check()
    assert budget.effective_remaining == 1000


@pytest.mark.parametrize(
    ("answered", "pause"),
    [
        ({}, 60.0),
        (headers(hour=500), 60.0),
        (headers(hour=0, hour_reset=1200), 1200.0),
        (headers(hour=0, day=0, day_reset=40_000), 40_000.0),
    ],
)
def test_too_many_requests(clock: FakeClock, answered: dict[str, str], pause: float) -> None:
    budget = Budget(clock)
    error = budget.refuse(answered)
    assert error.retry_after_seconds == pytest.approx(pause)
    with pytest.raises(LimitReached):
        budget.check()
    clock.advance(pause)
    budget.check()


def test_answers_without_headers_change_nothing(clock: FakeClock) -> None:
    budget = Budget(clock)
    budget.observe(headers(hour=7))
    budget.observe({})
    assert budget.effective_remaining == 7
    assert budget.pause(4) > 0
