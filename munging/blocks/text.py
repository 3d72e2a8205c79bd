"""Text: a paragraph, heading, quotation, line of a chat or item of a list, with formatted ranges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from munging.blocks.base import Block, BlockType
from munging.json_access import mapping, mappings, text, whole

_SUBTYPES = {
    "heading1": ("<h1>", "</h1>"),
    "heading2": ("<h2>", "</h2>"),
    "quote": ('<p class="npf_quote">', "</p>"),
    "quirky": ('<p class="npf_quirky">', "</p>"),
    "chat": ('<p class="npf_chat">', "</p>"),
}
_TAGS = {"bold": "b", "italic": "i", "strikethrough": "strike", "small": "small"}


def text_html(block: Block) -> str:
    """The block in the element of its subtype; lists and quotations around it are not its own."""
    opening, closing = _SUBTYPES.get(text(block.get("subtype")), ("<p>", "</p>"))
    return f"{opening}{inline_html(block)}{closing}"


def inline_html(block: Block) -> str:
    """The words with their formatting, each stretch of words that has the same in tags of its own.

    So tags nest also where ranges overlap; the range that begins first is outermost. Ranges count code
    points.
    """
    words = text(block.get("text"))
    spans = _separate(_spans(mappings(block.get("formatting")), len(words)))
    edges = sorted({0, len(words), *(span.start for span in spans), *(span.end for span in spans)})
    starting = defaultdict(list)
    for span in spans:
        starting[span.start].append(span)
    pieces: list[str] = []
    around: list[_Span] = []
    for start, end in pairwise(edges):
        around = [*(span for span in around if span.end > start), *starting[start]]
        pieces += [span.opening for span in around]
        pieces.append(escape(words[start:end], quote=False).replace("\n", "<br>"))
        pieces += [f"</{span.tag}>" for span in reversed(around)]
    return "".join(pieces)


class _Span(NamedTuple):
    """A formatted range: half open, in code points. ``tag`` says which ranges cannot overlap."""

    start: int
    end: int
    number: int
    tag: str
    opening: str


def _spans(formatting: Sequence[Mapping[str, object]], length: int) -> list[_Span]:
    """The ranges in the order of their nesting."""
    spans: list[_Span] = []
    for number, entry in enumerate(formatting):
        start, end = whole(entry.get("start")), whole(entry.get("end"))
        tag, opening = _tag(entry)
        if start is not None and end is not None and tag and max(0, start) < min(length, end):
            spans.append(_Span(max(0, start), min(length, end), number, tag, opening))
    return sorted(spans)


def _separate(spans: Sequence[_Span]) -> list[_Span]:
    """Ranges of one kind made disjoint, for no tag may stand within itself; equal ones are joined."""
    latest: dict[str, int] = {}
    kept: list[_Span] = []
    for span in spans:
        before = kept[latest[span.tag]] if span.tag in latest else None
        if before and before.end > span.start and before.opening == span.opening:
            kept[latest[span.tag]] = before._replace(end=max(before.end, span.end))
            continue
        span = span._replace(start=max(span.start, before.end if before else 0))
        if span.start < span.end:
            latest[span.tag] = len(kept)
            kept.append(span)
    return kept


def _tag(entry: Mapping[str, object]) -> tuple[str, str]:
    kind = text(entry.get("type"))
    if kind in _TAGS:
        return _TAGS[kind], f"<{_TAGS[kind]}>"
    if kind == "link":
        return "a", f'<a href="{escape(text(entry.get("url")))}" target="_blank">'
    if kind == "mention":
        address = text(mapping(entry.get("blog")).get("url"))
        return "a", f'<a class="tumblelog" href="{escape(address)}">'
    if kind == "color":
        return "span", f'<span style="color: {escape(text(entry.get("hex")))}">'
    return "", ""


BLOCK_TYPE = BlockType(text_html)
