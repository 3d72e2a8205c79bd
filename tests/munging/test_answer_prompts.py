"""The three prompts of an answer, and the year that the generator is told."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime

import pytest

from munging.answer_prompts import TRAINING_YEARS, answer_prompts, with_drawn_year
from munging.formats import LATER
from munging.thread import PostKind, Thread
from tests.strategies import IDENTITY

MOMENT = datetime(2023, 3, 5, 15, 10)  # noqa: DTZ001 (a local wall-clock time)


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


def test_each_reads_what_it_was_trained_on() -> None:
    thread = conversation(("Frank", "f1"), ("bob", "b1"))
    prompts = answer_prompts(thread, LATER, IDENTITY, moment=MOMENT, rng=random.Random(1), years={2014: 1})
    start = " Conversation between zoe, Frank and bob | 4 posts |\n#1 zoe asked:\n\n why?"
    assert prompts.generator.text.startswith(start)
    assert prompts.generator.text.endswith("#4 Frank commented:\n\n Written 3 PM March 2014 | Frank's tags:")
    end = "Frank commented:\n\n Written 3 PM March 2023 | Frank's tags:"
    two = " Conversation between bob and Frank | 2 posts |\n#1 bob posted:\n\n b1\n\n#2 "
    assert prompts.selector.text == two + end
    three = (
        " Conversation between Frank and bob | 3 posts |\n#1 Frank posted:\n\n f1\n\n#2 bob commented:\n\n b1"
    )
    assert prompts.reviewer.text == f"{three}\n\n#3 {end}"


def test_years_are_drawn_by_their_weights() -> None:
    rng = random.Random(7)
    drawn = Counter(with_drawn_year(MOMENT, {2012: 3.0, 2020: 1.0, 2021: 0.0}, rng).year for _ in range(4000))
    assert set(drawn) == {2012, 2020}
    assert drawn[2012] / 4000 == pytest.approx(0.75, abs=0.03)
    assert set(TRAINING_YEARS) == set(range(2012, 2022))
    assert len(set(TRAINING_YEARS.values())) == 1


def test_a_leap_day_is_drawn_in_leap_years_only() -> None:
    day = datetime(2024, 2, 29, 12)  # noqa: DTZ001
    rng = random.Random(7)
    assert {with_drawn_year(day, TRAINING_YEARS, rng).year for _ in range(100)} == {2012, 2016, 2020}
    with pytest.raises(ValueError, match=r"no year to draw from has a 29\.2\."):
        with_drawn_year(day, {2013: 1.0}, rng)
