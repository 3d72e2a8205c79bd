"""Strategies: how one of several scored candidates is drawn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from selection.settings import STANDARD, SelectionConfig, StrategyName


class UnknownStrategy(ValueError):  # noqa: N818 - named for what is wrong
    """No strategy has this name; `name` holds it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no strategy is called {name!r}: use one of {', '.join(StrategyName)}")
        self.name = name


class Draw(NamedTuple):
    """The place of the score that was drawn, and whether by chance alone, whatever the scores were."""

    place: int
    by_chance: bool


@dataclass(frozen=True)
class Strategy:
    """How one candidate of a job is drawn; `eps` is the share of uniform draws of eps_greedy."""

    name: StrategyName = StrategyName.PROPORTIONAL_WINNOWED
    eps: float = 0.1

    def draw(self, scores: Sequence[float], rng: random.Random, settings: SelectionConfig = STANDARD) -> Draw:
        """Draw one of the scores. They may lie outside [0, 1]; raises ValueError if there is none.

        The settings' winnow bounds belong to proportional_winnowed.
        """
        if not scores:
            raise ValueError("there is nothing to draw from")
        if self._leaves_it_to_chance(rng):
            return Draw(rng.randrange(len(scores)), by_chance=True)
        return Draw(self._by_scores(scores, rng, settings), by_chance=False)

    def _leaves_it_to_chance(self, rng: random.Random) -> bool:
        is_greedy = self.name is StrategyName.EPS_GREEDY
        return self.name is StrategyName.UNIFORM or (is_greedy and rng.random() < self.eps)

    def _by_scores(self, scores: Sequence[float], rng: random.Random, settings: SelectionConfig) -> int:
        match self.name:
            case StrategyName.PROPORTIONAL:
                return _proportional(scores, rng)
            case StrategyName.PROPORTIONAL_WINNOWED:
                return _proportional(winnow(scores, settings.winnow_low, settings.winnow_high), rng)
            case _:
                return _best(scores)


def strategy_by_name(name: str) -> StrategyName:
    """The strategy called so; raises UnknownStrategy."""
    try:
        return StrategyName(name)
    except ValueError:
        raise UnknownStrategy(name) from None


def winnow(scores: Sequence[float], low: float, high: float) -> list[float]:
    """Zero the scores up to `high` if any is above it, else those up to `low` if any is above that."""
    for bound in (high, low):
        if any(score > bound for score in scores):
            return [score if score > bound else 0.0 for score in scores]
    return list(scores)


def _best(scores: Sequence[float]) -> int:
    """The first of the highest."""
    return max(range(len(scores)), key=scores.__getitem__)


def _proportional(scores: Sequence[float], rng: random.Random) -> int:
    """Draw with odds p / sum(p). Negative scores have no odds; if none is positive, the best are equal."""
    weights = [max(score, 0.0) for score in scores]
    if not any(weights):
        best = max(scores)
        weights = [float(score == best) for score in scores]
    return rng.choices(range(len(scores)), weights)[0]
