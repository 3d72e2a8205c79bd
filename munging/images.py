"""Images in posts and in written text: which need recognising, and which words are to be drawn.

What is found is what the readers put text in for: both go the same way, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from munging.control import IMAGE_DELIMITER
from munging.payload import thread_from_payload
from munging.thread import Identity
from munging.user_text import question_from_html

_BLOCK = re.compile(f"^{IMAGE_DELIMITER}\n(?:(.*?)\n)??{IMAGE_DELIMITER}$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class TextBlock:
    """The text of an image within a text: its words, and where the block with its delimiters is."""

    text: str
    start: int
    end: int


def text_blocks(body: str) -> tuple[TextBlock, ...]:
    """The texts that stand between rows of seven equal signs, in order; a row without its second is none."""
    return tuple(TextBlock(found[1] or "", *found.span()) for found in _BLOCK.finditer(body))


def images_of_posts(payload: object, identity: Identity) -> tuple[tuple[str, ...], ...]:
    """For each post of a payload's thread, oldest first, the addresses of its images, widest first known.

    The texts that are recognised in them go into ``image_texts`` of ``thread_from_payload``.
    """
    numbers = _Numbers()
    thread = thread_from_payload(payload, identity, numbers).thread
    return tuple(numbers.addresses_in(post.text) for post in thread.posts)


def images_of_question(question: str) -> tuple[str, ...]:
    """The addresses of the images in an ask's question."""
    numbers = _Numbers()
    return numbers.addresses_in(question_from_html(question, numbers))


class _Numbers(Mapping[str, str]):
    """Stands for the recognised texts: each image that is asked for gets a number for its text."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}

    def __getitem__(self, address: str) -> str:
        return self._numbers.setdefault(address, str(len(self._numbers)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __bool__(self) -> bool:
        return True

    def addresses_in(self, text: str) -> tuple[str, ...]:
        addresses = list(self._numbers)
        return tuple(addresses[int(block.text)] for block in text_blocks(text))
