"""The long life: what happens in it, what is said of it, and a day of it; ``make soak`` lives a month."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.system.account import Sort
from tests.system.soak import live
from tests.system.soak_figures import Life, is_well, unbounded
from tests.system.soak_plan import DAY, SHORT, VICTIMS, Mishap, SoakPlan, events, mishaps


def test_everything_befalls_a_month_once_and_a_kill_every_two_hours() -> None:
    plan = SoakPlan()
    due = mishaps(plan)
    number = Counter(one.mishap for one in due)
    kills = [one for one in due if one.mishap in (Mishap.KILL, Mishap.DIE_AT)]
    once = set(Mishap) - {Mishap.KILL, Mishap.DIE_AT, Mishap.END_OF_DAY}
    assert {number[mishap] for mishap in once} == {1}
    assert number[Mishap.END_OF_DAY] == plan.days
    assert len(kills) == 12 * plan.days - 6
    assert {one.what for one in kills if one.mishap is Mishap.KILL} == set(VICTIMS)
    assert due == sorted(due)
    assert due[-1].at == plan.days * DAY


def test_no_words_are_said_twice_in_a_month() -> None:
    said = events(SoakPlan())
    words = Counter(event.text for event in said if event.sort in (Sort.REPLY, Sort.REVIEW))
    assert set(words.values()) == {1}
    assert set(Counter(event.who for event in said if event.sort is Sort.MOOD).values()) == {1}
    assert len({event.who for event in said}) > 300


@pytest.mark.parametrize(("sizes", "found"), [([1, 5, 9, 9, 9, 10], []), ([1, 2, 3, 4, 6, 9], ["x.sqlite"])])
def test_what_grows_in_the_last_third_is_not_bounded(sizes: list[int], found: list[str]) -> None:
    assert unbounded(Life(SoakPlan(), sizes={"x.sqlite": sizes})) == found
    assert unbounded(Life(SoakPlan(days=2), sizes={"x.sqlite": sizes})) == [], "too short to say"


@pytest.mark.timeout(600)
def test_a_day_of_it_loses_and_doubles_nothing(tmp_path: Path) -> None:
    figures = live(tmp_path, SHORT)
    assert is_well(figures), figures
    assert {Mishap.DIE_AT, Mishap.CLOCK_RIGHT, Mishap.DISK_FREE, Mishap.RESTORE} <= set(figures["befell"])
    assert figures["said"] > 40
