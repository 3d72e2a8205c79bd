"""A day among hundreds of people: in the end all is answered once, and no limit broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.account import Due, Sort
from tests.system.day_script import EVERYBODY, LENGTH, script
from tests.system.scripted_day import Plan, live_a_day

SEED = 1


def test_the_script_is_a_day_of_some_hundred_people_in_which_all_sorts_of_things_happen() -> None:
    events = script(SEED)
    assert events == script(SEED)
    assert events == sorted(events, key=lambda event: event.at)
    assert all(0 <= event.at <= LENGTH + 3 * 3600 for event in events)
    assert {event.who for event in events} <= {*EVERYBODY, ""}
    assert len({event.who for event in events}) > 300
    assert {event.sort for event in events} == set(Sort)
    assert {event.due for event in events} == set(Due)
    assert all(event.why for event in events if event.due in (Due.NOTHING, Due.CHANCE))


@pytest.mark.timeout(1800)
def test_a_day_adds_up(tmp_path: Path) -> None:
    lived = live_a_day(tmp_path, Plan(SEED, share=0.4, sleep_seconds=180.0, calls_per_day=2000))
    assert lived.complaints() == []
    assert lived.hours >= 24
    assert len({said.who for said in lived.said}) > 100
