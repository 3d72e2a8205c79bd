"""HTML as a tree that can be walked without recursion, whatever somebody wrote."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from lxml import etree

Element: TypeAlias = Any
"""A node of a parsed fragment (lxml has no types of its own)."""

MAXIMUM_DEPTH = 2000
"""Levels of nesting that are read; the parser gives up soon after."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_READ_MORE = re.compile(r"<p>\s*\[\[MORE\]\]\s*</p>|\[\[MORE\]\]")
_NO_TAG = re.compile(
    "<(?!/?(?:a|abbr|address|article|aside|b|big|blockquote|br|center|cite|code|dd|del|details|div|dl|dt|em|embed|"
    "figcaption|figure|font|footer|h[1-6]|header|hr|i|iframe|img|ins|kbd|li|main|mark|nav|ol|p|picture|pre|q|s|"
    "samp|script|section|small|source|span|strike|strong|style|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|"
    r"tt|u|ul|var|video|wbr)(?=[\s/>])|!--)",
    re.IGNORECASE,
)
_PARSERS = threading.local()


class Nodes(NamedTuple):
    """Some neighbouring nodes of a tree: ``lead`` is the text before them, their tails belong to them."""

    lead: str
    elements: tuple[Element, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lead or self.elements)


def parse_fragment(html: str) -> Element | None:
    """The body of a fragment, without comments; None when there is nothing in it."""
    # Unpaired surrogates have no place in UTF-8, and bytes spare a quarrel about declared encodings.
    encoded = (html if html.isascii() else _SURROGATES.sub("", html)).encode()
    root = etree.fromstring(encoded, _parser()) if encoded.strip() else None
    return None if root is None else next((child for child in root if child.tag == "body"), None)


def _parser() -> etree.HTMLParser:
    """This thread's parser: parsers hold state and must not be shared between threads."""
    if not hasattr(_PARSERS, "parser"):
        _PARSERS.parser = etree.HTMLParser(
            encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
        )
    parser: etree.HTMLParser = _PARSERS.parser
    return parser


def nodes_of(html: str) -> Nodes:
    """What is in a fragment, without comments and without the mark of a read-more."""
    body = parse_fragment(_READ_MORE.sub("", html) if "[[MORE]]" in html else html)
    return Nodes("") if body is None else children(body)


def with_words(html: str) -> str:
    """A fragment, perhaps plain text, in which what stands in angle brackets and is no HTML is words."""
    return _NO_TAG.sub("&lt;", html) if "<" in html else html


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
    named = element.get("class")
    return frozenset(named.split()) if named else frozenset()


def text_of(element: Element) -> str:
    """All text inside an element, in order."""
    return "".join(element.itertext()) if len(element) else element.text or ""
