"""Foreseeing when the queue publishes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumblr.finders.queue_times import QueueSettings, next_queue_time, slots

PACIFIC = ZoneInfo("US/Pacific")
THREE_A_DAY = QueueSettings(3, 0.0, 24.0, ZoneInfo("UTC"))


def hours(settings: QueueSettings) -> list[float]:
    local = (slot.astimezone(settings.timezone) for slot in slots(date(2021, 2, 6), settings))
    return [moment.hour + moment.minute / 60 for moment in local]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (THREE_A_DAY, [6, 12, 18]),
        (QueueSettings(1, 0.0, 24.0, PACIFIC), [12]),
        (QueueSettings(2, 0.0, 24.0, PACIFIC), [8, 16]),
        (QueueSettings(3, 9.0, 17.0, PACIFIC), [11, 13, 15]),
    ],
)
def test_slots(settings: QueueSettings, expected: list[float]) -> None:
    assert hours(settings) == expected


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
    assert next_queue_time(at, moment(now), THREE_A_DAY) == moment(expected)


def test_a_day_with_a_changed_clock() -> None:
    settings = QueueSettings(2, 0.0, 24.0, PACIFIC)
    (first, _) = slots(date(2021, 3, 14), settings)  # an hour is missing in that night
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
    settings = QueueSettings(per_day, start, min(24.0, start + length), PACIFIC)
    aware = datetime.fromtimestamp(now, UTC)
    found = next_queue_time(scheduled, aware, settings)
    after = max([aware, *(datetime.fromtimestamp(s, UTC) for s in scheduled)])
    assert found > after
    assert (found - after).total_seconds() <= 2 * 86_400


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
