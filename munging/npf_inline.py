"""The words of an NPF text block, with their formatting as properly nested tags."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from munging.json_access import mapping, mappings, text, whole

_TAGS = {"bold": "b", "italic": "i", "strikethrough": "strike", "small": "small", "color": "span"}


@dataclass(frozen=True)
class _Span:
    """A formatted range: half open, in code points. ``tag`` says which ranges cannot overlap."""

    start: int
    end: int
    tag: str
    opening: str


def inline_html(block: Mapping[str, object]) -> str:
    """The text of a block as HTML: bold, italic, links, mentions, and what later leaves no trace."""
    words = text(block.get("text"))
    spans = _separate(_spans(mappings(block.get("formatting")), len(words)))
    edges = sorted({0, len(words), *(span.start for span in spans), *(span.end for span in spans)})
    starting: dict[int, list[_Span]] = {}
    for span in spans:
        starting.setdefault(span.start, []).append(span)
    pieces: list[str] = []
    opened: list[_Span] = []
    for start, end in pairwise([*edges, len(words)]):
        pieces += _close(opened, start)
        for span in sorted(starting.get(start, ()), key=lambda span: -span.end):
            opened.append(span)
            pieces.append(span.opening)
        pieces.append(html.escape(words[start:end], quote=False).replace("\n", "<br>"))
    return "".join([*pieces, *_close(opened, len(words))])


def _spans(formatting: Sequence[Mapping[str, object]], length: int) -> list[_Span]:
    spans: list[_Span] = []
    for entry in formatting:
        start, end = whole(entry.get("start")), whole(entry.get("end"))
        tag, opening = _tag(entry)
        if start is None or end is None or not tag:
            continue
        span = _Span(max(0, start), min(length, end), tag, opening)
        if span.start < span.end:
            spans.append(span)
    return spans


def _tag(entry: Mapping[str, object]) -> tuple[str, str]:
    kind = text(entry.get("type"))
    if kind in _TAGS:
        return _TAGS[kind], f"<{_TAGS[kind]}>"
    if kind == "link":
        return "a", f'<a href="{html.escape(text(entry.get("url")))}">'
    if kind == "mention":
        address = text(mapping(entry.get("blog")).get("url"))
        return "a", f'<a class="tumblelog" href="{html.escape(address)}">'
    return "", ""


def _separate(spans: Sequence[_Span]) -> list[_Span]:
    """Ranges of one kind made disjoint, for no tag may stand within itself; equal ones are joined."""
    latest: dict[str, int] = {}
    kept: list[_Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        before = kept[latest[span.tag]] if span.tag in latest else None
        if before and before.end > span.start and before.opening == span.opening:
            kept[latest[span.tag]] = replace(before, end=max(before.end, span.end))
            continue
        span = replace(span, start=max(span.start, before.end if before else 0))
        if span.start < span.end:
            latest[span.tag] = len(kept)
            kept.append(span)
    return kept


def _close(opened: list[_Span], position: int) -> list[str]:
    """Close what ends here; what was opened later but goes on is closed and opened again."""
    first = next((index for index, span in enumerate(opened) if span.end <= position), len(opened))
    closing = [f"</{span.tag}>" for span in reversed(opened[first:])]
    lasting = [span for span in opened[first:] if span.end > position]
    opened[first:] = lasting
    return [*closing, *(span.opening for span in lasting)]
