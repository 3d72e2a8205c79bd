"""The marks that structure text in the classic form, and what becomes of them in users' words."""

from __future__ import annotations

import re
from collections.abc import Mapping

NAME = "友"
"""A blog's name follows."""
SAID = "会"
"""Ends a name: they said."""
ASKED = "要"
"""Ends a name: they asked."""
BOT = "域"
"""The bot speaks."""
ORIGINAL = "翰"
"""An original post of the bot follows."""
TAGS = "职"
"""Tags follow."""
CLOCK = "\U0001f552"
"""The time of writing follows."""
END = "<|endoftext|>"
"""The end of a document."""
END_PREFIX = "<|"
BROKEN_END = "< |"
IMAGE_DELIMITER = "======="

# The marks are ordinary characters. In a user's words each is replaced by the nearest one in sense:
# the traditional form where there is one, else a synonym.
REPLACEMENTS = {
    NAME: "朋",
    SAID: "會",
    ASKED: "须",
    BOT: "區",
    ORIGINAL: "墨",
    TAGS: "職",
    CLOCK: "\U0001f550",
}

ESCAPE = "\u2060"
"""Behind a mark it says that the mark is a word of the bot's. It has no width, so users' words have none."""
_STRUCTURAL = f"{NAME}{SAID}{ASKED}{BOT}{ORIGINAL}{TAGS}"
_TO_ESCAPE = re.compile(f"[{_STRUCTURAL}]|<(?=[|{ESCAPE}])")
_ORIGINAL_MARKS = re.compile(f"\\A(?:{ORIGINAL}(?![{ESCAPE}\u3400-\u9fff]))+")
_ESCAPED = re.compile(f"([{_STRUCTURAL}<]){ESCAPE}")


def without_control(text: str) -> str:
    """Replace every control character and break every end mark, so that text stays text."""
    return replaced(text, REPLACEMENTS).replace(END_PREFIX, BROKEN_END)


def replaced(text: str, table: Mapping[str, str]) -> str:
    """Text with some characters outside ASCII replaced: looking for each is faster than ``translate``."""
    if not text.isascii():
        for character, other in table.items():
            if character in text:
                text = text.replace(character, other)
    return text


def escaped(text: str) -> str:
    """Words as the classic form carries them: what reads as a mark is escaped."""
    return _TO_ESCAPE.sub(rf"\g<0>{ESCAPE}", text)


def unescaped(text: str) -> str:
    """The words again."""
    return _ESCAPED.sub(r"\1", text) if ESCAPE in text else text


def without_original(text: str) -> str:
    """Text without the marks of an original post that it begins with; where a word goes on, it is a word."""
    return _ORIGINAL_MARKS.sub("", text)


def bare(character: str) -> str:
    """A pattern for a mark that is not escaped."""
    return f"{character}(?!{ESCAPE})"
