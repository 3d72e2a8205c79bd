"""Users' words: cleaned so that no format can read them as structure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping

from munging.control import IMAGE_DELIMITER, without_control

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_DELIMITER_ROW = re.compile(f"{IMAGE_DELIMITER}=*")
_QUOTE = "['\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}]"

# A line that reads as structure in any of the prompt formats, wherever its spaces are and whoever it names.
_STRUCTURE_LINE = re.compile(
    rf"""(?mix)^(?=[^\S\n]*(?!>)(?:
        \#\s*\d+\s.*\b(?:asked|responded|posted|commented|wrote)\s*:      # a numbered turn
      | .*\S\s(?:posted|wrote|asked|responded|commented)\s*:[^\S\n]*$     # an original post
      | (?:blog\s+post|book\s+review|original\s+fiction)\s+by\b           # the same, fiction, a review
      | (?:a\s+blog\s+)?conversation\s+between\b                          # the conversation's header
      | (?:a\s+series\s+of\s+blog\s+)?posts\s+by\b                        # the header of one person's posts
      | (?:written|posted\s+at)\s.*\|                                     # the time and tags line
      | \|?.*\S{_QUOTE}s\s+tags\s*:                                       # the tags phrase
      | \|?.*\btagged\s+this\s+post\s+as\s*:
    ))"""
)
_QUOTED = "> "

# Not of format or mark category, yet without a width.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def _is_zero_width(character: str) -> bool:
    """Whether a character shows nothing by itself; accents stay, for they belong to their letter."""
    if character in "\n\t":
        return False
    variation = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return variation or character in _INVISIBLE or unicodedata.category(character) in ("Cc", "Cf", "Cs")


def clean_user_text(text: str) -> str:
    """Give users' words back without anything that reads as structure in any format. Idempotent.

    Zero-width characters and rows of seven or more equal signs are removed; control characters of the
    classic form are replaced; a line that imitates structure is quoted with "> ", as in a letter.
    """
    text = _LINE_BREAKS.sub("\n", text)
    text = "".join(character for character in text if not _is_zero_width(character))
    text = _DELIMITER_ROW.sub("", without_control(text))
    return _STRUCTURE_LINE.sub(_QUOTED, text)


def clean_name(name: str) -> str:
    """A blog's name with only what tumblr's names are made of; an empty one becomes "unknown"."""
    return re.sub(r"[^0-9A-Za-z._-]", "", without_control(name))[:64] or "unknown"


_PARAGRAPHS = re.compile(r"</p>\s*<p(?:\s[^>]*)?>|<br\s*/?>|</p>|</li>", re.IGNORECASE)
_PARAGRAPH_START = re.compile(r"<p(?:\s[^>]*)?>|</?figure(?:\s[^>]*)?>", re.IGNORECASE)
_IMAGE = re.compile(r"<img\s[^>]*?src=[\"']([^\"']*)[\"'][^>]*>", re.IGNORECASE)
_KEPT_TAG = re.compile(r"</?(?:b|i|u|em|strong|blockquote|h2|ul|ol|li)>|<a href=\"[^\"<>]*\">|</a>")
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def image_block(text: str) -> str:
    """The recognised text of an image as it stands in a post; nothing for an image without text."""
    return f"\n\n{IMAGE_DELIMITER}\n{text}\n{IMAGE_DELIMITER}\n" if text else ""


def question_from_html(question: str, image_texts: Mapping[str, str] | None = None) -> str:
    """An ask's question, as tumblr gives it, as clean text.

    ``image_texts`` maps image addresses to the text recognised in them. What the user typed is cleaned
    before the texts of images are put in, so that no user can write an image block.
    """
    parts = _IMAGE.split(question)
    texts = image_texts or {}
    pieces = [
        _plain(part) if index % 2 == 0 else image_block(clean_user_text(texts.get(part, "")))
        for index, part in enumerate(parts)
    ]
    return "".join(pieces).strip("\n")


def _plain(fragment: str) -> str:
    text = _PARAGRAPH_START.sub("", _PARAGRAPHS.sub("\n", fragment))
    text = _ANY_TAG.sub(lambda tag: tag[0] if _KEPT_TAG.fullmatch(tag[0]) else "", text)
    return clean_user_text(html.unescape(text))
