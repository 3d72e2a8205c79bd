from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selection.settings import STANDARD, SelectionConfig, StrategyName
from selection.strategies import Strategy, UnknownStrategy, strategy_by_name, winnow

SCORES = st.lists(st.floats(-1, 2), min_size=1, max_size=15)
STRATEGIES = st.builds(Strategy, name=st.sampled_from(list(StrategyName)), eps=st.floats(0, 1))


DRAWS = 8000


def shares(strategy: Strategy, scores: list[float], settings: SelectionConfig = STANDARD) -> list[float]:
    rng = random.Random(11)
    counts = Counter(strategy.draw(scores, rng, settings).place for _ in range(DRAWS))
    return [counts[i] / DRAWS for i in range(len(scores))]


@pytest.mark.parametrize(
    ("strategy", "scores", "expected"),
    [
        (Strategy(StrategyName.ARGMAX), [0.1, 0.9, 0.5], [0, 1, 0]),
        (Strategy(StrategyName.ARGMAX), [0.5, 0.5], [1, 0]),
        (Strategy(StrategyName.ARGMAX), [-0.5, -0.1], [0, 1]),
        (Strategy(StrategyName.UNIFORM), [0.1, 0.9, 0.0, -1.0], [0.25, 0.25, 0.25, 0.25]),
        (Strategy(StrategyName.EPS_GREEDY, eps=0.0), [0.1, 0.9], [0, 1]),
        (Strategy(StrategyName.EPS_GREEDY, eps=1.0), [0.1, 0.9], [0.5, 0.5]),
        (Strategy(StrategyName.EPS_GREEDY, eps=0.2), [0.1, 0.9], [0.1, 0.9]),
        (Strategy(StrategyName.PROPORTIONAL), [0.1, 0.3], [0.25, 0.75]),
        (Strategy(StrategyName.PROPORTIONAL), [0.5, 1.5], [0.25, 0.75]),
        (Strategy(StrategyName.PROPORTIONAL), [-0.5, 0.4, 0.4], [0, 0.5, 0.5]),
        (Strategy(StrategyName.PROPORTIONAL), [0.0, 0.0], [0.5, 0.5]),
        (Strategy(StrategyName.PROPORTIONAL), [-0.5, -0.1, -0.1], [0, 0.5, 0.5]),
        (Strategy(), [0.7, 0.7, 0.6], [0.5, 0.5, 0]),
        (Strategy(), [0.4, 0.6, 0.1], [0.4, 0.6, 0]),
        (Strategy(), [0.1, 0.3], [0.25, 0.75]),
        (Strategy(), [0.667, 0.333, 0.1], [1, 0, 0]),
    ],
)
def test_odds(strategy: Strategy, scores: list[float], expected: list[float]) -> None:
    assert shares(strategy, scores) == pytest.approx(expected, abs=0.02)


def test_the_bounds_of_winnowing_can_be_set() -> None:
    bounds = SelectionConfig(winnow_low=0.167, winnow_high=0.833)
    assert shares(Strategy(), [0.8, 0.2, 0.1], bounds) == pytest.approx([0.8, 0.2, 0], abs=0.02)


@pytest.mark.parametrize(
    ("scores", "winnowed"),
    [
        ([0.7, 0.6, 0.2], [0.7, 0, 0]),
        ([0.667, 0.4, 0.333], [0.667, 0.4, 0]),
        ([0.333, 0.1], [0.333, 0.1]),
        ([1.2, 0.9, 0.66], [1.2, 0.9, 0]),
        ([-0.2, 0.1], [-0.2, 0.1]),
        ([], []),
    ],
)
def test_winnow(scores: list[float], winnowed: list[float]) -> None:
    assert winnow(scores, 0.333, 0.667) == winnowed


@given(SCORES)
def test_winnowing_never_empties(scores: list[float]) -> None:
    winnowed = winnow(scores, 0.333, 0.667)
    assert max(winnowed) == max(scores)
    assert all(after in (before, 0.0) for before, after in zip(scores, winnowed, strict=True))


@given(SCORES, STRATEGIES, st.integers())
def test_every_draw_is_valid_and_repeatable(scores: list[float], strategy: Strategy, seed: int) -> None:
    drawn = strategy.draw(scores, random.Random(seed)).place
    assert 0 <= drawn < len(scores)
    assert drawn == strategy.draw(scores, random.Random(seed)).place


@given(SCORES, st.sampled_from([StrategyName.PROPORTIONAL, StrategyName.PROPORTIONAL_WINNOWED]))
def test_a_score_that_is_not_positive_is_drawn_only_if_none_is(
    scores: list[float], name: StrategyName
) -> None:
    drawn = scores[Strategy(name).draw(scores, random.Random(1)).place]
    assert drawn > 0 or max(scores) <= 0


@pytest.mark.parametrize("name", list(StrategyName))
def test_nothing_to_draw_from(name: StrategyName) -> None:
    with pytest.raises(ValueError, match="nothing"):
        Strategy(name).draw([], random.Random(0))


def test_names() -> None:
    assert strategy_by_name("eps_greedy") is StrategyName.EPS_GREEDY
    with pytest.raises(UnknownStrategy) as caught:
        strategy_by_name("guess")
    assert caught.value.name == "guess"
