"""Deltas that help kinds of text of which the selector has seen too few."""

from __future__ import annotations

import re
from dataclasses import dataclass

from munging.control import IMAGE_DELIMITER

FICTION_MARK = "#original fiction"
REVIEW_MARK = "Author: <b>"
IMAGE_LINE = re.compile(rf"^{re.escape(IMAGE_DELIMITER)}$", re.MULTILINE)


@dataclass(frozen=True)
class Deltas:
    """What is added to the selector probability of a text of each kind; a text may be of several kinds."""

    fiction: float = 0.2
    review: float = 0.0
    image: float = 0.0

    def of(self, text: str) -> float:
        """The sum of the deltas that apply to a text in classic form."""
        total = 0.0
        if FICTION_MARK in text:
            total += self.fiction
        if REVIEW_MARK in text:
            total += self.review
        if IMAGE_LINE.search(text):
            total += self.image
        return total

    def score(self, text: str, selector_probability: float) -> float:
        """The score that candidates compete with: probability and deltas; it may leave [0, 1]."""
        return selector_probability + self.of(text)


STANDARD = Deltas()
"""Only fiction is helped."""
