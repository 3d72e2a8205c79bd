"""Ways back: what the model wrote, taken apart into a post's body and its tags."""

from __future__ import annotations

from dataclasses import dataclass

from munging.classic import TAGS_MARK, split_tags
from munging.cleaning import without_broken
from munging.control import END, END_PREFIX, TAGS, escaped, unescaped, without_original
from munging.prompts.format_patterns import is_head
from munging.prompts.format_table import OriginalKind, PromptFormat
from munging.thread import Identity

_KINDS: tuple[OriginalKind, ...] = ("fiction", "review", "plain")
FICTION_TAG = "#original fiction"
TAG_TAIL_WORDS = 10


@dataclass(frozen=True)
class Continuation:
    """A written post: its body, and clean tags without hashes."""

    body: str
    tags: tuple[str, ...] = ()


def parse_continuation(text: str, form: PromptFormat, identity: Identity) -> Continuation:
    """Take apart raw model text that follows a prompt, or a whole original post.

        The first line holds the tags, the rest is the body; or the tags come last, as the format has it. Text
    after the first end mark is not the post's.
        Where another speaker's turn may begin, cut first (``formats.control_phrases``).
    """
    text = without_broken(text.partition(END)[0])
    starts = [phrase for kind in _KINDS if (phrase := form.start(kind, identity)) and phrase in text]
    for start in starts:
        text = text.replace(start, "")
    if not form.tags_first:
        return _move_tag_tail(_words_first(text, form, identity, headed=bool(starts)))
    line, newline, body = text.partition("\n")
    tags_phrase = form.phrase(form.tags, identity)
    if tags_phrase in line:
        line = line.rpartition(tags_phrase)[2]
    elif not newline and "#" not in line:
        return _move_tag_tail(Continuation(without_original(line)))
    # Without a hash the line is no tags: it is the time of an original post that got none.
    return _move_tag_tail(Continuation(without_original(body), _tags(line)))


def _words_first(text: str, form: PromptFormat, identity: Identity, *, headed: bool) -> Continuation:
    """Text of a format whose tags come last, or that has none; ``headed``: a whole original post."""
    line, newline, rest = text.partition("\n")
    if headed and newline and is_head(line, form, identity):
        text = rest
    body, mark, tags = text.rpartition(form.end_tags) if form.end_tags else ("", "", text)
    # Words behind the last mark are no tags: the model wrote the mark in its words.
    found = _tags(tags) if mark else ()
    body = body if mark and (found or not tags.strip()) else text
    return Continuation(without_original(body.strip("\n")), found)


def _tags(line: str) -> tuple[str, ...]:
    tags = (tag.strip(" |,") for tag in split_tags(line)) if "#" in line else ()
    return tuple(tag for tag in tags if tag)


def _move_tag_tail(written: Continuation) -> Continuation:
    """Take a short end of the body that begins with the fiction tag for tags: it was meant so."""
    start = written.body.find(FICTION_TAG)
    if start < 0 or len(written.body[start:].split()) >= TAG_TAIL_WORDS:
        return written
    return Continuation(written.body[:start], (*split_tags(written.body[start:]), *written.tags))


def to_classic_continuation(written: Continuation) -> str:
    """Print a written post as the wire carries it: body, tag mark, tags, end mark. Its words are escaped."""
    tags = " ".join(f"#{tag.replace('#', '')}" for tag in written.tags)
    return f"{escaped(written.body)}{TAGS}{escaped(tags)}{END}"


def from_classic_continuation(text: str) -> Continuation:
    """Read a written post from the wire. The tag mark is optional; text after the end mark is dropped."""
    body, *tags = TAGS_MARK.split(text.partition(END)[0], maxsplit=1)
    body = without_broken(unescaped(without_original(body.partition(END_PREFIX)[0])))
    return _move_tag_tail(Continuation(body, split_tags(unescaped("".join(tags)))))
