"""The bot's HTML as NPF blocks, for tumblr's block endpoints.

Handles what the bot writes: paragraphs, headings, quotations, lists, links, mentions, images, a line between,
and ``[[MORE]]``. Underlining is lost, since NPF has none, and so is what tumblr takes no more of; the words
stay. Read back by ``munging.npf``, the blocks give the thread that the HTML gives.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from munging.figures import ATTACHED
from munging.html_tree import Element, classes, parse_fragment
from munging.links import blog_of_address

Block = dict[str, Any]

MAX_BLOCK_CHARACTERS = 4096
"""Code points that tumblr takes in one text block, or in the description of an image."""

MAX_BLOCKS = 1000
"""Blocks that tumblr takes in a post."""

MAX_FORMATS = {"link": 100, "mention": 50}
"""Links within text, and mentions, that tumblr takes in a post."""

DEEPEST_INDENT = 7
READ_MORE = "[[MORE]]"

_LINK = re.compile(r"(?:https?://|mailto:)\S{1,1990}", re.IGNORECASE)
"""Addresses that a link may have; tumblr refuses a post with another."""

_FORMATS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "small": "small",
}
_HEADINGS = {"h1": "heading1", "h2": "heading2", "h3": "heading2", "h4": "heading2"}
_LISTS = {"ul": "unordered-list-item", "ol": "ordered-list-item"}
_ON_A_LINE_OF_ITS_OWN = frozenset(
    {"p", "div", "figure", "figcaption", "hr", "li", "blockquote", *_HEADINGS, *_LISTS}
)


@dataclass(frozen=True)
class NpfContent:
    """The blocks of a post; ``truncate_after`` is the last block before the read-more, if there is one."""

    blocks: list[Block]
    truncate_after: int | None = None

    @property
    def layout(self) -> list[Block]:
        """What ``layout`` says of the blocks; empty when they simply follow one another."""
        if self.truncate_after is None:
            return []
        rows = [{"blocks": [index]} for index in range(len(self.blocks))]
        return [{"type": "rows", "display": rows, "truncate_after": self.truncate_after}]


def npf_from_html(html: str, uuids: Mapping[str, str] | None = None) -> NpfContent:
    """The blocks of a piece of the bot's HTML.

    ``uuids`` holds the ids of the blogs that may be mentioned, by name in lower case: a mention needs one,
    and becomes a plain link without it.
    """
    body = parse_fragment(html)
    writer = _Writer(uuids or {})
    if body is not None:
        _walk(body, writer)
    writer.end_block()
    _drop_what_is_too_much(writer.blocks)
    last = len(writer.blocks) - 1
    cut = writer.truncate_after
    return NpfContent(writer.blocks, cut if cut is not None and cut < last else None)


def _drop_what_is_too_much(blocks: list[Block]) -> None:
    """Take the links and mentions away of which there are too many; their words stay."""
    seen: Counter[str] = Counter()
    for block in blocks:
        kept = []
        for one in block.pop("formatting", []):
            seen[one["type"]] += 1
            if seen[one["type"]] <= MAX_FORMATS.get(one["type"], sys.maxsize):
                kept.append(one)
        if kept:
            block["formatting"] = kept


def mentioned_blogs(html: str) -> set[str]:
    """The names, in lower case, of the blogs that a piece of HTML mentions."""
    body = parse_fragment(html)
    links = () if body is None else body.iter("a")
    names = (blog_of_address(link.get("href") or "") for link in links if "tumblelog" in classes(link))
    return {name.lower() for name in names if name}


def _walk(body: Element, writer: _Writer) -> None:
    """Go through the tree without recursion: what the model wrote may be nested as deep as it likes."""
    todo: list[tuple[str, Element]] = [("text", body.text or "")]
    todo += [("tail", child) for child in body]
    todo.reverse()
    while todo:
        step, node = todo.pop()
        match step:
            case "text":
                writer.write(node)
            case "close":
                writer.close(node)
            case _:
                writer.open(node)
                inside = [("text", node.text or ""), *(("tail", child) for child in node)]
                after = [("close", node), ("text", node.tail or "")]
                todo += reversed([*inside, *after])


@dataclass
class _Writer:
    uuids: Mapping[str, str]
    blocks: list[Block] = field(default_factory=list)
    truncate_after: int | None = None
    _text: str = ""
    _formatting: list[Block] = field(default_factory=list)
    _open: list[tuple[Element, int]] = field(default_factory=list)  # with where each began in the block
    _lists: list[str] = field(default_factory=list)
    _quotations: int = 0
    _subtype: str = ""

    def write(self, text: str) -> None:
        """Add words to the block; a line break in HTML's source is a space. The first read-more counts."""
        head, *after = text.split(READ_MORE)
        self._add(head)
        for words in after:
            self.end_block()
            if self.truncate_after is None:
                self.truncate_after = len(self.blocks) - 1
            self._add(words)

    def _add(self, text: str) -> None:
        words = " ".join(text.split("\n"))
        self._text += words.lstrip() if not self._text or self._text.endswith("\n") else words

    def open(self, element: Element) -> None:
        tag = element.tag
        if tag in _ON_A_LINE_OF_ITS_OWN:
            self.end_block()
        self._open.append((element, len(self._text)))
        if tag == "br":
            self._text += "\n"
        elif tag == "img":
            self._image(element)
        elif tag in _LISTS:
            self._lists.append(_LISTS[tag])
        elif tag == "blockquote":
            self._quotations += 1
        elif tag in _HEADINGS:
            self._subtype = _HEADINGS[tag]

    def close(self, element: Element) -> None:
        tag = element.tag
        if tag in _ON_A_LINE_OF_ITS_OWN:
            self.end_block()
        self._formatting += self._formats(*self._open.pop())
        if tag in _LISTS:
            self._lists.pop()
        elif tag == "blockquote":
            self._quotations -= 1
        elif tag in _HEADINGS:
            self._subtype = ""

    def _formats(self, element: Element, start: int) -> list[Block]:
        """What an element says of the words of this block that stand in it."""
        place: Block = {"start": start, "end": len(self._text)}
        if start == len(self._text):
            return []
        if element.tag in _FORMATS:
            return [{**place, "type": _FORMATS[element.tag]}]
        address = element.get("href") or ""
        if element.tag != "a" or not _LINK.fullmatch(address):
            return []
        name = blog_of_address(address) if "tumblelog" in classes(element) else None
        uuid = self.uuids.get(name.lower()) if name else None
        if uuid is None:
            return [{**place, "type": "link", "url": address}]
        return [{**place, "type": "mention", "blog": {"uuid": uuid, "name": name, "url": address}}]

    def _image(self, element: Element) -> None:
        address = element.get("src")
        self.end_block()
        if not address:
            return
        name = address.removeprefix(ATTACHED)
        media: Block = {"url": address} if name == address else {"identifier": name, "type": "image/png"}
        for key, attribute in (("width", "data-orig-width"), ("height", "data-orig-height")):
            number = element.get(attribute) or ""
            if number.isascii() and number.isdigit():
                media[key] = int(number)
        alt = (element.get("alt") or "")[:MAX_BLOCK_CHARACTERS]
        self.blocks.append({"type": "image", "media": [media], **({"alt_text": alt} if alt else {})})

    def end_block(self) -> None:
        """Put down the words so far as a block of their own, or as several when they are too long for one."""
        for element, start in reversed(self._open):  # what is open goes on in the next block
            self._formatting += self._formats(element, start)
        words, formatting = self._text.rstrip(), self._formatting
        self._text, self._formatting = "", []
        self._open = [(element, 0) for element, _ in self._open]
        for start, end in _parts(words):
            self.blocks.append({**self._shape(), "text": words[start:end], **_within(formatting, start, end)})

    def _shape(self) -> Block:
        if self._lists:
            indent, subtype = len(self._lists) - 1 + self._quotations, self._lists[-1]
        elif self._quotations:
            indent, subtype = self._quotations - 1, "indented"
        else:
            indent, subtype = 0, self._subtype
        shape: Block = {"type": "text"}
        if subtype:
            shape["subtype"] = subtype
        if indent:
            shape["indent_level"] = min(indent, DEEPEST_INDENT)
        return shape


def _parts(words: str) -> list[tuple[int, int]]:
    """Where a text is cut into pieces that fit a block: at a space if there is one in the piece."""
    parts: list[tuple[int, int]] = []
    start = 0
    while start < len(words):
        end = min(start + MAX_BLOCK_CHARACTERS, len(words))
        if end < len(words):
            space = words.rfind(" ", start + 1, end)
            end = space + 1 if space > 0 else end
        parts.append((start, end))
        start = end
    return parts


def _within(formatting: list[Block], start: int, end: int) -> Block:
    """The formatting of a piece, counted from its beginning."""
    kept = [
        {**one, "start": max(one["start"], start) - start, "end": min(one["end"], end) - start}
        for one in formatting
        if one["start"] < end and one["end"] > start
    ]
    return {"formatting": kept} if kept else {}
