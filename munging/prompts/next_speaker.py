"""The question who speaks next in a thread, as the model reads it.

A thread is printed up to where the name of its next speaker stands. How likely the model finds the bot's name
there, compared with the same line without the thread, tells how much the thread is one for the bot.

No header is printed: it would list all speakers, the next one included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from munging.prompts.format_table import PromptFormat
from munging.prompts.printer import Piece, Printer
from munging.thread import Identity, Post, Thread

SpeakerForm: TypeAlias = Literal["full", "masked"]
"""What the model is shown of a thread: all of it, or its last post without the name of who wrote it."""


@dataclass(frozen=True)
class SpeakerPrompt:
    """Model text in which a name comes next. Names begin with the space that belongs before them."""

    before: str
    last_line: str
    """The line of ``before`` that the name goes on."""

    name: str
    """The bot's."""

    others: tuple[str, ...]
    """Of those who have spoken, none of whom is to be expected again."""


def speaker_prompt(
    thread: Thread, form: PromptFormat, identity: Identity, view: SpeakerForm
) -> SpeakerPrompt:
    """Print a thread up to its next speaker's name; an empty turn of the bot at its end is not in it.

    In the masked form nobody is named, so nobody is left out either.
    """
    printer, posts = Printer(form, identity), spoken(thread)
    if view == "masked":
        posts = posts[-1:]
        pieces = [piece for post in posts for piece in printer.nameless_turn(post)]
    else:
        pieces = [*printer.preamble(thread), *printer.turns(posts)]
    opening = printer.opening(posts)
    stem = opening.rstrip(" ")
    gap = opening[len(stem) :]
    return SpeakerPrompt(
        before=_text(pieces) + stem,
        last_line=stem.rpartition("\n")[2],
        name=gap + identity.persona,
        others=() if view == "masked" else tuple(gap + name for name in _names(posts, identity)),
    )


def spoken(thread: Thread) -> tuple[Post, ...]:
    """The posts of a thread, without an empty turn of the bot and without a bare reblog at its end."""
    posts = thread.posts[:-1] if thread.awaits_bot else thread.posts
    is_bare = len(posts) > 1 and not posts[-1].text.strip()
    return posts[:-1] if is_bare else posts


def has_bot_spoken(thread: Thread) -> bool:
    """Whether the bot's name is among those of a thread's speakers."""
    return any(post.by_bot for post in spoken(thread))


def _names(posts: Sequence[Post], identity: Identity) -> list[str]:
    names = (identity.name_of(post.author) for post in posts if not post.by_bot)
    return list(dict.fromkeys(names))


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)
