"""How the bot feels, from what is in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from mood.dynamics import mood_value
from mood.named import mood_by_name
from mood.system import MoodInput, MoodSystem
from tests.tumblr.fakes import START, ZONE
from tumblr.moods import Moods
from tumblr.turns import StoredMoodInput, TurnKind


class Remembered:
    """Remembers what it is told."""

    def __init__(self, *inputs: StoredMoodInput) -> None:
        self.inputs = list(inputs)
        self.looks = 0

    def mood_inputs(self, since: datetime, until: datetime) -> Sequence[StoredMoodInput]:
        self.looks += 1
        return [stored for stored in self.inputs if since <= stored.time <= until]


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


def test_a_moment_to_come_has_the_base_of_its_own_day() -> None:
    later = datetime(2021, 2, 7, 20, tzinfo=ZONE)
    assert make_moods(Remembered()).at(later).value == pytest.approx(0.9)  # only_non_sad
