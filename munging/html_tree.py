"""HTML as a tree that can be walked without recursion, whatever somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from lxml import etree

Element: TypeAlias = Any
"""A node of a parsed fragment (lxml has no types of its own)."""

MAXIMUM_DEPTH = 2000
"""Levels of nesting that are read; the parser gives up soon after."""

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Nodes:
    """Some neighbouring nodes of a tree: ``lead`` is the text before them, their tails belong to them."""

    lead: str
    elements: tuple[Element, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lead or self.elements)


def parse_fragment(html: str) -> Element | None:
    """The body of a fragment, without comments; None when there is nothing in it."""
    # Unpaired surrogates have no place in UTF-8, and bytes spare a quarrel about declared encodings.
    encoded = _SURROGATES.sub("", html).encode()
    # One parser for each text: parsers hold state and must not be shared between threads.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(encoded, parser) if encoded.strip() else None
    return None if root is None else root.find("body")


def children(element: Element) -> Nodes:
    """Everything inside an element."""
    return Nodes(element.text or "", tuple(element))


def is_too_deep(html: str) -> bool:
    """Whether a fragment nests deeper than is read, so that its end may be missing."""
    # Counting marks is cheap; only what could be too deep is looked at twice.
    if html.count("<") < MAXIMUM_DEPTH:
        return False
    body = parse_fragment(html)
    return body is not None and any(level >= MAXIMUM_DEPTH for level in _levels(body))


def _levels(body: Element) -> Iterator[int]:
    level = 0
    for event, _ in etree.iterwalk(body, events=("start", "end")):
        level += 1 if event == "start" else -1
        yield level


def classes(element: Element) -> frozenset[str]:
    """The classes of an element."""
    return frozenset((element.get("class") or "").split())


def text_of(element: Element) -> str:
    """All text inside an element, in order."""
    return "".join(element.itertext())
