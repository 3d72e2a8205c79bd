from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.named import UNRESTRICTED, Mood, accepts, mood_for_value
from selection.candidates import Candidate
from selection.choose import NoCandidates, choose
from selection.settings import SelectionConfig, StrategyName
from selection.strategies import Strategy

BEST = Strategy(StrategyName.ARGMAX)
POOLS = st.lists(
    st.builds(
        Candidate,
        text=st.text(max_size=5),
        selector_probability=st.floats(0, 1),
        sentiment_logit_difference=st.none() | st.floats(-12, 12),
    ),
    min_size=1,
    max_size=10,
)
RNG = random.Random(3)


def test_the_mood_goes_before_the_score() -> None:
    pool = [Candidate("sad", 0.99, -5.0), Candidate("fine", 0.2, 0.0), Candidate("good", 0.4, 0.5)]
    choice = choose(pool, Mood("test", -1.0, 1.0), BEST, RNG)
    assert (choice.index, choice.screened_index, choice.screened) == (2, 1, (1, 2))
    assert choice.scores == (0.99, 0.2, 0.4)


def test_a_delta_can_decide() -> None:
    pool = [Candidate("plain职", 0.6), Candidate("once职#original fiction", 0.5)]
    assert choose(pool, UNRESTRICTED, BEST, RNG).index == 1
    assert choose(pool, UNRESTRICTED, BEST, RNG, SelectionConfig(fiction_delta=0.0)).index == 0


def test_nothing_to_choose_from() -> None:
    with pytest.raises(NoCandidates):
        choose([], UNRESTRICTED, BEST, RNG)


@given(POOLS, st.floats(0.001, 0.999), st.sampled_from(list(StrategyName)), st.integers())
def test_a_choice_fits_the_mood_whenever_something_does(
    pool: list[Candidate], value: float, name: StrategyName, seed: int
) -> None:
    mood = mood_for_value(value)
    choice = choose(pool, mood, Strategy(name), random.Random(seed))
    assert choice.screened[choice.screened_index] == choice.index
    fits = [accepts(mood, candidate.sentiment_logit_difference or 0.0) for candidate in pool]
    assert fits[choice.index] or not any(fits)
