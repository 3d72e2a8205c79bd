"""Commands in asks: what counts as one, and who may give it."""

from __future__ import annotations

import pytest

from tumblr.api.models import ANONYMOUS
from tumblr.turns.commands.base import Invalid, Order
from tumblr.turns.commands.registry import commands, read_command
from tumblr.turns.commands.review import read_review
from tumblr.turns.inputs import CommandInput, ShowMoodInput, TurnInput

OPERATOR = "keeper"


def order(summary: str, asker: str, operator: str | None = OPERATOR) -> Order:
    """An ask, as the operator's or anybody's."""
    return Order(summary, asker, operator is not None and asker.lower() == operator, timestamp=5)


def command(name: str, argument: str = "") -> CommandInput:
    return CommandInput(command=name, argument=argument, timestamp=5)


def mood(days: float) -> ShowMoodInput:
    return ShowMoodInput(timestamp=5, days=days)


@pytest.mark.parametrize(
    ("summary", "asker", "expected"),
    [
        ("!follow", "bob", command("follow")),
        ("!unfollow", "bob", command("unfollow")),
        ("!follow me", "bob", None),
        ("!Follow", "bob", None),
        ("please !follow", "bob", None),
        ("!mood", "bob", mood(1.0)),
        ("!mood", ANONYMOUS, mood(1.0)),
        ("!mood 3", "bob", None),
        ("!mood 3", OPERATOR, mood(3.0)),
        ("!mood 0.5", "Keeper", mood(0.5)),
        ("!mood three", OPERATOR, None),
        ("!pid 123", "bob", None),
        ("!pid 123", OPERATOR, command("pid", "123")),
        ("!pid 0123", OPERATOR, command("pid", "123")),
        ("!pid", OPERATOR, None),
        ("!help", "bob", CommandInput(command="help", timestamp=5, question="!help")),
        ("!help me", "bob", None),
        ("!dance", "bob", None),
        ("how are you?", "bob", None),
        ("", "bob", None),
    ],
)
def test_what_counts_as_a_command(summary: str, asker: str, expected: TurnInput | None) -> None:
    assert read_command(order(summary, asker)) == expected


@pytest.mark.parametrize(
    ("summary", "asker"), [("!follow", ANONYMOUS), ("!mood 0", OPERATOR), ("!mood 900", OPERATOR)]
)
def test_what_cannot_be_obeyed_is_invalid(summary: str, asker: str) -> None:
    assert isinstance(read_command(order(summary, asker)), Invalid)


def test_without_an_operator_nobody_has_the_operators_commands() -> None:
    assert read_command(order("!mood 3", "", None)) is None


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("!review Soup", ("Soup",)),
        ("!reviewSoup", ("Soup",)),
        ("!review  Soup , A. Cook ", ("Soup", "A. Cook")),
        ("!review Soup, A. Cook, 4", ("Soup", "A. Cook", "4")),
        ("!review Soup,, ,A. Cook", ("Soup", "A. Cook")),
        ("!review Salt &amp; Water", ("Salt & Water",)),
        ("!review !review", ("!review",)),
        ("!review So\u200bup\n=======", ("Soup",)),
        (f"!review {'s' * 50}", ("s" * 50,)),
    ],
)
def test_reviews_are_ordered_by_title_author_and_rating(summary: str, expected: tuple[str, ...]) -> None:
    labels = ("Title: <b>{}</b>", "Author: <b>{}</b>", "Rating: <b>{}/5 stars</b>")
    lines = tuple(label.format(said) for label, said in zip(labels, expected, strict=False))
    assert read_review(summary) == lines


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


def test_every_command_that_people_may_give_says_what_it_does() -> None:
    told = {name: one for name, one in commands().items() if one.usage}
    assert set(told) >= {"follow", "help", "mood", "review"}
    assert all(one.about for one in told.values())
    assert not commands()["pid"].usage  # the operator's
