"""What the people like, written out: the truth that whatever is learnt from their notes can be held against."""

from __future__ import annotations

from typing import Any

from sandbox.corpus.tables import load_tables
from sandbox.people import taste
from sandbox.people.characters import Crowd, Person
from sandbox.people.words import load_phrases

FORMULA = (
    "P(like | seen) = sigmoid(base + warmth * sum(common[f] * feature[f]) + sum(topics[t] for t in the post))"
)


def truth(seed: int, count: int) -> dict[str, Any]:
    """The model of ``sandbox.people.taste`` with everybody's figures, as plain data."""
    people = Crowd(load_tables(), load_phrases(), seed).people(count)
    return {
        "formula": FORMULA,
        "common": dict(taste.COMMON),
        "seed": seed,
        "people": [_person(person) for person in people],
        "mean": _mean(people),
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "base": person.taste.base,
        "warmth": person.taste.warmth,
        "topics": dict(person.taste.topics),
    }


def _mean(people: list[Person]) -> dict[str, Any]:
    """The mean person: what the readership as a whole leans to."""
    topics: dict[str, float] = {}
    for person in people:
        for topic, liking in person.taste.topics.items():
            topics[topic] = topics.get(topic, 0.0) + liking / len(people)
    ranked = sorted(topics.items(), key=lambda item: -item[1])
    return {
        "base": round(sum(person.taste.base for person in people) / len(people), 4),
        "topics": {topic: round(liking, 4) for topic, liking in ranked},
    }
