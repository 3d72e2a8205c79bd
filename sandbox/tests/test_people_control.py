"""The people switched from outside: over the control face, as a page or a test does it."""

from __future__ import annotations

import time

import pytest

from bench import Served
from tumblr_sandbox.demo_seed import seed_demo
from tumblr_sandbox.driver import DriverError


def test_nobody_lives_here_until_they_are_switched_on(served: Served) -> None:
    state = served.driver.people()
    assert (state.on, state.awake, state.actions) == (False, 0, {})
    assert served.driver.people_here() == []
    assert served.driver.users() == []


def test_switched_on_they_come_by_and_switched_off_they_stand_still(served: Served) -> None:
    seed_demo(served.world)
    state = served.driver.set_people(on=True, count=12, speed=5000)
    assert (state.on, state.count, state.speed) == (True, 12, 5000)
    assert len(served.driver.people_here()) == 12
    deadline = time.monotonic() + 20
    while len(served.driver.actions()) < 20 and time.monotonic() < deadline:
        time.sleep(0.1)
    served.driver.set_people(on=False)
    actions = served.driver.actions()
    assert len(actions) >= 20
    assert [action.number for action in actions] == sorted(action.number for action in actions)
    assert served.driver.actions(after=actions[4].number)[0].number == actions[5].number
    assert served.driver.people().actions["like"] > 0
    before = served.driver.people().time
    assert served.residents.step(5.0) == 0
    assert served.driver.people().time == before
    assert [person.visits for person in served.driver.people_here()] != [0] * 12


def test_what_is_not_named_stays(served: Served) -> None:
    served.driver.set_people(count=7, seed=3)
    state = served.driver.set_people(speed=2.5)
    assert (state.count, state.seed, state.speed, state.on) == (7, 3, 2.5, False)


@pytest.mark.parametrize("wrong", [{"speed": 0}, {"count": 0}, {"count": 100_000}, {"mood": "good"}])
def test_what_makes_no_sense_is_refused(served: Served, wrong: dict[str, object]) -> None:
    with pytest.raises(DriverError, match="400"):
        served.driver.set_people(**wrong)


def test_the_tastes_are_told_to_whoever_asks(served: Served) -> None:
    served.driver.set_people(count=5)
    told = served.driver.tastes()
    assert len(told["people"]) == 5
    assert told["common"]["repetition"] < 0
    assert set(told["people"][0]) == {"name", "base", "warmth", "topics"}
