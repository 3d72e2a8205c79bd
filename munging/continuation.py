"""Ways back: what the model wrote, taken apart into a post's body and its tags."""

from __future__ import annotations

import re
from dataclasses import dataclass

from munging.classic import split_tags
from munging.control import END, END_PREFIX, ORIGINAL, TAGS, without_control
from munging.formats import PromptFormat
from munging.thread import Identity

FICTION_TAG = "#original fiction"
TAG_TAIL_WORDS = 10


@dataclass(frozen=True)
class Continuation:
    """A written post: its body, and clean tags without hashes."""

    body: str
    tags: tuple[str, ...] = ()


def parse_continuation(text: str, form: PromptFormat, identity: Identity) -> Continuation:
    """Take apart raw model text that follows a prompt, or a whole original post.

    The first line holds the tags, the rest is the body. Text after the first end mark is not the post's.
    Where another speaker's turn may begin, cut first (``formats.control_phrases``).
    """
    text = text.partition(END)[0]
    for start in (form.fiction, form.review, form.original):
        text = text.replace(form.phrase(start, identity), "")
    line, newline, body = text.partition("\n")
    tags_phrase = form.phrase(form.tags, identity)
    if tags_phrase in line:
        line = line.rpartition(tags_phrase)[2]
    elif not newline and "#" not in line:
        return _move_tag_tail(Continuation(line.lstrip(ORIGINAL)))
    # Without a hash the line is no tags: it is the time of an original post that got none.
    tags = tuple(tag.strip(" |,") for tag in split_tags(line)) if "#" in line else ()
    return _move_tag_tail(Continuation(body.lstrip(ORIGINAL), tuple(tag for tag in tags if tag)))


def _move_tag_tail(written: Continuation) -> Continuation:
    """Take a short end of the body that begins with the fiction tag for tags: it was meant so."""
    start = written.body.find(FICTION_TAG)
    if start < 0 or len(written.body[start:].split()) >= TAG_TAIL_WORDS:
        return written
    return Continuation(written.body[:start], (*split_tags(written.body[start:]), *written.tags))


def to_classic_continuation(written: Continuation) -> str:
    """Print a written post as the wire carries it: body, tag mark, tags, end mark."""
    tags = " ".join(f"#{without_control(tag).replace('#', '')}" for tag in written.tags)
    return f"{without_control(written.body)}{TAGS}{tags}{END}"


def from_classic_continuation(text: str) -> Continuation:
    """Read a written post from the wire. The tag mark is optional; text after the end mark is dropped."""
    body, _, tags = text.partition(END)[0].partition(TAGS)
    body = body.partition(END_PREFIX)[0] if END_PREFIX in body else body
    return _move_tag_tail(Continuation(body.lstrip(ORIGINAL), split_tags(tags)))


def cut_at(text: str, phrases: re.Pattern[str]) -> str:
    """The text before the first control phrase."""
    found = phrases.search(text)
    return text[: found.start()].rstrip("\n") if found else text
