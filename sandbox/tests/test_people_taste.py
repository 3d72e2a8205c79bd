"""What people notice and like."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.people import taste
from tumblr_sandbox.people.characters import Population
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.ground_truth import ground_truth
from tumblr_sandbox.people.taste import Fashion, Taste, draw_taste, expected_likes
from tumblr_sandbox.people.words import load_phrases

TABLES, PHRASES = load_tables(), load_phrases()
EXTRACTOR = FeatureExtractor(TABLES, PHRASES)


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        ("length", "Owls see well at night, and they turn their heads far around.", "Owls."),
        ("gladness", "I love this wonderful day!", "I hate this terrible day!"),
        ("repetition", "I like tea. I like tea. I like tea.", "I like tea. I like rain. I like owls."),
        ("finished", "I like the rain.", "I like the"),
        ("asks", "Do you?", "You do."),
        ("shouts", "You do!", "You do."),
    ],
)
def test_what_is_noticed_of_a_text(name: str, more: str, less: str) -> None:
    assert EXTRACTOR.features(more).values[name] > EXTRACTOR.features(less).values[name]


def test_topics_are_found_by_their_things_in_any_number_and_in_tags() -> None:
    assert EXTRACTOR.features("my kitten is asleep").topics == {"cats"}
    assert EXTRACTOR.features("look", tags=("black cats",)).topics == {"cats"}
    assert EXTRACTOR.features("nothing at all").topics == frozenset()


@pytest.mark.parametrize(
    ("question", "answer", "on_topic"),
    [
        ("what do you think about pumpkins?", "A pumpkin is round.", True),
        ("what do you think about pumpkins?", "I like tea.", False),
        ("", "I like tea.", False),
    ],
)
def test_an_answer_is_on_topic_when_it_names_what_was_asked(
    question: str, answer: str, *, on_topic: bool
) -> None:
    assert EXTRACTOR.features(answer, question).on_topic is on_topic


def test_an_empty_text_has_features_too() -> None:
    assert EXTRACTOR.features("").values["length"] == -3.0


def test_the_chance_is_the_logistic_model_of_the_documentation() -> None:
    one = Taste(base=-2.0, warmth=0.5, topics={"cats": 1.5, "tea": -1.0})
    features = EXTRACTOR.features("I love my cat.", tags=("cats",))
    common = sum(taste.COMMON[name] * features.values[name] for name in taste.COMMON)
    assert one.chance(features) == pytest.approx(1 / (1 + math.exp(2.0 - 0.5 * common - 1.5)))
    assert set(taste.COMMON) == set(features.values)


def test_good_posts_are_expected_to_be_liked_more() -> None:
    tastes = [person.taste for person in Population(TABLES, PHRASES, 1).people(200)]
    good = EXTRACTOR.features(
        "I like pumpkins, and it is nice to carve one on a wet day.", "pumpkins?", ("autumn",)
    )
    bad = EXTRACTOR.features("ok. ok. ok", "pumpkins?")
    assert expected_likes(tastes, good) > 3 * expected_likes(tastes, bad)


def test_some_topics_are_in_fashion() -> None:
    rng = random.Random(1)
    fashion = Fashion.draw(tuple(TABLES.topics), rng)
    dearest = max(fashion.weights, key=lambda topic: fashion.weights[topic])
    tastes = [draw_taste(fashion, rng) for _ in range(400)]
    fond = Counter(topic for one in tastes for topic, liking in one.topics.items() if liking > 0)
    assert fond.most_common(1)[0][0] == dearest
    assert len(fond) == len(TABLES.topics)
    assert all(one.topics for one in tastes)


def test_the_truth_is_what_people_are() -> None:
    told = ground_truth(seed=4, count=9)
    people = Population(TABLES, PHRASES, 4).people(9)
    assert [one["name"] for one in told["people"]] == [person.name for person in people]
    assert told["people"][3]["topics"] == people[3].taste.topics
    assert told["mean"]["base"] == pytest.approx(sum(p.taste.base for p in people) / 9, abs=1e-3)
    assert told["common"] == taste.COMMON
