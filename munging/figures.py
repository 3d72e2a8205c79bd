"""Image blocks in a post's HTML: the words to be drawn, and figures in their place.

``to_html`` leaves a block as paragraphs: one of seven equal signs, those of its words, and another such.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from munging.control import IMAGE_DELIMITER

_ROW = f"<p>{IMAGE_DELIMITER}</p>"
_INSIDE = f"((?:(?!{_ROW}).)*)"
_BLOCK = re.compile(f"{_ROW}{_INSIDE}{_ROW}(?:{_ROW}{_INSIDE}{_ROW})?", re.DOTALL)
_BREAK = re.compile(r"</p>\s*<p>|<br\s*/?>|</li>|</h2>|</blockquote>")
_TAG = re.compile(r"<[^<>]*>")
_UNCLEAN_ALT = str.maketrans({"<": "‹", ">": "›", "\n": " ", "\r": " "})
"""Tumblr drops what stands in angle brackets from descriptions in HTML, and makes newlines spaces."""


ATTACHED = "cid:"
"""What the address of an image begins with that is sent along with its post; its name follows (RFC 2392)."""


def figure_name(number: int) -> str:
    """The name of an image that is sent along, by its place among them."""
    return f"figure{number}"


@dataclass(frozen=True)
class Figure:
    """An image: its address, its size in pixels, and what it shows.

    ``exact``: the description is kept as it is, which tumblr does in blocks alone.
    """

    url: str
    width: int
    height: int
    description: str
    exact: bool = False


@dataclass(frozen=True)
class Block:
    """An image block: the words in the image, and what else it shows; both may be empty."""

    words: str
    description: str = ""

    @property
    def alt_text(self) -> str:
        """What a reader who does not see the image is told."""
        return f"{self.description} {self.words}".strip()


def blocks_to_draw(markup: str) -> list[Block]:
    """The image blocks in a post's HTML, as plain text, in order.

    What an image shows beside its words stands in a second block right behind the first, so that their
    delimiters are double.
    """
    return [Block(_words(found[1]), _words(found[2] or "")) for found in _BLOCK.finditer(markup)]


def _words(markup: str) -> str:
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", markup))).strip("\n")


def with_figures(markup: str, figures: Sequence[Figure | None]) -> str:
    """A post's HTML with a figure for each of its image blocks; none for a block without one."""
    waiting = iter(figures)
    return _BLOCK.sub(lambda _: _figure(next(waiting, None)), markup)


def has_blocks(markup: str) -> bool:
    """Whether a row of equal signs is left in a post's HTML."""
    return IMAGE_DELIMITER in markup


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return ""
    size = f'data-orig-height="{figure.height}" data-orig-width="{figure.width}"'
    alt = html.escape(figure.description if figure.exact else figure.description.translate(_UNCLEAN_ALT))
    return f'<figure {size}><img src="{html.escape(figure.url)}" {size} alt="{alt}"/></figure>'
