"""Turns that were read from a post, whatever its form, put together as a thread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from munging.cleaning import CleanText, join_clean
from munging.thread import ANONYMOUS, PARAGRAPH_END, Identity, Post, PostKind, Thread, kind_after


class Turn(NamedTuple):
    """Something that one blog said: the blog's name as tumblr gives it, and clean text."""

    blog: str
    text: CleanText


class Facts(NamedTuple):
    """What is known of a post besides its words."""

    tags: tuple[str, ...] = ()
    time: datetime | None = None


NOTHING_KNOWN = Facts()


def assemble(
    own: Turn | None,
    identity: Identity,
    *,
    quoted: Sequence[Turn] = (),
    ask: Turn | None = None,
    preamble: str = "",
    facts: Facts = NOTHING_KNOWN,
) -> Thread:
    """The thread of an ask, what was reblogged (oldest first), and the posting blog's own words.

    The facts are those of the posting blog's own post.
    """
    posts: list[Post] = []
    if ask is not None:
        posts.append(Post(_name(ask, identity), PostKind.ASKED, ask.text))
    for turn in quoted:
        posts.append(_post(turn, kind_after(posts), identity))
    if own is not None:
        kind = kind_after(posts)
        if not posts and own.blog == identity.blog and own.text:
            kind = PostKind.ORIGINAL
        posts.append(_post(own, kind, identity, facts))
    return Thread(tuple(posts), preamble)


def set_off(turns: Sequence[Turn], *, oldest: bool) -> list[Turn]:
    """The turns of one quotation with the newlines that a chain has around it, as the models learnt it."""
    *before, last = turns
    turns = [*before, Turn(last.blog, join_clean((last.text, "\n")))]
    if oldest:
        turns[0] = Turn(turns[0].blog, join_clean((PARAGRAPH_END, turns[0].text)))
    return turns


def _post(turn: Turn, kind: PostKind, identity: Identity, facts: Facts = NOTHING_KNOWN) -> Post:
    by_bot = turn.blog == identity.blog
    return Post(_name(turn, identity), kind, turn.text, facts.tags, by_bot, facts.time)


def _name(turn: Turn, identity: Identity) -> str:
    return ANONYMOUS if turn.blog == ANONYMOUS else identity.name_of(turn.blog)
