"""What people like: a logistic model over features of a post, hidden from whoever reads only the notes.

For person *i* and a post with features *x* the chance of a like when they come across it is

    sigmoid(base_i + warmth_i * (w . x) + sum of t_i over the topics the post speaks of)

``w`` is common to all (``COMMON``); each person has their own readiness, their own weight for what all
like, and their own topics. Some topics are in fashion: more people are fond of them (``Fashion``).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tumblr_sandbox.people.features import Features

COMMON: Mapping[str, float] = {
    "length": 0.5,
    "gladness": 0.35,
    "on_topic": 0.9,
    "repetition": -3.0,
    "finished": 0.5,
    "asks": 0.2,
    "shouts": -0.3,
    "tagged": 0.2,
}
"""The weights that all share, by feature."""
BASE = -3.4
"""Mean readiness: of the posts that have nothing to them, one in thirty is liked."""
BASE_SPREAD = 0.6
FAVOURITES = (3, 6)
AVERSIONS = (0, 3)


@dataclass(frozen=True)
class Fashion:
    """How often each topic is somebody's favourite: weights that fall as 1 / rank."""

    weights: Mapping[str, float]

    @classmethod
    def draw(cls, topics: Sequence[str], rng: random.Random) -> Fashion:
        """Rank the topics by chance."""
        ranked = rng.sample(topics, len(topics))
        return cls({topic: 1 / rank for rank, topic in enumerate(ranked, start=1)})


@dataclass(frozen=True)
class Taste:
    """One person's taste; ``topics`` holds liking (positive) and dislike by topic, others leave them cold."""

    base: float
    warmth: float
    topics: Mapping[str, float]

    def logit(self, features: Features) -> float:
        """Log odds of a like."""
        values = features.values
        common = sum(weight * values[name] for name, weight in COMMON.items())
        own = sum(self.topics.get(topic, 0.0) for topic in features.topics)
        return self.base + self.warmth * common + own

    def chance(self, features: Features) -> float:
        """Chance of a like, once they see the post."""
        return 1 / (1 + math.exp(-self.logit(features)))


def draw_taste(fashion: Fashion, rng: random.Random) -> Taste:
    """A person's taste: a few favourite topics, drawn by fashion, and a few they cannot stand."""
    likes = _sample(fashion.weights, rng.randint(*FAVOURITES), rng)
    others = [topic for topic in fashion.weights if topic not in likes]
    dislikes = rng.sample(others, min(len(others), rng.randint(*AVERSIONS)))
    topics = {topic: round(rng.uniform(0.6, 2.2), 3) for topic in likes}
    topics |= {topic: round(rng.uniform(-2.0, -0.5), 3) for topic in dislikes}
    return Taste(round(rng.gauss(BASE, BASE_SPREAD), 3), round(rng.uniform(0.6, 1.4), 3), topics)


def expected_likes(tastes: Sequence[Taste], features: Features) -> float:
    """How many of these people would like a post if each came across it once."""
    return sum(taste.chance(features) for taste in tastes)


def _sample(weights: Mapping[str, float], count: int, rng: random.Random) -> list[str]:
    """So many different names, drawn by weight."""
    left = dict(weights)
    chosen = []
    for _ in range(min(count, len(left))):
        name = rng.choices(tuple(left), tuple(left.values()))[0]
        del left[name]
        chosen.append(name)
    return chosen
