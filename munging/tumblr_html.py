"""A chosen text as tumblr's HTML: a few inline tags pass, everything else is escaped, all is balanced."""

from __future__ import annotations

import html
import re
import sys
from collections import Counter

import nh3

from munging.cleaning import without_broken
from munging.control import without_original
from munging.thread import Identity

ALLOWED_TAGS = {
    "b",
    "i",
    "u",
    "em",
    "strong",
    "blockquote",
    "h2",
    "ul",
    "ol",
    "li",
    "a",
    "p",
    "br",
    "img",
    "figure",
}
ALLOWED_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "data-orig-width", "data-orig-height"},
    "figure": {"data-orig-width", "data-orig-height"},
}
ALLOWED_SCHEMES = {"http", "https", "mailto"}

_OLD_HEADERS = ("Blog post by", "Book review by", "Original fiction by")
_NEWLINES = re.compile(r"\n+")
_INLINE_TAG = re.compile(r"</?(b|i|u|em|strong|blockquote|h2|ul|ol|li)>|<a href=\"[^\"<>\n]*\">|</a>")
_MOST_OPEN = {"blockquote": 20, "ul": 20, "ol": 20, "li": sys.maxsize}
"""How many may stand within each other; an item ends the one before it, so it opens whatever is open."""


def to_html(text: str, identity: Identity, *, folded_lines: bool = False) -> str:
    """The body of a post as HTML: each newline ends a paragraph; leading newlines are dropped.

    With ``folded_lines`` several newlines in a row end one paragraph, as one does.
    """
    text = without_original(without_broken(text))
    for header in _OLD_HEADERS:
        text = text.replace(f"{header} {identity.persona}", "")
    text = text.replace(f" {identity.persona} posted:\n", "").lstrip("\n")
    if folded_lines:
        text = _NEWLINES.sub("\n", text).rstrip("\n")
    markup = "<p>" + _escape_all_but_tags(text).replace("\n", "</p><p>") + "</p>"
    return nh3.clean(
        markup,
        tags=ALLOWED_TAGS,
        attributes=ALLOWED_ATTRIBUTES,
        url_schemes=ALLOWED_SCHEMES,
        link_rel=None,
    )


def _escape_all_but_tags(text: str) -> str:
    """Words escaped, and of the tags those that open or close something.

    A formatting within itself says nothing new, and would be opened again in every later paragraph, so that
    unclosed tags would cost time with the square of their number. The same is true of endless nesting.
    """
    pieces: list[str] = []
    end = 0
    opened: Counter[str] = Counter()
    for tag in _INLINE_TAG.finditer(text):
        pieces.append(html.escape(text[end : tag.start()], quote=False))
        end = tag.end()
        name, is_end = tag[1] or "a", tag[0].startswith("</")
        if is_end and opened[name]:
            opened[name] -= 1
        elif is_end or opened[name] >= _MOST_OPEN.get(name, 1):
            continue
        else:
            opened[name] += 1
        pieces.append(tag[0])
    return "".join([*pieces, html.escape(text[end:], quote=False)])
