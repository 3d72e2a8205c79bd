"""Markup as the later format has it: in lists and questions too, reduced to a few tags, entities decoded."""

from __future__ import annotations

import html
import re

from munging.cleaning import clean_content
from munging.thread import PostKind

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)(?: href="[^"<>]*")?/?>')
_LISTS = frozenset({"ul", "ol", "li"})
_APPROVED = _LISTS | {"b", "i", "u", "em", "strong", "blockquote", "h2", "a"}
_BEHIND = {"/p": "\n\n", "br": "\n\n", "img": "\n\n", "/blockquote": "\n", "/h2": "\n"}


def with_plain_lists(text: str, kind: PostKind) -> str:
    """A post's text whose lists hold no more markup than the rest of it, and no entities; clean again.

    In the older formats a list stands as the HTML it was, and the ampersands of a question are encoded.
    """
    plain = text.replace("&amp;", "&") if kind is PostKind.ASKED else text
    if "<ul>" in plain or "<ol>" in plain:
        plain = _with_plain_lists(plain)
    return text if plain == text else clean_content(plain)


def _with_plain_lists(text: str) -> str:
    pieces: list[str] = []
    depth = end = 0
    for tag in _TAG.finditer(text):
        words = text[end : tag.start()]
        pieces.append(html.unescape(words) if depth else words)
        name, end = tag[2], tag.end()
        is_list = name in _LISTS
        if depth or is_list:
            pieces += [tag[0] if name in _APPROVED else "", _BEHIND.get(tag[1] + name, "")]
        else:
            pieces.append(tag[0])
        if is_list:
            depth = max(0, depth + (-1 if tag[1] else 1))
    return "".join([*pieces, text[end:]])
