"""``!review title[, author[, rating]]``: the bot writes a review of a book."""

from __future__ import annotations

from html import unescape

from munging.cleaning import clean_user_text
from tumblr.turns.commands.base import Command, Invalid, Order
from tumblr.turns.inputs import ReviewInput

MAX_ARGUMENT = 50
"""Characters of an argument at most."""

RATINGS = ("1", "2", "3", "4", "5")
LABELS = ("Title: <b>{}</b>", "Author: <b>{}</b>", "Rating: <b>{}/5 stars</b>")
"""What a review begins with."""


class ReviewCommand(Command, names=("review",)):
    """The ask begins with the command; see ``responding/handlers/review.py``."""

    usage = "!review title, author, stars"
    about = "a review of a book; the title is enough"

    def read(self, order: Order) -> ReviewInput | Invalid | None:
        """Invalid when the arguments are not in order."""
        if not order.summary.startswith("!review"):
            return None
        lines = read_review(order.summary)
        return lines if isinstance(lines, Invalid) else ReviewInput(timestamp=order.timestamp, lines=lines)


def read_review(summary: str) -> tuple[str, ...] | Invalid:
    """The first lines of the review that is ordered.

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
    return tuple(label.format(argument) for label, argument in zip(LABELS, arguments, strict=False))
