"""The log says how the bot feels, once for each mood."""

from __future__ import annotations

from datetime import datetime

import structlog

from tests.tumblr.fakes import FakeClock
from tumblr.moods.current import Feeling
from tumblr.moods.log import MoodLog


class Tempers:
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
