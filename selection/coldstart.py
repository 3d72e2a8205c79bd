"""Deltas that help kinds of text of which the selector has seen too few."""

from __future__ import annotations

import re
from dataclasses import dataclass

from munging.control import IMAGE_DELIMITER

FICTION_MARK = "#original fiction"
REVIEW_MARK = "Author: <b>"
QUOTES_MARK = "#quotes"
GUIDELINES_MARK = "removed", "guidelines"
"""Words of the picture that tumblr shows in place of an image it has removed."""

IMAGE_LINE = re.compile(rf"^{re.escape(IMAGE_DELIMITER)}$", re.MULTILINE)

_CAPTION = re.compile(
    rf"(?:^{IMAGE_DELIMITER}\n(?P<text>(?:(?!{IMAGE_DELIMITER}$).*\n)*))?"
    rf"^{IMAGE_DELIMITER}\n{IMAGE_DELIMITER}\n(?P<caption>(?!{IMAGE_DELIMITER}$).*\S.*)$",
    re.MULTILINE,
)
"""An image's text, if it has any, and after two delimiters in a row its caption."""

_TELLS_OF_TEXT = re.compile(
    r"\b(?:texts?|words?|letters|says?|saying|reads?|reading|written|writing)\b", re.IGNORECASE
)
"""Words of captions of pictures that show writing."""


@dataclass(frozen=True)
class Deltas:
    """What is added to the selector probability of a text of each kind; a text may be of several kinds."""

    fiction: float = 0.2
    review: float = 0.0
    image: float = 0.0
    quotes: float = 0.0
    guidelines: float = 0.0
    pseudo_text: float = 0.0
    """For an image whose caption tells of text while the image has none."""

    def of(self, text: str) -> float:
        """The sum of the deltas that apply to a text in classic form."""
        total = 0.0
        if FICTION_MARK in text:
            total += self.fiction
        if REVIEW_MARK in text:
            total += self.review
        if IMAGE_LINE.search(text):
            total += self.image
        if QUOTES_MARK in text:
            total += self.quotes
        if _removed_image(text):
            total += self.guidelines
        if _promises_text(text):
            total += self.pseudo_text
        return total

    def score(self, text: str, selector_probability: float) -> float:
        """The score that candidates compete with: probability and deltas; it may leave [0, 1]."""
        return selector_probability + self.of(text)


def _removed_image(text: str) -> bool:
    """Whether an image block of the text is tumblr's notice that an image was removed."""
    blocks = IMAGE_LINE.split(text)[1::2]
    return any(all(word in block.lower() for word in GUIDELINES_MARK) for block in blocks)


def _promises_text(text: str) -> bool:
    """Whether the caption of an image without any text tells of one."""
    return any(
        not (found["text"] or "").strip() and _TELLS_OF_TEXT.search(found["caption"])
        for found in _CAPTION.finditer(text)
    )


STANDARD = Deltas()
"""Only fiction is helped."""
