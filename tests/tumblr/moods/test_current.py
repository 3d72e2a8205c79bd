"""How the bot feels, from what is in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from mood.dynamics import mood_value
from mood.named import mood_by_name
from mood.system import MoodInput, MoodSystem
from tests.tumblr.fakes import START, ZONE, FakeClock
from tumblr.moods.current import Feeling, MoodLog, Moods
from tumblr.store.turns import TurnStore
from tumblr.turns.kinds import TurnKind
from tumblr.turns.turn import StoredMoodInput


class Remembered(TurnStore):
    """Remembers what it is told."""

    def __init__(self, *inputs: StoredMoodInput) -> None:
        self.inputs: list[StoredMoodInput] = []
        self.looks = 0
        self.given = 0
        for told in inputs:
            self.tell(told)

    def tell(self, told: StoredMoodInput) -> None:
        self.inputs.append(replace(told, number=len(self.inputs) + 1))

    def mood_inputs(self, since: datetime | None = None, *, after: int = 0) -> list[StoredMoodInput]:
        self.looks += 1
        found = [one for one in self.inputs if one.number > after and (since is None or since <= one.time)]
        self.given += len(found)
        return found


def said(hours_ago: float, logit_diff: float) -> StoredMoodInput:
    return StoredMoodInput(
        TurnKind.ASK, "bob", str(hours_ago), 5, logit_diff, logit_diff, START - timedelta(hours=hours_ago)
    )


def make_moods(memory: Remembered, stale: float = 600.0) -> Moods:
    return Moods(memory, ZONE, MoodSystem(), stale)


def test_without_inputs_it_is_the_day() -> None:
    feeling = make_moods(Remembered()).at(START)
    assert feeling.value == pytest.approx(0.37)  # only_non_happy
    assert mood_by_name(feeling.name).name == feeling.name


def test_inputs_move_it() -> None:
    memory = Remembered(said(3, 6.0), said(100, -9.0))
    value = mood_value([MoodInput(memory.inputs[0].time, 6.0, 6.0)], START, timezone=ZONE)
    assert make_moods(memory).at(START).value == pytest.approx(value)
    assert value > 0.37


def test_an_answer_stands_for_a_while() -> None:
    memory = Remembered()
    moods = make_moods(memory)
    moods.at(START)
    moods.at(START + timedelta(seconds=600))
    assert memory.looks == 1
    moods.at(START + timedelta(seconds=601))
    moods.at(START)
    assert memory.looks == 3


def test_only_what_is_new_is_read_again() -> None:
    memory = Remembered(*(said(hours, 1.0) for hours in range(1, 50)))
    moods = make_moods(memory)
    moods.at(START)
    moods.at(START + timedelta(hours=1))
    assert memory.given == 49
    memory.tell(said(-1, 1.0))
    moods.at(START + timedelta(hours=2))
    assert memory.given == 50


STEPS = st.lists(st.tuples(st.floats(-3, 3), st.none() | st.floats(-4, 4), st.floats(0, 2)), max_size=12)


@given(STEPS)
def test_it_is_always_the_mood_of_everything_said_so_far(
    steps: list[tuple[float, float | None, float]],
) -> None:
    """Whatever the order of inputs and questions: also with late inputs, and after a look into the future."""
    memory = Remembered()
    moods = make_moods(memory, stale=-1)
    moment = START
    for hours, words, late in steps:
        moment += timedelta(hours=hours)
        if words is not None:
            memory.tell(replace(said(0, words), time=moment - timedelta(hours=late)))
        known = [MoodInput(one.time, one.logit_diff, one.generated_p75) for one in memory.inputs]
        value = mood_value(known, moment, timezone=ZONE)
        assert moods.at(moment).value == pytest.approx(value, abs=1e-9)


def test_a_moment_to_come_has_the_base_of_its_own_day() -> None:
    later = datetime(2021, 2, 7, 20, tzinfo=ZONE)
    assert make_moods(Remembered()).at(later).value == pytest.approx(0.9)  # only_non_sad


class Tempers(Moods):
    """Feels as it is told."""

    def __init__(self) -> None:
        self.now = Feeling(0.7, "meh")
        self.asked: list[datetime] = []

    def at(self, moment: datetime) -> Feeling:
        self.asked.append(moment)
        return self.now


def test_a_mood_is_told_when_it_changes() -> None:
    moods, clock = Tempers(), FakeClock()
    mood_log = MoodLog(moods, clock)
    with structlog.testing.capture_logs() as logged:
        assert [mood_log.find() for _ in range(2)] == [[], []]
        moods.now = Feeling(0.94567, "only_non_sad")
        mood_log.find()
    assert [(event["value"], event["accepts"]) for event in logged] == [(0.7, "meh"), (0.946, "only_non_sad")]
    assert {moment.timestamp() for moment in moods.asked} == {clock()}
