"""Users' words and names, cleaned so that no format can read them as structure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

from munging.control import BROKEN_END, END_PREFIX, IMAGE_DELIMITER, replaced, without_control

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_CODED_BREAKS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85]")
_DELIMITER_ROW = re.compile(f"{IMAGE_DELIMITER}=*")
_DELIMITER_LINE = re.compile(f"(?m)(^{IMAGE_DELIMITER}$)")
_QUOTE = "['\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}]"

# A line that reads as structure in any of the prompt formats, wherever its spaces are and whoever it names.
_STRUCTURE_LINE = re.compile(
    rf"""(?mix)^(?=[^\S\n]*+(?!>)(?:
        \#\s*\d+\s.*\b(?:asked|responded|posted|commented|wrote)\s*:      # a numbered turn
      | .*\S\s(?:posted|wrote|asked|responded|commented)\s*:[^\S\n]*$     # an original post
      | (?:blog\s+post|book\s+review|original\s+fiction)\s+by\b           # the same, fiction, a review
      | (?:a\s+blog\s+)?conversation\s+between\b                          # the conversation's header
      | (?:a\s+series\s+of\s+blog\s+)?posts\s+by\b                        # the header of one person's posts
      | (?:written|posted\s+at)\s.*\|                                     # the time and tags line
      | \|?.*{_QUOTE}s\s+tags\s*:                                       # the tags phrase
      | \|?.*\btagged\s+this\s+post\s+as\s*:
    ))"""
)
_PLAIN = re.compile("[\n -9;<>-{}~]*")
"""ASCII without what most structure is made of: colon, bar and equal sign."""
_PLAIN_TAG = re.compile("[ 0-9A-Za-z!?'.-]*")
_TELLTALES = (
    *("asked", "responded", "posted", "commented", "wrote", "blog", "review", "fiction", "conversation"),
    *("posts", "written", "tags", "tagged"),
)
"""Words of which each alternative of the pattern has one."""
_ODD_LETTERS = dict(zip("\u0130\u0131\u017f\u212a", "iisk", strict=True))
_TAG = re.compile(r"</?[A-Za-z][^<>\n]*>")
QUOTED = "> "
"""Stands before a line of somebody's that imitates structure, as in a letter."""
_NOT_IN_NAMES = re.compile(r"[^0-9A-Za-z._-]+")
MAXIMUM_NAME = 64
_TAGS_PHRASE = re.compile(r"(?i)(\btags|\bpost\s+as)[\s:]*:")

REPLACEMENT = "\ufffd"
"""Stands for bytes that are no character."""
_BROKEN = frozenset({"Cc", "Cs"})
_UNSEEN = _BROKEN | {"Cf"}
# What shows nothing by itself, yet is printable or has a category of things that do show.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def clean_user_text(text: str, *, own: bool = False) -> CleanText:
    """Give users' words back without anything that reads as structure in any format. Idempotent.

    Zero-width characters and rows of seven or more equal signs are removed; control characters of the
    classic form are replaced, except in the bot's ``own`` words; a line that imitates structure is quoted
    with "> ", as in a letter, also where tags stand in its words.
    """
    if not text:
        return _NOTHING
    # Nearly all texts hold nothing of the kind; the tests are much cheaper than the substitutions.
    if _PLAIN.fullmatch(text):
        lowered = _without_tags(text).lower()
        if "by" not in lowered and "between" not in lowered:
            return CleanText(text)
    if not _is_printable(text):
        text = _visible(_LINE_BREAKS.sub("\n", text))
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    if IMAGE_DELIMITER in text:
        text = _DELIMITER_ROW.sub("", text)
    text = text.replace(END_PREFIX, BROKEN_END) if own else without_control(text)
    return CleanText(quote_lines(text, _STRUCTURE_LINE) if _may_imitate(text) else text)


