"""What the readers of an answer get of its thread, and the year that the generator is told."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from munging.prompts.times import TRAINING_YEARS, in_drawn_year
from munging.thread import PostKind, Thread
from tests.strategies import IDENTITY


def conversation(*turns: tuple[str, str]) -> Thread:
    thread = Thread.ask("zoe", "why?")
    for author, text in turns:
        thread = thread.with_post(author, text, by_bot=author == "Frank")
    return thread


@pytest.mark.parametrize(
    ("turns", "selector", "reviewer"),
    [
        ([], ["why?", ""], ["why?", ""]),
        ([("Frank", "f1"), ("bob", "b1")], ["b1", ""], ["f1", "b1", ""]),
        (
            [("Frank", "f1"), ("bob", "b1"), ("Frank", "f2"), ("bob", "b2"), ("carol", "c1")],
            ["b2", "c1", ""],
            ["f2", "b2", "c1", ""],
        ),
        ([("Frank", "f1")], [""], ["f1", ""]),
    ],
)
def test_what_was_said_since_the_bot_spoke(
    turns: list[tuple[str, str]], selector: list[str], reviewer: list[str]
) -> None:
    thread = conversation(*turns).awaiting_bot(IDENTITY)
    assert [post.text for post in thread.since_bot_spoke(keep=False).posts] == selector
    assert [post.text for post in thread.since_bot_spoke(keep=True).posts] == reviewer


def test_a_part_of_a_thread_begins_as_a_thread_does() -> None:
    thread = conversation(("Frank", "f1"), ("bob", "b1"), ("Frank", "f2")).since_bot_spoke(keep=True)
    assert [post.kind for post in thread.posts] == [PostKind.POSTED, PostKind.COMMENTED, PostKind.COMMENTED]
    asked = conversation(("Frank", "f1")).since_bot_spoke(keep=False)
    assert asked.posts[0].kind is PostKind.ASKED


def test_years_are_drawn_by_their_weights() -> None:
    rng = random.Random(7)
    years = {2012: 3.0, 2020: 1.0, 2021: 0.0}
    drawn = Counter(in_drawn_year("3 PM March 2023", years, rng) for _ in range(4000))
    assert set(drawn) == {"3 PM March 2012", "3 PM March 2020"}
    assert drawn["3 PM March 2012"] / 4000 == pytest.approx(0.75, abs=0.03)
    assert set(TRAINING_YEARS) == set(range(2012, 2022))
    assert len(set(TRAINING_YEARS.values())) == 1


@pytest.mark.parametrize("written", ["3:07 PM", "", "2021 was a year"])
def test_a_time_without_a_year_stays_as_it_is(written: str) -> None:
    assert in_drawn_year(written, {2012: 1.0}, random.Random(7)) == written
