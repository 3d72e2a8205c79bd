"""The classic form: one line of text with single control characters, on the wire and in corpora.

``友NAME要`` ask ``域`` answer ``<|endoftext|>``; chains are ``友A会TEXT友B会TEXT域TEXT``, an original post is
``翰TEXT``, tags follow ``职``. The form of a thread that waits for the bot ends with ``域``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from munging.control import ASKED, BOT, END, END_PREFIX, NAME, ORIGINAL, SAID, TAGS, bare, escaped, unescaped
from munging.thread import Identity, Post, PostKind, Thread, kind_after

_MARK = re.compile(
    f"{bare(NAME)}([^{NAME}{SAID}{ASKED}{BOT}{ORIGINAL}{TAGS}\n]*)({bare(f'[{SAID}{ASKED}]')})"
    f"|({bare(BOT)})|({bare(ORIGINAL)})"
)
TAGS_MARK = re.compile(bare(TAGS))
"""Where tags begin."""


def to_classic(thread: Thread, identity: Identity) -> str:  # noqa: ARG001 - as for reading it back
    """Print a thread; a thread that does not wait for the bot is closed with the end mark."""
    body = escaped(thread.preamble) + "".join(_print_post(post) for post in thread.posts)
    return body if thread.awaits_bot else body + END


def _print_post(post: Post) -> str:
    words = escaped(post.text)
    tags = escaped(" ".join(f"#{tag}" for tag in post.tags))
    tags = f"{TAGS}{tags}" if tags else ""
    if post.kind is PostKind.ORIGINAL:
        return f"{ORIGINAL}{words}{tags}"
    if post.by_bot:
        return f"{BOT}{words}{tags}"
    if post.kind is PostKind.ASKED:
        return f"{NAME}{post.author}{ASKED}\n{words}\n{tags}"
    return f"{NAME}{post.author}{SAID}{words}{tags}"


def speakers(text: str) -> list[str]:
    """The names of those who speak in a thread beside the bot, as often as they do, the earliest first."""
    return [mark[1].strip() for mark in _MARK.finditer(text) if mark[1]]


def from_classic(text: str, identity: Identity) -> Thread:
    """Read a thread. Text before the first mark is its preamble; an end mark that closes it is dropped."""
    head, closed, tail = text.rpartition(END)
    text = head if closed and not tail.strip() else text
    marks = list(_MARK.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)]
    posts: list[Post] = []
    for mark, end in zip(marks, ends[1:], strict=True):
        posts.append(_read_post(mark, text[mark.end() : end], posts, identity))
    return Thread(tuple(posts), unescaped(text[: ends[0]]))


def _read_post(mark: re.Match[str], content: str, before: Sequence[Post], identity: Identity) -> Post:
    body, *tags = TAGS_MARK.split(content, maxsplit=1)
    by_bot = mark[3] is not None or mark[4] is not None
    author = identity.persona if by_bot else mark[1]
    if mark[4] is not None:
        kind = PostKind.ORIGINAL
    elif mark[2] == ASKED:
        kind = PostKind.ASKED
        body = body.removeprefix("\n").removesuffix("\n")
    else:
        kind = kind_after(before)
    return Post(author, kind, unescaped(body), split_tags(unescaped("".join(tags))), by_bot)


def split_tags(text: str) -> tuple[str, ...]:
    """Split a line of tags at its hashes; spaces and outer commas go, empty ones are dropped."""
    if not text:
        return ()
    stripped = (tag.strip().strip(",").strip() for tag in text.partition(END_PREFIX)[0].split("#"))
    return tuple(tag for tag in stripped if tag)
