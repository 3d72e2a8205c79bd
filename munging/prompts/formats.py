"""The one renderer: a thread as a model reads it, whatever its format (the tables: ``format_table``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from munging.prompts.format_patterns import control_phrases
from munging.prompts.format_table import (
    FORMATS,
    LATER,
    LATER_END_TAGS,
    V8,
    V9,
    V10,
    OriginalKind,
    PromptFormat,
    own_format,
)
from munging.prompts.normalize import normalize
from munging.prompts.printer import Piece, Printer
from munging.thread import Identity, Thread

__all__ = [
    "FORMATS",
    "LATER",
    "LATER_END_TAGS",
    "V8",
    "V9",
    "V10",
    "OriginalKind",
    "Piece",
    "Prompt",
    "PromptFormat",
    "control_phrases",
    "normalize",
    "original_prompt",
    "own_format",
    "render",
]


@dataclass(frozen=True)
class Prompt:
    """What the model reads, in pieces that say who is speaking: the format, or somebody."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The prompt in one string."""
        return "".join(piece.text for piece in self.pieces)


def render(
    thread: Thread,
    form: PromptFormat,
    identity: Identity,
    *,
    written: str | None = None,
    tags: Sequence[str] = (),
    fiction: bool = False,
    headed: bool = True,
) -> Prompt:
    """Print a thread as the model reads it; ``written`` is a formatted time for the last post.

    ``tags`` are forced on the last post. With ``fiction`` the bot's turn becomes a story's beginning,
    and there is no header; nor is there without ``headed``.
    """
    printer = Printer(form, identity, written, tags)
    pieces = [printer.header(thread)] if headed and not fiction else []
    pieces += [*printer.preamble(thread), *printer.turns(thread.posts[:-1])]
    if thread.posts:
        pieces += printer.fiction_turn() if fiction else printer.last_turn(thread)
    # Where no tags come first, the line break is the mark that the bot's words begin.
    keeps_breaks = thread.awaits_bot and not form.tags_first
    return Prompt(tuple(pieces) if keeps_breaks else _strip_final_newlines(pieces))


def render_past(thread: Thread, form: PromptFormat, identity: Identity) -> Prompt:
    """Print a finished thread that another document follows: no header, and no time or tags anywhere."""
    printer = Printer(form, identity)
    return Prompt(_strip_final_newlines([*printer.preamble(thread), *printer.turns(thread.posts)]))


def original_prompt(
    kind: OriginalKind,
    form: PromptFormat,
    identity: Identity,
    *,
    written: str | None = None,
    tags: Sequence[str] | None = None,
) -> Prompt:
    """The beginning of a post that nobody asked for; only plain posts carry a time.

    ``tags`` are forced; by default fiction is tagged as such, and nothing else is. A format whose tags
    come last has no place for them here.
    """
    forced = (("original fiction",) if kind == "fiction" else ()) if tags is None else tuple(tags)
    return Prompt((Printer(form, identity, written, forced).start(kind),))


def _strip_final_newlines(pieces: list[Piece]) -> tuple[Piece, ...]:
    kept = [piece for piece in pieces if piece.text]
    while kept:
        stripped = kept[-1].text.rstrip("\n")
        if stripped:
            kept[-1] = Piece(stripped, kept[-1].structure)
            break
        kept.pop()
    return tuple(kept)
