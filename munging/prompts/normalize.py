"""What every text goes through before the model sees it, and markup as the later formats have it."""

from __future__ import annotations

import html
import re

from munging.cleaning import clean_content
from munging.control import replaced
from munging.links import PLAIN_CLASSES
from munging.thread import PostKind

_QUOTES = {
    "\N{NO-BREAK SPACE}": " ",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
}
_MANY_NEWLINES = re.compile(r"\n{3,}")
_WORD_AT_LINE_START = re.compile(r"\n(?=[0-9A-Za-z_])")
_TWO_SPACES = re.compile(r"(?<=[.!?])  (?=[0-9A-Za-z_])")


_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [^\s<>="]+="[^"<>]*")*)/?>')
_HREF = re.compile(r' href="[^"]*"')
_CLASS = re.compile(r' class="([^"]*)"')
_LISTS = frozenset({"ul", "ol", "li"})
_APPROVED = _LISTS | {"b", "i", "u", "em", "strong", "blockquote", "h2"}
_BEHIND = {"/p": "\n\n", "br": "\n\n", "img": "\n\n", "/blockquote": "\n", "/h2": "\n"}


def normalize(text: str, *, spaced_lines: bool = True) -> str:
    """Straighten quotes and spaces, fold blank lines, and put a space before a word that begins a line.

    Text is taken to begin in the middle of a line. A backslash followed by n stays what the user typed.
    Without ``spaced_lines`` lines begin as they are.
    """
    text = replaced(text, _QUOTES)
    if "\n\n\n" in text:
        text = _MANY_NEWLINES.sub("\n\n", text)
    if spaced_lines and "\n" in text:
        text = _WORD_AT_LINE_START.sub("\n ", text)
    return _TWO_SPACES.sub(" ", text) if "  " in text else text


def with_plain_lists(text: str, kind: PostKind) -> str:
    """A post's text whose lists hold no more markup than the rest of it, and no entities; clean again.

    In the older formats a list stands as the HTML it was, and a question has entities.
    """
    plain = text
    if kind is PostKind.ASKED:
        plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    if "<ul>" in plain or "<ol>" in plain:
        plain = _with_plain_lists(plain)
    return text if plain == text else clean_content(plain)


def _with_plain_lists(text: str) -> str:
    pieces: list[str] = []
    depth = end = 0
    link_end = ""
    for tag in _TAG.finditer(text):
        words = text[end : tag.start()]
        pieces.append(html.unescape(words) if depth else words)
        is_end, name, end = tag[1], tag[2], tag.end()
        is_list = name in _LISTS
        if not depth and not is_list:
            pieces.append(tag[0])
        elif name == "a":
            pieces.append(link_end if is_end else (start := _plain_link(tag[3])))
            link_end = "" if is_end or not start else "</a>"
        else:
            shown = f"<{is_end}{name}>" if name in _APPROVED else ""
            pieces += [shown, _BEHIND.get(is_end + name, "")]
        if is_list:
            depth = max(0, depth + (-1 if is_end else 1))
    return "".join([*pieces, text[end:]])


def _plain_link(attributes: str) -> str:
    """A link's start tag with its target alone; nothing for a mention and a link without a target."""
    named, target = _CLASS.search(attributes), _HREF.search(attributes)
    is_plain = named is not None and not PLAIN_CLASSES.isdisjoint(named[1].split())
    return f"<a{target[0]}>" if target and not is_plain else ""
