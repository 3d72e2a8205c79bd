"""When queued posts come out."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumblr_sandbox.services.queue import QueueWindow


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def clock_times(slots: list[int]) -> list[str]:
    return [datetime.fromtimestamp(slot, UTC).strftime("%d %H:%M") for slot in slots]


@pytest.mark.parametrize(
    ("window", "times"),
    [
        (QueueWindow(3), ["06 06:00", "06 12:00", "06 18:00"]),
        (QueueWindow(2), ["06 08:00", "06 16:00"]),
        (QueueWindow(1, 9, 17), ["06 13:00"]),
        (QueueWindow(1, 22, 2), ["07 00:00"]),
        (QueueWindow(3, 8, 8), ["06 14:00", "06 20:00", "07 02:00"]),
        (QueueWindow(3, timezone="America/New_York"), ["06 11:00", "06 17:00", "06 23:00"]),
    ],
)
def test_slots_of_a_day(window: QueueWindow, times: list[str]) -> None:
    assert clock_times(window.slots(date(2021, 2, 6))) == times


def test_slots_on_the_day_the_clocks_change() -> None:
    spring = QueueWindow(22, timezone="America/New_York").slots(date(2021, 3, 14))
    assert len(spring) == 22
    assert {later - earlier for earlier, later in itertools.pairwise(spring)} == {3600}


def test_consecutive_posts_take_consecutive_slots() -> None:
    window, taken = QueueWindow(3), set[int]()
    for _ in range(5):
        taken.add(window.first_free(at("2021-02-06 07:00:00"), taken))
    assert clock_times(sorted(taken)) == ["06 12:00", "06 18:00", "07 06:00", "07 12:00", "07 18:00"]


def test_a_freed_slot_is_taken_first() -> None:
    window = QueueWindow(3)
    taken = {at("2021-02-06 18:00:00"), at("2021-02-07 06:00:00")}
    assert window.first_free(at("2021-02-06 07:00:00"), taken) == at("2021-02-06 12:00:00")


def test_a_slot_is_after_now() -> None:
    assert QueueWindow(3).first_free(at("2021-02-06 12:00:00"), set()) == at("2021-02-06 18:00:00")


def test_after_midnight_a_window_of_yesterday_still_counts() -> None:
    window = QueueWindow(3, 22, 6)
    assert clock_times([window.first_free(at("2021-02-06 01:00:00"), set())]) == ["06 02:00"]


@given(
    st.integers(1, 50), st.integers(0, 23), st.integers(0, 24), st.floats(min_value=1.6e9, max_value=1.7e9)
)
def test_there_is_always_a_slot_within_two_days(posts: int, start: int, end: int, now: float) -> None:
    slot = QueueWindow(posts, start, end).first_free(now, set())
    assert now < slot <= now + 2 * 86_400


def test_a_full_queue_of_a_thousand() -> None:
    window = QueueWindow(1)
    first = date(2020, 9, 13)
    taken = {slot for day in range(1000) for slot in window.slots(first + timedelta(days=day))}
    assert window.first_free(1.6e9 - 86_400, taken) not in taken
    assert window.first_free(max(taken) - 1.0, taken) > max(taken)


def test_beyond_three_years_there_is_none() -> None:
    window = QueueWindow(1)
    everything = {
        slot + 0 for day in range(1, 1200) for slot in window.slots(date.fromordinal(737_800 + day))
    }
    now = float(min(everything))
    with pytest.raises(OverflowError):
        window.first_free(now, everything)
