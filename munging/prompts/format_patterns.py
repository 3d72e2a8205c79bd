"""What in a text reads as a format's structure: where a turn begins, and what imitates one.

Both patterns are made from the format's own phrases, so a format that an operator defines is defended
like the built-in ones. They cost time linear in the text: each begins at the beginning of a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from munging.cleaning import lower_ascii, quote_lines
from munging.prompts.format_table import PLACEHOLDER, PromptFormat
from munging.thread import Identity

_SPACES = r"[^\S\n]*+"
_GAP = r"[^\S\n]++"
_FREE = ".*"
_FREE_PLACES = ("names", "time")


def control_phrases(form: PromptFormat, identity: Identity, *, within_lines: bool = False) -> re.Pattern[str]:
    """Where, in the model's own text, somebody's next turn or another document begins.

    ``within_lines``: also where a numbered turn begins in the middle of a line, which is no structure but
    what a model writes that has lost its line break.
    """
    starts = rf"^{_SPACES}(?:{'|'.join(_starts(form, identity.persona))})"
    heading = _heading(form, identity.persona) if within_lines else None
    return re.compile(f"(?m){starts}|{heading}" if heading else f"(?m){starts}")


def _heading(form: PromptFormat, persona: str) -> str | None:
    """The first line of a numbered turn; None where it could begin like any words."""
    line = form.turn.partition("\n")[0].strip()
    return _expression(line, form, persona) if "{number}" in line and not PLACEHOLDER.match(line) else None


def as_words(text: str, form: PromptFormat, identity: Identity) -> str:
    """Give clean, normalised text so that nothing in it reads as this format's structure.

    Clean text holds nothing that the built-in formats could read, except their marks.
    """
    text = _without_marks(text, form)
    return text if form.is_built_in else quote_lines(text, _imitation(form, identity.persona))


def as_tags(tags: Sequence[str], form: PromptFormat, identity: Identity) -> list[str]:
    """Tags in which this format's words for what introduces tags are broken up."""
    tags, words = [_without_marks(tag, form) for tag in tags], form.phrase(form.tags, identity).strip()
    if not words or (words.isascii() and words.lower() not in lower_ascii("\n".join(tags))):
        return tags
    # Wherever the words begin, even within themselves, they are broken up behind their first letter.
    start = re.compile(rf"(?i)({re.escape(words[0])})(?={re.escape(words[1:])})")
    return [start.sub(r"\1 ", tag) for tag in tags]


def is_head(line: str, form: PromptFormat, identity: Identity) -> bool:
    """Whether a line is the one that names the time."""
    expression = _expression(form.written, form, identity.persona)
    return not line.strip() or bool(form.written and re.match(expression, line.strip()))


def _without_marks(text: str, form: PromptFormat) -> str:
    for mark in form.marks:
        text = text.replace(mark, " ")
    return text


@lru_cache(maxsize=64)
def _imitation(form: PromptFormat, persona: str) -> re.Pattern[str]:
    """The beginning of a line that imitates any line of the format's."""
    lines = dict.fromkeys([*_starts(form, persona), *_other_lines(form, persona)])
    return re.compile(rf"(?mi)^(?={_SPACES}(?:{'|'.join(lines)}))")


def _starts(form: PromptFormat, persona: str) -> list[str]:
    """The first lines of turns and of documents."""
    first, *_ = _lines(form.turn, form, persona)
    # A model may begin to speak on the line that names the speaker.
    starts = [first.removesuffix(_END_OF_LINE)]
    for phrase in (form.original, form.fiction, form.review, form.conversation, form.series):
        starts += _lines(phrase, form, persona)[:1]
    return list(dict.fromkeys(starts))


def _other_lines(form: PromptFormat, persona: str) -> list[str]:
    """The other lines of the phrases, and the line of time and tags."""
    bar = rf"(?:\|{_SPACES})?"
    lines = [f"{bar}{line}" for line in _lines(form.tags, form, persona)]
    ends = (form.turn_end, form.head_end, form.end_tags)
    starts = (form.turn, form.original, form.fiction, form.review, form.conversation, form.series)
    for phrase in (_head(form), *starts, *ends):
        lines += _lines(phrase, form, persona)
    return lines


def _head(form: PromptFormat) -> str:
    """The line of the time as far as it is structure; empty where a mark that nobody can write ends it."""
    if not form.written or any(mark in form.head_end for mark in form.marks):
        return ""
    return f"{form.written} |" if form.tags and not form.end_tags else form.written + form.head_end


_END_OF_LINE = rf"{_SPACES}$"


def _lines(phrase: str, form: PromptFormat, persona: str) -> list[str]:
    """An expression for each line of a phrase that shows something; the last may have more behind it."""
    *whole, last = phrase.split("\n")
    expressions = [_expression(line, form, persona) + _END_OF_LINE for line in whole if line.strip()]
    return expressions + ([_expression(last, form, persona)] if last.strip() else [])


def _expression(line: str, form: PromptFormat, persona: str) -> str:
    """What a line of a phrase looks like, whatever its spaces, with anything in its placeholders."""
    # No name and no line begins with what quotes a line, so a quoted line never matches.
    somebody = rf"(?:[^\s>]\S*|{re.escape(persona)})" if " " in persona else r"[^\s>]\S*"
    verbs = "|".join(dict.fromkeys(_words(verb) for verb in form.verbs.values()))
    places = {"name": somebody, "bot": somebody, "number": r"\d+", "count": r"\d+", "verb": f"(?:{verbs})"}
    places |= dict.fromkeys(_FREE_PLACES, _FREE)
    expression, parts = "", PLACEHOLDER.split(line.strip())
    for index, part in enumerate(parts):
        if index % 2:
            expression += places[part] if index > 1 or parts[0] else f"(?!>){places[part]}"
        elif part:
            # What stands for anything takes the spaces around it as well; to try both would cost time.
            before = "" if not index or expression.endswith(_FREE) else _gap(part[:1])
            is_free = "".join(parts[index + 1 : index + 2]) in _FREE_PLACES
            after = _SPACES if is_free else _gap(part[-1:]) if part.strip() else ""
            expression += f"{before}{_words(part)}{after}"
    return expression.removesuffix(_SPACES)


def _words(part: str) -> str:
    return _GAP.join(re.escape(word) for word in part.split())


def _gap(character: str) -> str:
    return _GAP if character.isspace() else _SPACES
