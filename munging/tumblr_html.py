"""A chosen text as tumblr's HTML: a few inline tags pass, everything else is escaped, all is balanced."""

from __future__ import annotations

import html
import re

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
_INLINE_TAG = re.compile(r"</?(?:b|i|u|em|strong|blockquote|h2|ul|ol|li)>|<a href=\"[^\"<>\n]*\">|</a>")


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
    pieces: list[str] = []
    end = 0
    for tag in _INLINE_TAG.finditer(text):
        pieces += [html.escape(text[end : tag.start()], quote=False), tag[0]]
        end = tag.end()
    return "".join([*pieces, html.escape(text[end:], quote=False)])
