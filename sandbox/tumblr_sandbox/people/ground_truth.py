"""The ground truth: what the people like, to evaluate what is learnt from their notes."""

from __future__ import annotations

from typing import Any

from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.people import taste
from tumblr_sandbox.people.characters import Person, Population
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.feed import question_of
from tumblr_sandbox.people.taste import Taste
from tumblr_sandbox.people.words import load_phrases
from tumblr_sandbox.store import people as store
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.accounts import find_blog
from tumblr_sandbox.store.database import Database
from tumblr_sandbox.store.posts import Selection, StoredPost

MANY = 1_000_000

FORMULA = (
    "P(like | seen) = sigmoid(base + warmth * sum(common[f] * feature[f]) + sum(topics[t] for t in the post))"
)


def ground_truth(seed: int, count: int) -> dict[str, Any]:
    """The model of ``tumblr_sandbox.people.taste`` with everybody's figures, as plain data."""
    people = Population(load_tables(), load_phrases(), seed).people(count)
    return {
        "formula": FORMULA,
        "common": dict(taste.COMMON),
        "seed": seed,
        "people": [_person(person) for person in people],
        "mean": _mean(people),
    }


def judged(database: Database, seed: int, count: int, blog_name: str) -> list[dict[str, Any]]:
    """Every published post of a blog: its features, how many would like it if all saw it, and how many do."""
    tables, phrases = load_tables(), load_phrases()
    people = Population(tables, phrases, seed).people(count)
    tastes, names = [person.taste for person in people], {person.name for person in people}
    extractor = FeatureExtractor(tables, phrases)
    with database.read() as connection:
        blog = find_blog(connection, blog_name)
        found = [] if blog is None else posts.of_blog(connection, blog.id, Selection(), limit=MANY)
        likers = store.likers(connection, [post.id for post in found])
    return [_judgement(post, tastes, names & likers.get(post.id, set()), extractor) for post in found]


def _judgement(
    post: StoredPost, tastes: list[Taste], likers: set[str], extractor: FeatureExtractor
) -> dict[str, Any]:
    features = extractor.features(post.content.as_text(), question_of(post), post.tags)
    return {
        "id": str(post.id),
        "features": dict(features.values),
        "topics": sorted(features.topics),
        "expected_likes": round(taste.expected_likes(tastes, features), 3),
        "likes": len(likers),
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
