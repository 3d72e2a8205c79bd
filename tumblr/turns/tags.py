"""What becomes of the model's tags before they are sent.

A list of tags here is what tumblr will store: no commas, nothing empty, nothing after an end mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tumblr.api.models import ANONYMOUS

END_MARKS = ("<|endoftext|>", "<|")
SEND_BACK, ACCEPT = "rts", "a"
COMMAND_TAGS = frozenset({SEND_BACK, ACCEPT})
"""Tags with which the operator tells the bot something about a draft; the bot itself never sets them."""

UPLOADED = "images of a post to come"
"""The tag of the draft with which pictures are uploaded; a draft that has it is deleted."""

RESERVED_TAGS = COMMAND_TAGS | {UPLOADED}
"""Tags that no text of the model's may set."""


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Cut each tag at an end mark, split it where tumblr would (at commas), and drop what is empty."""
    parts = (part for tag in tags for part in _before_end(tag).split(","))
    return [part.strip() for part in parts if part.strip()]


def strip_tags(tags: Iterable[str], avoided: Sequence[str]) -> list[str]:
    """Drop tags that contain an avoided text (in any case), and the operator's command words."""
    unwanted = [text.lower() for text in avoided if text]
    return [
        tag
        for tag in tags
        if tag.lower() not in RESERVED_TAGS and not any(text in tag.lower() for text in unwanted)
    ]


def answer_tags(tags: Iterable[str], asker: str, avoided: Sequence[str]) -> list[str]:
    """The tags of an answer: the model's, with the asker's name added if it is missing.

    "Anonymous" goes to anonymous askers only.
    """
    named = clean_tags(tags)
    if asker not in named:
        named.append(asker)
    return strip_tags([tag for tag in named if tag != ANONYMOUS or asker == ANONYMOUS], avoided)


def original_tags(tags: Iterable[str], avoided: Sequence[str]) -> list[str]:
    return strip_tags(clean_tags(tags), avoided)


def _before_end(tag: str) -> str:
    for mark in END_MARKS:
        tag = tag.partition(mark)[0]
    return tag
