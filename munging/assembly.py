"""Turns that were read from a post, whatever its form, put together as a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from munging.content import PARAGRAPH_END
from munging.thread import ANONYMOUS, Identity, Post, PostKind, Thread, kind_after


@dataclass(frozen=True)
class Turn:
    """Something that one blog said: the blog's name as tumblr gives it, and clean text."""

    blog: str
    text: str


def assemble(
    own: Turn | None,
    identity: Identity,
    *,
    quoted: Sequence[Turn] = (),
    ask: Turn | None = None,
    preamble: str = "",
) -> Thread:
    """The thread of an ask, what was reblogged (oldest first), and the posting blog's own words."""
    posts: list[Post] = []
    if ask is not None:
        posts.append(Post(_name(ask, identity), PostKind.ASKED, ask.text))
    for turn in quoted if own is None else (*quoted, own):
        posts.append(_post(turn, kind_after(posts), identity))
    if len(posts) == 1 and posts[0].by_bot and posts[0].text:
        posts[0] = replace(posts[0], kind=PostKind.ORIGINAL)
    return Thread(tuple(posts), preamble)


def set_off(turns: Sequence[Turn], *, oldest: bool) -> list[Turn]:
    """The turns of one quotation with the newlines that a chain has around it, as the models learnt it."""
    last = turns[-1]
    turns = [*turns[:-1], Turn(last.blog, f"{last.text}\n")]
    return [Turn(turns[0].blog, f"{PARAGRAPH_END}{turns[0].text}"), *turns[1:]] if oldest else turns


def _post(turn: Turn, kind: PostKind, identity: Identity) -> Post:
    return Post(_name(turn, identity), kind, turn.text, by_bot=turn.blog == identity.blog)


def _name(turn: Turn, identity: Identity) -> str:
    return ANONYMOUS if turn.blog == ANONYMOUS else identity.name_of(turn.blog)
