"""Text as what is drawn as one: a letter with its marks, or an emoji with all that belongs to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wcwidth import wcwidth

_MAX_MARKS = 4
_JOINER, _NON_JOINER, _EMOJI_STYLE, _TEXT_STYLE, _KEYCAP = "\u200d", "\u200c", "\ufe0f", "\ufe0e", "\u20e3"
_MODIFIERS = {chr(code) for code in range(0x1F3FB, 0x1F400)}
_LETTERS_OF_FLAGS = {chr(code) for code in range(0x1F1E6, 0x1F200)}
_TAGS = re.compile(r"[\U000e0020-\U000e007e]+\U000e007f")
_KEYCAPS = re.compile(r"[0-9#*]\ufe0f?\u20e3")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


@dataclass(frozen=True)
class Cluster:
    """What is drawn as one."""

    text: str
    is_emoji: bool = False

    @property
    def base(self) -> str:
        """The character that says how it behaves among others."""
        return "\U0001f600" if self.is_emoji else self.text[0]


def cleaned(text: str, max_characters: int, max_lines: int) -> list[str]:
    """Text as lines, cut to its limits before anything is measured; characters composed where possible."""
    cut = text[: max_characters + 1]
    is_cut = len(cut) > max_characters
    lines = cut[:max_characters].expandtabs(4).splitlines()
    if len(lines) > max_lines:
        lines, is_cut = lines[:max_lines], True
    if is_cut and lines:
        lines[-1] += "…"
    return [unicodedata.normalize("NFC", line) for line in lines]


def clusters(line: str, has_emoji: Callable[[str], bool]) -> list[Cluster]:
    """The clusters of a line. ``has_emoji`` says whether the emoji font has a character."""
    return list(_clusters(line, has_emoji))


def _clusters(line: str, has_emoji: Callable[[str], bool]) -> Iterator[Cluster]:
    place = 0
    while place < len(line):
        end = _emoji_end(line, place, has_emoji)
        if end > place:
            yield Cluster(line[place:end].replace(_TEXT_STYLE, ""), is_emoji=True)
            place = end
            continue
        letter, end = line[place], place + 1
        while end < len(line) and _is_mark(line[end]):
            end += 1
        if unicodedata.category(letter) not in _UNSEEN and letter != _KEYCAP:
            marks = line[place + 1 : end].replace(_EMOJI_STYLE, "").replace(_TEXT_STYLE, "")
            yield Cluster(letter + marks[:_MAX_MARKS])
        place = end


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Mc") or character == _NON_JOINER


def _emoji_end(line: str, place: int, has_emoji: Callable[[str], bool]) -> int:
    """Where the emoji that begins at a place ends; the place itself when none begins there."""
    keycap = _KEYCAPS.match(line, place)
    if keycap:
        return keycap.end()
    if line[place] in _LETTERS_OF_FLAGS and line[place + 1 : place + 2] in _LETTERS_OF_FLAGS:
        return place + 2
    end = _element_end(line, place, has_emoji)
    while end > place and line[end : end + 1] == _JOINER:
        further = _element_end(line, end + 1, has_emoji, is_joined=True)
        if further == end + 1:
            break
        end = further
    return end


def _element_end(line: str, place: int, has_emoji: Callable[[str], bool], *, is_joined: bool = False) -> int:
    character, style = line[place : place + 1], line[place + 1 : place + 2]
    if not character or character.isascii() or not has_emoji(character) or style == _TEXT_STYLE:
        return place
    # What is narrow on a terminal is text unless it is styled as an emoji, or part of one: ©, ☠, ❤.
    if not is_joined and wcwidth(character) < 2 and style != _EMOJI_STYLE:
        return place
    end = place + (2 if style == _EMOJI_STYLE else 1)
    if line[end : end + 1] in _MODIFIERS:
        end += 1
    tags = _TAGS.match(line, end)
    return tags.end() if tags else end