def quote_lines(text: str, imitation: re.Pattern[str]) -> str:
    """Quote each line at whose beginning the pattern finds an imitation, with or without its tags."""
    text = imitation.sub(QUOTED, text)
    if "<" not in text:
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if "<" in line and (words := _TAG.sub("", line)) != line and imitation.match(words):
            lines[number] = QUOTED + line
    return "\n".join(lines)


class CleanText(str):
    """Text that is clean already, and need not be cleaned again."""

    __slots__ = ()


_NOTHING = CleanText()


def join_clean(texts: Iterable[str]) -> CleanText:
    """Clean texts put together, each of which begins a line."""
    return CleanText("".join(texts))


def clean_content(text: str, *, own: bool = False) -> CleanText:
    """Clean a post's text, in which rows of equal signs enclose the text of images. Idempotent."""
    if isinstance(text, CleanText):
        return text
    if IMAGE_DELIMITER not in text:
        return clean_user_text(text, own=own)
    parts = enumerate(_DELIMITER_LINE.split(text))
    return join_clean(part if index % 2 else clean_user_text(part, own=own) for index, part in parts)


def clean_tag(tag: str, *, own: bool = False) -> str:
    """Clean one tag: on one line, without hashes and outer commas. Empty when nothing is left.

    A tag stands in the middle of a line, where only the words that introduce tags would be structure.
    """
    if _PLAIN_TAG.fullmatch(tag) and "  " not in tag:
        return clean_user_text(tag.strip())
    words = _TAGS_PHRASE.sub(r"\1", clean_user_text(tag, own=own).replace("#", " "))
    # Cleaned again, for behind what was taken away it may imitate structure.
    return clean_user_text(" ".join(words.split()).strip(" ,"), own=own)


@lru_cache(maxsize=4096)
def clean_name(name: str) -> str:
    """A blog's name with only what tumblr's names are made of; an empty one becomes "unknown"."""
    return _NOT_IN_NAMES.sub("", name)[:MAXIMUM_NAME] or "unknown"


def image_block(text: str) -> str:
    """The recognised text of an image as it stands in a post; nothing for an image without text."""
    said = text.strip("\n")
    return f"\n\n{IMAGE_DELIMITER}\n{said}\n{IMAGE_DELIMITER}\n" if said else ""


def without_broken(text: str) -> str:
    """A model's text without what no text holds: control codes, and what stands for broken bytes.

    Every line break is one newline. What is invisible but belongs to its neighbours, as in emoji, stays.
    """
    if _is_printable(text) and REPLACEMENT not in text:
        return text
    text = _CODED_BREAKS.sub("\n", text).replace(REPLACEMENT, "")
    for character in set(text):
        if not character.isprintable() and character not in "\n\t" and _is_hidden(character, _BROKEN):
            text = text.replace(character, "")
    return text


def _is_printable(text: str) -> bool:
    """Whether every character is one that prints, or one of the three that may stay although they do not."""
    return text.replace("\n", " ").replace("\t", " ").replace("\xa0", " ").isprintable()


def _visible(text: str) -> str:
    """The characters that show; accents stay, for they belong to their letter."""
    for character in set(text):
        if not character.isprintable() and character not in "\n\t" and _is_hidden(character, _UNSEEN):
            text = text.replace(character, "")
    return text


def _is_hidden(character: str, categories: Collection[str]) -> bool:
    """Whether a character is of one of some categories, or none at all."""
    number = ord(character)
    is_none = number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
    return is_none or unicodedata.category(character) in categories


def _may_imitate(text: str) -> bool:
    """Whether a text holds one of the words that every line of structure has, with or without its tags."""
    lowered = lower_ascii(_without_tags(text))
    return any(map(lowered.__contains__, _TELLTALES))


def _without_tags(text: str) -> str:
    return _TAG.sub("", text) if "<" in text else text


def lower_ascii(text: str) -> str:
    """A text in lower case, in which the letters that regular expressions take for ASCII ones are those."""
    return replaced(text, _ODD_LETTERS).lower()
