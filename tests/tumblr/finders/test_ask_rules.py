"""Asks that are not answered."""

from __future__ import annotations

import random

import pytest

from tests.tumblr.fakes import START, World, settings_for
from tumblr.api.models import TumblrPost
from tumblr.finders.ask_rules import surplus, why_not_ask, word_count
from tumblr.finders.asks import AskFinder, ask_turn
from tumblr.turns.kinds import TurnState

SETTINGS = settings_for(asks={"min_words": 2, "max_images": 2}, damping={"automated_accounts": ["Robo"]})
IMAGES = "<img src='x'>"


def ask(question: str, who: str | None = "bob", number: int = 7) -> TumblrPost:
    time = int(START.timestamp())
    return TumblrPost(str(number), "submission", "answer", asking_name=who, question=question, timestamp=time)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("two words", 2), ("\N{CAT FACE}", 2), ("日本 a", 3), ("\u200b", 0), ("a \u200b b", 2)],
)
def test_words_are_counted_as_they_are_seen(text: str, count: int) -> None:
    assert word_count(text) == count


@pytest.mark.parametrize(
    ("question", "who", "reason"),
    [
        ("<p>two words</p>", "bob", None),
        ("<p>one</p>", "bob", "it has fewer than 2 words"),
        ("<p>!mood</p>", "bob", None),
        (IMAGES, "bob", "it has fewer than 2 words"),
        (f"<p>two words</p>{IMAGES * 2}", "bob", None),
        (f"<p>two words</p>{IMAGES * 3}", "bob", "it has more than 2 images"),
        ("<p>two words</p>", "robo", "robo is a known automated account"),
        ("<p>two words</p>", None, None),
    ],
)
def test_what_an_ask_has_to_be_like(question: str, who: str | None, reason: str | None) -> None:
    assert why_not_ask(ask(question, who), SETTINGS) == reason


def test_nothing_is_asked_of_asks_when_the_rules_are_off() -> None:
    assert why_not_ask(ask(""), settings_for()) is None


def test_of_too_many_asks_of_one_asker_a_random_one_is_dropped() -> None:
    askers: list[str | None] = ["bob"] * 3 + ["ann"] * 2 + [None] * 5
    asks = [ask_turn(ask("hi", who, number)) for number, who in enumerate(askers)]
    dropped = {number for seed in range(30) for number in surplus(asks, 2, random.Random(seed))}
    assert dropped == {"0", "1", "2"}
    assert surplus(asks, 0, random.Random(0)) == {}


def test_what_is_not_answered_is_remembered_with_its_reason(world: World) -> None:
    world.tumblr.ask("hm")
    world.tumblr.ask("what is this?", "ann")
    finder = AskFinder(world.bot, settings_for(asks={"min_words": 2}))
    turns = world.store.add(finder.find())
    assert {(turn.who, turn.state, turn.reason) for turn in turns} == {
        ("bob", TurnState.SKIPPED, "it has fewer than 2 words"),
        ("ann", TurnState.FOUND, None),
    }
    assert finder.find() == []
