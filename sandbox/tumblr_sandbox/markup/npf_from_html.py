"""HTML to NPF blocks: what a post that was made in HTML looks like to a client that reads NPF.

Works on sanitised HTML as a stream of events, so nesting costs no recursion.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from tumblr_sandbox.markup.html import READ_MORE
from tumblr_sandbox.markup.text import BLOCK_TAGS, blog_name_of

Block = dict[str, Any]
Mentioned = Callable[[str], Block | None]
"""Gives ``{uuid, name, url}`` of a blog that can be mentioned, or none."""

_INLINE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "small": "small",
}
_PARAGRAPH_CLASSES = {"npf_quote": "quote", "npf_quirky": "quirky", "npf_chat": "chat"}
_COLOR = re.compile(r"color:\s*(#[0-9a-fA-F]{3,8})")
_MAX_INDENT = 7
_CONTAINERS = {"blockquote": "indented", "ol": "ordered-list-item", "ul": "unordered-list-item"}
DEFAULT_SIZE = {"width": 540, "height": 405, "original_dimensions_missing": True}
"""What a medium says whose size is not known."""


@dataclass(frozen=True)
class NpfContent:
    """Blocks with the index of the last block before the read-more (none without one), and their rows
    where the author arranged them: ``{"blocks": [0, 1]}`` each."""

    blocks: list[Block]
    truncate_after: int | None = None
    rows: list[Block] | None = None


def nobody(_name: str) -> Block | None:
    """A world without blogs to mention."""
    return None


def html_to_npf(html: str, mentioned: Mentioned = nobody) -> NpfContent:
    """Turn sanitised HTML into NPF blocks; formatting counts code points."""
    reader = _Reader(mentioned)
    reader.feed(html)
    reader.close()
    reader.flush()
    last = len(reader.blocks) - 1
    cut = reader.truncate_after
    return NpfContent(reader.blocks, cut if cut is not None and cut < last else None)


@dataclass
class _Open:
    """An inline format that is open: its HTML tag, its NPF entry (none: no format), where it began."""

    tag: str
    entry: Block | None
    start: int = 0


@dataclass
class _Context:
    """The blocks that are open around the text."""

    containers: list[str] = field(default_factory=list)
    subtype: str | None = None


class _Reader(HTMLParser):
    def __init__(self, mentioned: Mentioned) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.truncate_after: int | None = None
        self._mentioned = mentioned
        self._parts: list[str] = []
        self._length = 0
        self._formats: list[Block] = []
        self._open: list[_Open] = []
        self._around = _Context()
        self._figure: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "br":
            self._add("\n")
        elif tag == "img":
            self._image(values)
        elif tag in BLOCK_TAGS:
            self.flush()
            self._enter(tag, values)
            self._figure = values if tag == "figure" else {}
        else:
            self._open.append(_Open(tag, self._format(tag, values), self._length))

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCK_TAGS:
            self.flush()
            self._leave(tag)
            return
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].tag == tag:
                self._end_format(self._open.pop(index))
                return

    def handle_data(self, data: str) -> None:
        head, mark, rest = data.partition(READ_MORE)
        self._add(head)
        if mark:
            self.flush()
            self.truncate_after = len(self.blocks) - 1
            self.handle_data(rest)

    def flush(self) -> None:
        """End the text block that is being gathered."""
        for unfinished in self._open:
            self._end_format(unfinished)
            unfinished.start = 0
        block = _text_block("".join(self._parts), self._formats)
        self._parts, self._length, self._formats = [], 0, []
        if block is not None:
            self.blocks.append(block | self._shape())

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _enter(self, tag: str, values: dict[str, str]) -> None:
        if tag in _CONTAINERS:
            self._around.containers.append(tag)
        elif tag[0] == "h" and tag != "hr":
            self._around.subtype = "heading1" if tag == "h1" else "heading2"
        elif tag == "p":
            names = values.get("class", "").split()
            self._around.subtype = next(
                (_PARAGRAPH_CLASSES[name] for name in names if name in _PARAGRAPH_CLASSES), None
            )

    def _leave(self, tag: str) -> None:
        if tag in _CONTAINERS:
            if self._around.containers:
                self._around.containers.pop()
        elif tag == "p" or tag[0] == "h":
            self._around.subtype = None

    def _shape(self) -> Block:
        """The subtype and indent of the present place: heading, list item, quote, or nothing.

        The subtype is that of the closest list or quotation, the indent counts those around it.
        """
        around = self._around
        closest = around.containers[-1] if around.containers else None
        if around.subtype is not None and closest not in ("ol", "ul"):
            return {"subtype": around.subtype}
        if closest is None:
            return {}
        level = min(len(around.containers) - 1, _MAX_INDENT)
        return {"subtype": _CONTAINERS[closest]} | ({"indent_level": level} if level else {})

    def _format(self, tag: str, values: dict[str, str]) -> Block | None:
        if tag in _INLINE:
            return {"type": _INLINE[tag]}
        if tag == "a" and values.get("href"):
            return self._link(values)
        color = _COLOR.search(values.get("style", ""))
        return {"type": "color", "hex": color.group(1)} if color else None

    def _link(self, values: dict[str, str]) -> Block:
        if "tumblelog" in values.get("class", "").split():
            blog = self._mentioned(blog_name_of(values["href"]))
            if blog is not None:
                return {"type": "mention", "blog": blog}
        return {"type": "link", "url": values["href"]}

    def _end_format(self, opened: _Open) -> None:
        if opened.entry is not None and opened.start < self._length:
            self._formats.append({"start": opened.start, "end": self._length, **opened.entry})

    def _image(self, values: dict[str, str]) -> None:
        self.flush()
        medium: Block = {"url": values.get("src", "")}
        for side in ("width", "height"):
            told = values.get(f"data-orig-{side}") or self._figure.get(f"data-orig-{side}", "")
            if told.isdecimal() and int(told):
                medium[side] = int(told)
        known = "width" in medium and "height" in medium
        medium |= {"has_original_dimensions": True} if known else DEFAULT_SIZE
        image: Block = {"type": "image", "media": [medium]}
        if values.get("alt"):
            image["alt_text"] = values["alt"]
        self.blocks.append(image)


def _text_block(text: str, formats: list[Block]) -> Block | None:
    """A text block without white space at its ends, its formatting moved along; none if nothing is left."""
    stripped = text.strip()
    if not stripped:
        return None
    lead = len(text) - len(text.lstrip())
    moved = []
    for entry in formats:
        start, end = max(0, entry["start"] - lead), min(len(stripped), entry["end"] - lead)
        if start < end:
            moved.append({**entry, "start": start, "end": end})
    moved.sort(key=lambda entry: (entry["start"], -entry["end"]))
    return {"type": "text", "text": stripped} | ({"formatting": moved} if moved else {})
