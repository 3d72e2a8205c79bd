"""Images in posts and in written text: which need recognising, and which words are to be drawn.

What is found is what the readers put text in for: both go the same way, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from munging.blocks.image import addresses_of_image
from munging.cleaning import clean_user_text, image_block
from munging.control import IMAGE_DELIMITER
from munging.json_access import mapping, mappings, text
from munging.payload import thread_from_payload
from munging.thread import Identity
from munging.user_text import question_from_html

_BLOCK = re.compile(f"^{IMAGE_DELIMITER}\n(?:(.*?)\n)??{IMAGE_DELIMITER}$", re.DOTALL | re.MULTILINE)
_PLACE = re.compile(f"(?:\n{{0,2}})^{IMAGE_DELIMITER}\n([0-9]{{1,6}})\n{IMAGE_DELIMITER}$\n?", re.MULTILINE)


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
    numbers = ImagePlaces()
    thread = thread_from_payload(payload, identity, numbers).thread
    return tuple(numbers.addresses_in(post.text) for post in thread.posts)


def images_of_question(question: str) -> tuple[str, ...]:
    """The addresses of the images in an ask's question."""
    numbers = ImagePlaces()
    return numbers.addresses_in(question_from_html(question, numbers))


class ImagePlaces(Mapping[str, str]):
    """Stands for texts that are not recognised yet: each image that is asked for gets a number for its text.

    Given as ``image_texts`` to a reader, it leaves blocks with numbers in the text, which are replaced later
    (``with_image_texts``). Only a reader can write such a block: users' text is cleaned of its delimiters.
    """

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

    @property
    def addresses(self) -> tuple[str, ...]:
        """The images' addresses, each at the place that its number names."""
        return tuple(self._numbers)

    def addresses_in(self, text: str) -> tuple[str, ...]:
        """The addresses of the images in a text that was read with these places, in its order."""
        addresses = self.addresses
        return tuple(addresses[int(block.text)] for block in text_blocks(text))


def with_image_texts(text: str, addresses: Sequence[str], image_texts: Mapping[str, str]) -> str:
    """A text that was read with ``ImagePlaces``, with its images' texts; no text, no block."""

    def block(found: re.Match[str]) -> str:
        number = int(found[1])
        if number >= len(addresses):
            return found[0]
        recognised = image_texts.get(addresses[number], "")
        return image_block(clean_user_text(recognised)) if recognised.strip() else ""

    return _PLACE.sub(block, text)


def alt_texts(payload: object) -> dict[str, str]:
    """The descriptions that a post made of blocks gives of its images, by every address of each image."""
    found: dict[str, str] = {}
    for item in (*mappings(mapping(payload).get("trail")), mapping(payload)):
        for block in mappings(item.get("content")):
            description = text(block.get("alt_text")).strip()
            if block.get("type") == "image" and description:
                found.update(dict.fromkeys(addresses_of_image(block), description))
    return found
