"""The post limit: how many posts are left, and how much the bot holds back."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tumblr.pacing.throttle import (
    BASE,
    LEVELS,
    STOPPED,
    PostCount,
    Throttle,
    count_posts,
    last_reset,
    level_for,
    next_reset,
)

WEST = ZoneInfo("US/Pacific")


def west(day: int, hour: int, minute: int = 0, month: int = 2) -> float:
    return datetime(2021, month, day, hour, minute, tzinfo=WEST).timestamp()


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (west(6, 12), west(5, 21), west(6, 21)),
        (west(6, 20, 59), west(5, 21), west(6, 21)),
        (west(6, 21), west(6, 21), west(7, 21)),
        (west(6, 23), west(6, 21), west(7, 21)),
    ],
)
def test_the_day_of_posts_ends_at_nine_in_the_west(now: float, start: float, end: float) -> None:
    assert (last_reset(now), next_reset(now)) == (start, end)


def test_a_day_on_which_the_clocks_change_has_another_length() -> None:
    spring = west(14, 1, month=3)
    assert next_reset(spring) - last_reset(spring) == 23 * 3600


def test_posts_are_counted_from_the_reset_on_and_the_queue_is_taken_off() -> None:
    now = west(6, 12)
    published = [west(5, 20), west(5, 22), west(6, 8), west(6, 11, 30), now + 60]
    queued = [west(6, 18), west(6, 21), west(7, 9)]
    count = count_posts(published, queued, now, 250)
    assert count.remaining == 250 - 3 - 1
    assert count.ratio == pytest.approx((1 / 7200) / (246 / (9 * 3600)))


def test_nothing_posted_is_no_rate_and_nothing_left_is_the_highest() -> None:
    now = west(6, 12)
    assert count_posts([], [], now, 250) == PostCount(250, 0.0)
    assert count_posts([now - 60] * 250, [], now, 250) == PostCount(0, 100.0)
    assert count_posts([west(5, 22)] * 250, [], now, 250) == PostCount(0, 0.0)
    assert count_posts([now - 60] * 249, [], now, 250).ratio == 100.0


@pytest.mark.parametrize(
    ("ratio", "remaining", "name"),
    [
        (0.0, 250, "base"),
        (1.0, 41, "base"),
        (1.0, 40, "slower"),
        (1.01, 250, "slower"),
        (1.5, 26, "slower"),
        (1.5, 25, "slower2"),
        (1.6, 250, "slower2"),
        (2.0, 6, "slower2"),
        (2.0, 5, "slowest"),
        (2.1, 250, "slowest"),
        (100.0, 1, "slowest"),
        (0.0, 0, "slowest"),
        (0.0, -10, "slowest"),
        (100.0, -998, "slowest"),
        (0.0, -999, "hardstop"),
    ],
)
def test_the_level_is_the_first_that_applies(ratio: float, remaining: int, name: str) -> None:
    assert level_for(PostCount(remaining, ratio)).name == name


@pytest.mark.parametrize(
    ("most", "expected"), [(0, [None, 3, 2, 1, 0]), (5, [5, 3, 2, 1, 0]), (20, [20, 12, 8, 4, 0])]
)
def test_slower_levels_let_a_finder_bring_fewer_turns(most: int, expected: list[int | None]) -> None:
    paces = [Throttle(level.posts_factor, level.cost_limit) for level in (*LEVELS, STOPPED)]
    assert [pace.most(most) for pace in paces] == expected


def test_slower_levels_sleep_longer_and_are_choosier() -> None:
    assert [level.sleep_factor for level in LEVELS] == [1, 2.5, 5, 10]
    assert [level.cost_limit for level in LEVELS] == [0, -1.5, -3, -3]
    assert [level.queue_first for level in LEVELS] == [False, False, True, True]
    assert not BASE.queue_first
    assert STOPPED.posts_factor == 0
