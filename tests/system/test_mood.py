"""Rude words get the bot down, kind ones cheer it, and its posts follow: over a day on the sandbox."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from mood.logits import logit
from tests.system.mood_day import (
    EVERY,
    FIRST,
    HOUR,
    KIND_FROM,
    LAST,
    PASSER_BY,
    RUDE_FROM,
    LivedDay,
    draw,
    live_a_day,
    visits,
)

pytestmark = pytest.mark.timeout(600)

MINUTES = timedelta(minutes=25)
"""Before anybody says the next thing."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> LivedDay:
    return live_a_day(tmp_path_factory.mktemp("day"))


def test_everything_that_was_said_counts_once_at_its_time(day: LivedDay) -> None:
    assert sorted(i.who for i in day.inputs) == sorted(visit.who for visit in visits())
    ends = (min(i.time for i in day.inputs), max(i.time for i in day.inputs))
    assert [(end - day.midnight) // EVERY for end in ends] == [FIRST // EVERY, LAST // EVERY]


def test_kind_and_rude_words_are_told_apart(day: LivedDay) -> None:
    kind, idle, rude = (
        np.mean([i.logit_diff for i in day.inputs if i.who.startswith(name)])
        for name in ("kind", PASSER_BY, "rude")
    )
    assert kind > idle + 1
    assert rude < idle - 1


def test_rude_words_lower_the_mood_within_minutes(day: LivedDay) -> None:
    before = logit(day.mood(RUDE_FROM))
    assert logit(day.mood(RUDE_FROM + MINUTES)) < before - 0.02
    assert logit(day.mood(KIND_FROM)) < before - 0.4


def test_kind_words_raise_the_mood_within_minutes(day: LivedDay) -> None:
    before = logit(day.mood(KIND_FROM))
    assert logit(day.mood(KIND_FROM + MINUTES)) > before + 0.02
    assert logit(day.mood(LAST)) > before + 0.5


def test_the_sentiment_of_posts_follows_the_mood(day: LivedDay) -> None:
    """Of posts in which nobody's tone is answered: answers to idle questions, and original posts."""
    kept = [post.lowest <= post.sentiment <= post.highest for post in day.posts]
    assert np.mean(kept) > 0.8  # the rest had no candidate that fitted
    assert day.correlation() > 0.25
    low = day.mean_sentiment(RUDE_FROM + 2 * HOUR, KIND_FROM)
    high = day.mean_sentiment(KIND_FROM + 2 * HOUR, LAST)
    assert high > low + 0.5


def test_the_day_can_be_drawn(day: LivedDay) -> None:
    assert draw(day).startswith(b"\x89PNG")
