"""Mood and selection together: what people say today decides how happy the bot's posts are tonight."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mood.dynamics import mood_value
from mood.named import (
    FALLBACK_SAMPLE,
    RANGES,
    Ranges,
    accepts,
    candidates_wanted,
    expected_rejection,
    mood_for_value,
)
from mood.system import MoodInput
from selection.candidates import Candidate
from selection.choose import choose, mood_screen
from selection.respond import Request, select
from selection.settings import StrategyName
from selection.strategies import Strategy

PACIFIC = ZoneInfo("US/Pacific")
NOON = datetime(2021, 11, 2, 12, tzinfo=PACIFIC)  # a day on the base "meh"


def chosen_sentiments(mood: float, rng: random.Random, posts: int = 60) -> list[float]:
    """The sentiment of posts chosen in a mood, from candidates as they are usually written."""
    found = []
    for _ in range(posts):
        pool = [Candidate("x", rng.random(), rng.choice(FALLBACK_SAMPLE)) for _ in range(13)]
        choice = choose(pool, mood_for_value(mood), Strategy(), rng)
        found.append(pool[choice.index].sentiment_logit_difference or 0.0)
    return found


def after(words: float) -> float:
    """The mood three hours after ten people have said something of this sentiment."""
    inputs = [MoodInput(NOON + timedelta(minutes=n), words) for n in range(10)]
    return mood_value(inputs, NOON + timedelta(hours=3), timezone=PACIFIC)


def test_posts_follow_what_people_say() -> None:
    rng = random.Random(8)
    words = [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0]
    moods = [after(w) for w in words]
    assert moods == sorted(moods)
    sentiments = [float(np.mean(chosen_sentiments(mood, rng))) for mood in moods]
    assert np.corrcoef(words, sentiments)[0, 1] > 0.85
    assert sentiments[-1] - sentiments[0] > 2


def test_kind_words_show_within_the_hour() -> None:
    inputs = [MoodInput(NOON, 4.0) for _ in range(3)]
    moods = [mood_value(inputs, NOON + timedelta(minutes=m), timezone=PACIFIC) for m in (0, 10, 30, 60)]
    assert moods == sorted(moods)
    assert moods[1] - moods[0] > 0.01
    assert moods[3] - moods[0] > 0.1


@pytest.mark.parametrize("mood", [0.05, 0.2, 0.37, 0.6, 0.8, 0.95])
def test_enough_candidates_are_left_as_expected(mood: float) -> None:
    """Written with the growth for expected rejections, the screen leaves about what was expected."""
    rng, tries, named = random.Random(6), 400, mood_for_value(mood)
    share = expected_rejection(named)
    wanted = candidates_wanted(13, share)
    left = []
    for _ in range(tries):
        pool = [Candidate("x", 0.5, rng.choice(FALLBACK_SAMPLE)) for _ in range(wanted)]
        left.append(len(choose(pool, named, Strategy(), rng).screened))
    assert np.mean(left) == pytest.approx(wanted * (1 - share), rel=0.1)


VALUES = st.floats(0, 1, exclude_min=True, exclude_max=True)
SENTIMENTS = st.lists(st.floats(-9, 9), max_size=8)


def written(name: str, sentiments: list[float], *, retained: bool = False) -> list[Candidate]:
    return [Candidate(f"{name} {n}", 0.5, score, retained=retained) for n, score in enumerate(sentiments)]


@settings(max_examples=50, deadline=None)
@given(SENTIMENTS.filter(len), VALUES, st.sampled_from(sorted(RANGES)))
def test_no_range_excludes_everybody(sentiments: list[float], value: float, ranges: Ranges) -> None:
    assert mood_screen(written("new", sentiments), mood_for_value(value, ranges))


@settings(max_examples=50, deadline=None)
@given(
    SENTIMENTS.filter(len),
    SENTIMENTS,
    VALUES,
    st.sampled_from(sorted(RANGES)),
    st.sampled_from([StrategyName.ARGMAX, StrategyName.EPS_GREEDY]),
    st.integers(),
)
def test_what_is_posted_fits_the_mood_if_anything_does_retained_or_new(
    new: list[float], old: list[float], value: float, ranges: Ranges, name: StrategyName, seed: int
) -> None:
    mood = mood_for_value(value, ranges)
    request = Request(uses_retained=True, mood=mood, strategy=Strategy(name), return_all=True)
    pool, kept = written("new", new), written("old", old, retained=True)
    found = select(pool, kept, request, random.Random(seed))
    fitting = {c.text for c in (*pool, *kept) if accepts(mood, c.sentiment_logit_difference or 0.0)}
    assert found.all_posts is not None
    assert not fitting or found.all_posts[found.choice_index] in fitting


@settings(max_examples=50, deadline=None)
@given(VALUES, st.sampled_from(sorted(RANGES)), st.integers(0, 2**32 - 1))
def test_expected_rejections_are_those_that_happen(value: float, ranges: Ranges, seed: int) -> None:
    """Within five standard errors of a simulation, for any mood."""
    mood, tries = mood_for_value(value, ranges), 400
    drawn = np.random.default_rng(seed).choice(FALLBACK_SAMPLE, tries)
    share = expected_rejection(mood)
    error = (share * (1 - share) / tries) ** 0.5
    rejected = np.mean([not accepts(mood, float(score)) for score in drawn])
    assert abs(rejected - share) <= 5 * error + 1e-9
