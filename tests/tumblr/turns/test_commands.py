"""Commands in asks: what counts as one, and who may give it."""

from __future__ import annotations

import pytest

from tumblr.api.models import ANONYMOUS
from tumblr.turns.commands import (
    AnswerHidden,
    Command,
    Follow,
    Invalid,
    OrderReview,
    ShowMood,
    read_command,
    read_review,
)

OPERATOR = "keeper"


@pytest.mark.parametrize(
    ("summary", "asker", "expected"),
    [
        ("!follow", "bob", Follow(follow=True)),
        ("!unfollow", "bob", Follow(follow=False)),
        ("!follow me", "bob", None),
        ("!Follow", "bob", None),
        ("please !follow", "bob", None),
        ("!mood", "bob", ShowMood()),
        ("!mood", ANONYMOUS, ShowMood()),
        ("!mood 3", "bob", None),
        ("!mood 3", OPERATOR, ShowMood(3.0)),
        ("!mood 0.5", "Keeper", ShowMood(0.5)),
        ("!mood three", OPERATOR, None),
        ("!pid 123", "bob", None),
        ("!pid 123", OPERATOR, AnswerHidden("123")),
        ("!pid 0123", OPERATOR, AnswerHidden("123")),
        ("!pid", OPERATOR, None),
        ("!dance", "bob", None),
        ("how are you?", "bob", None),
        ("", "bob", None),
    ],
)
def test_what_counts_as_a_command(summary: str, asker: str, expected: Command | None) -> None:
    assert read_command(summary, asker, OPERATOR) == expected


@pytest.mark.parametrize(
    ("summary", "asker"), [("!follow", ANONYMOUS), ("!mood 0", OPERATOR), ("!mood 900", OPERATOR)]
)
def test_what_cannot_be_obeyed_is_invalid(summary: str, asker: str) -> None:
    assert isinstance(read_command(summary, asker, OPERATOR), Invalid)


def test_without_an_operator_nobody_has_the_operators_commands() -> None:
    assert read_command("!mood 3", "", None) is None


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("!review Soup", OrderReview("Soup")),
        ("!reviewSoup", OrderReview("Soup")),
        ("!review  Soup , A. Cook ", OrderReview("Soup", "A. Cook")),
        ("!review Soup, A. Cook, 4", OrderReview("Soup", "A. Cook", "4")),
        ("!review Soup,, ,A. Cook", OrderReview("Soup", "A. Cook")),
        ("!review Salt &amp; Water", OrderReview("Salt & Water")),
        ("!review !review", OrderReview("!review")),
        ("!review So\u200bup\n=======", OrderReview("Soup")),
        (f"!review {'s' * 50}", OrderReview("s" * 50)),
    ],
)
def test_reviews_are_ordered_by_title_author_and_rating(summary: str, expected: OrderReview) -> None:
    assert read_review(summary) == expected


@pytest.mark.parametrize(
    "summary",
    [
        "!review",
        "!review , ,",
        "!review a, b, 3, d",
        "!review <",
        "!review a<b>",
        "!review a &lt;i&gt;",
        "!review Soup<|endoftext|>",
        "!review Soup, A. Cook, 6",
        "!review Soup, A. Cook, 4.5",
        "!review Soup, A. Cook, B. Cook",
        f"!review {'s' * 51}",
    ],
)
def test_orders_that_cannot_be_understood_are_invalid(summary: str) -> None:
    assert isinstance(read_review(summary), Invalid)


def test_a_review_begins_with_what_was_ordered() -> None:
    assert OrderReview("Soup").lines == ["Title: <b>Soup</b>"]
    assert OrderReview("Soup", "A. Cook", "4").lines == [
        "Title: <b>Soup</b>",
        "Author: <b>A. Cook</b>",
        "Rating: <b>4/5 stars</b>",
    ]
