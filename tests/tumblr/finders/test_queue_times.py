"""Foreseeing when the queue publishes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumblr.finders.queue import next_queue_time, slots
from tumblr.settings import QueueConfig

PACIFIC = ZoneInfo("US/Pacific")
GREENWICH = ZoneInfo("UTC")


def a_day(posts: int, start: float = 0.0, end: float = 24.0) -> QueueConfig:
    return QueueConfig(posts_per_day=posts, start_hour=start, end_hour=end)


def hours(zone: ZoneInfo, settings: QueueConfig) -> list[float]:
    local = (slot.astimezone(zone) for slot in slots(date(2021, 2, 6), zone, settings))
    return [moment.hour + moment.minute / 60 for moment in local]


@pytest.mark.parametrize(
    ("zone", "settings", "expected"),
    [
        (GREENWICH, a_day(3), [6, 12, 18]),
        (PACIFIC, a_day(1), [12]),
        (PACIFIC, a_day(2), [8, 16]),
        (PACIFIC, a_day(3, 9.0, 17.0), [11, 13, 15]),
    ],
)
def test_slots(zone: ZoneInfo, settings: QueueConfig, expected: list[float]) -> None:
    assert hours(zone, settings) == expected


@pytest.mark.parametrize(
    ("now", "scheduled", "expected"),
    [
        ("2021-02-06T05:00", [], "2021-02-06T06:00"),
        ("2021-02-06T06:00", [], "2021-02-06T12:00"),
        ("2021-02-06T19:00", [], "2021-02-07T06:00"),
        ("2021-02-06T05:00", ["2021-02-06T06:00", "2021-02-06T12:00"], "2021-02-06T18:00"),
        ("2021-02-06T05:00", ["2021-03-01T18:00"], "2021-03-02T06:00"),
        ("2021-02-06T05:00", ["2021-02-01T18:00"], "2021-02-06T06:00"),
    ],
)
def test_next(now: str, scheduled: list[str], expected: str) -> None:
    at = [int(moment(time).timestamp()) for time in scheduled]
    assert next_queue_time(at, moment(now), GREENWICH, a_day(3)) == moment(expected)


def test_a_day_with_a_changed_clock() -> None:
    (first, _) = slots(date(2021, 3, 14), PACIFIC, a_day(2))  # an hour is missing in that night
    assert first == datetime(2021, 3, 14, 15, tzinfo=UTC)


@given(
    st.integers(1, 50),
    st.floats(0, 23),
    st.floats(0.5, 24),
    st.integers(1_580_000_000, 1_890_000_000),
    st.lists(st.integers(1_580_000_000, 1_890_000_000), max_size=5),
)
def test_it_is_the_first_slot_after_everything(
    per_day: int, start: float, length: float, now: int, scheduled: list[int]
) -> None:
    settings = a_day(per_day, start, min(24.0, start + length))
    aware = datetime.fromtimestamp(now, UTC)
    found = next_queue_time(scheduled, aware, PACIFIC, settings)
    after = max([aware, *(datetime.fromtimestamp(s, UTC) for s in scheduled)])
    assert found > after
    assert (found - after).total_seconds() <= 2 * 86_400


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
