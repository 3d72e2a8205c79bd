from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.daily import STANDARD, DailyEra, DailyRule, daily_mood, daily_offset, daily_seed
from mood.logits import logit


@pytest.mark.parametrize(
    ("day", "seed"),
    [(date(2021, 2, 6), 202126), (date(2021, 1, 11), 2021111), (date(2021, 11, 1), 2021111)],
)
def test_seed_is_not_padded(day: date, seed: int) -> None:
    assert daily_seed(day) == seed


@pytest.mark.parametrize(
    ("day", "mood"),
    [
        (date(2020, 5, 22), "only_non_sad"),
        (date(2020, 6, 1), "meh"),
        (date(2020, 7, 15), "only_non_happy"),
        (date(2020, 12, 11), "only_non_sad"),
        (date(2021, 2, 6), "only_non_happy"),
        (date(2021, 2, 7), "only_non_sad"),
        (date(2021, 2, 8), "only_non_happy"),
        (date(2021, 11, 2), "meh"),
    ],
)
def test_known_days(day: date, mood: str) -> None:
    assert daily_mood(day) == mood


@given(st.integers(1000, 9999), st.integers(1, 9))
def test_days_that_share_a_seed_share_a_mood(year: int, day: int) -> None:
    in_january, in_november = date(year, 1, 10 + day), date(year, 11, day)
    if year != 2020:  # the rule itself changed in the middle of that year
        assert daily_mood(in_january) == daily_mood(in_november)


def test_the_three_moods_are_about_equally_frequent() -> None:
    days = [date(2021, 1, 1) + timedelta(days=n) for n in range(1500)]
    counts = Counter(daily_mood(day) for day in days)
    assert set(counts) == {"only_non_happy", "meh", "only_non_sad"}
    assert all(400 < n < 600 for n in counts.values())


def test_before_may_2020_there_were_five() -> None:
    days = [date(2019, 1, 1) + timedelta(days=n) for n in range(200)]
    assert {daily_mood(day) for day in days} == set(STANDARD.eras[0].moods)


@pytest.mark.parametrize(
    ("day", "value"), [(date(2021, 2, 6), 0.37), (date(2021, 2, 7), 0.9), (date(2021, 11, 2), 0.7)]
)
def test_offset_is_the_logit_of_the_moods_value(day: date, value: float) -> None:
    assert daily_offset(day) == pytest.approx(logit(value))


def test_a_rule_may_use_mixtures() -> None:
    halfway = "interp_meh__only_non_sad__0.50__0.50"
    rule = DailyRule(eras=(DailyEra(date.min, (halfway,)),))
    assert daily_mood(date(2022, 8, 1), rule) == halfway
    assert daily_offset(date(2022, 8, 1), rule) == pytest.approx(logit(0.8))
