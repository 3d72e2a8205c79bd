"""Deltas that help kinds of text of which the selector has seen too few."""

from __future__ import annotations

import re

from munging.control import IMAGE_DELIMITER
from selection.settings import SelectionConfig

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


def delta_of(text: str, settings: SelectionConfig) -> float:
    """The sum of the deltas that apply to a text in classic form; it may be of several kinds."""
    deltas = (
        (settings.fiction_delta, FICTION_MARK in text),
        (settings.review_delta, REVIEW_MARK in text),
        (settings.image_delta, bool(IMAGE_LINE.search(text))),
        (settings.quotes_delta, QUOTES_MARK in text),
        (settings.guidelines_delta, _removed_image(text)),
        (settings.pseudo_text_delta, _promises_text(text)),
    )
    return sum(delta for delta, applies in deltas if applies)


def score_of(text: str, selector_probability: float, settings: SelectionConfig) -> float:
    """The score that candidates compete with: probability and deltas; it may leave [0, 1]."""
    return selector_probability + delta_of(text, settings)


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
