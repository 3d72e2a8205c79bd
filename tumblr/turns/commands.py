"""Commands in asks: what an ask orders instead of asking. Pure.

``!follow``, ``!unfollow`` and ``!mood`` are the whole ask; ``!review`` begins it. ``!mood DAYS`` and
``!pid ID`` are the operator's. Whatever else begins with an exclamation mark is an ask like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TypeAlias

from munging.user_text import clean_user_text
from tumblr.api.models import ANONYMOUS

MAX_ARGUMENT = 50
"""Characters of an argument of ``!review`` at most."""

RATINGS = ("1", "2", "3", "4", "5")
MOST_DAYS = 366.0
"""The longest stretch of the mood that the operator can ask for."""

_MOOD_DAYS = re.compile(r"!mood (\d{1,3}(?:\.\d{1,3})?)")
_HIDDEN_ASK = re.compile(r"!pid (\d{1,20})")


@dataclass(frozen=True)
class Follow:
    """Follow the asker, or no longer."""

    follow: bool


@dataclass(frozen=True)
class ShowMood:
    """Show the mood of the last days."""

    days: float = 1.0


@dataclass(frozen=True)
class AnswerHidden:
    """Answer an ask that the inbox does not show."""

    post_id: str


@dataclass(frozen=True)
class OrderReview:
    """Write a review of a book."""

    title: str
    author: str | None = None
    rating: str | None = None

    @property
    def lines(self) -> list[str]:
        """What the review begins with."""
        lines = [f"Title: <b>{self.title}</b>"]
        if self.author is not None:
            lines.append(f"Author: <b>{self.author}</b>")
        if self.rating is not None:
            lines.append(f"Rating: <b>{self.rating}/5 stars</b>")
        return lines


@dataclass(frozen=True)
class Invalid:
    """A command that cannot be obeyed, and why: it is set aside."""

    reason: str


Command: TypeAlias = Follow | ShowMood | AnswerHidden | OrderReview | Invalid


def read_command(summary: str, asker: str, operator: str | None) -> Command | None:
    """The command that an ask's summary (plain text) is; None for ordinary asks."""
    if summary in ("!follow", "!unfollow"):
        if asker == ANONYMOUS:
            return Invalid("nobody can follow an anonymous asker")
        return Follow(follow=summary == "!follow")
    if summary == "!mood":
        return ShowMood()
    if summary.startswith("!review"):
        return read_review(summary)
    if operator is not None and asker.casefold() == operator.casefold():
        return _operators(summary)
    return None


def _operators(summary: str) -> Command | None:
    hidden, days = _HIDDEN_ASK.fullmatch(summary), _MOOD_DAYS.fullmatch(summary)
    if hidden is not None:
        return AnswerHidden(str(int(hidden[1])))
    if days is None:
        return None
    wanted = float(days[1])
    return ShowMood(wanted) if 0 < wanted <= MOST_DAYS else Invalid(f"not a number of days: {days[1]}")


def read_review(summary: str) -> OrderReview | Invalid:
    """The order of ``!review title[, author[, rating]]``.

    Invalid when there are no or more than three arguments, when one holds ``<`` or ``>`` or is longer than 50
    characters, or when the third is no whole number of stars from 1 to 5.
    """
    rest = clean_user_text(unescape(summary.partition("!review")[2]))
    arguments = [argument.strip() for argument in rest.split(",") if argument.strip()]
    if not 1 <= len(arguments) <= 3:
        return Invalid(f"a review needs one to three arguments, not {len(arguments)}")
    if any("<" in argument or ">" in argument for argument in arguments):
        return Invalid("an argument holds markup")
    if any(len(argument) > MAX_ARGUMENT for argument in arguments):
        return Invalid(f"an argument is longer than {MAX_ARGUMENT} characters")
    if len(arguments) == 3 and arguments[2] not in RATINGS:
        return Invalid("a rating is a number from 1 to 5")
    return OrderReview(*arguments)
