"""Classic text as it was stored, several documents in one, and headers that are model text already."""

from __future__ import annotations

from collections.abc import Sequence

from munging.classic import from_classic
from munging.control import END, TAGS
from munging.prompts.formats import (
    OriginalKind,
    Prompt,
    PromptFormat,
    normalize,
    original_prompt,
    render,
    render_past,
)
from munging.prompts.printer import Piece, Printer
from munging.thread import Identity, Thread

_KINDS: tuple[OriginalKind, ...] = ("plain", "review", "fiction")


def render_classic(
    text: str,
    form: PromptFormat,
    identity: Identity,
    *,
    written: str | None = None,
    tags: Sequence[str] = (),
    fiction: bool = False,
    training: bool = False,
) -> Prompt:
    """Print classic text as the model reads it; only the last of several documents has time and tags.

    An end mark closes a document, except after tags, which end it by themselves. For ``training`` no
    newlines stand before an end mark.
    """
    *documents, rest = text.split(END)
    closing: tuple[Piece, ...] = ()
    if documents and not rest:
        closing = _closing(documents[-1], form, training=training)
    else:
        documents.append(rest)
    threads = [from_classic(document, identity) for document in documents]
    last = render(threads[-1], form, identity, written=written, tags=tags, fiction=fiction, headed=False)
    everybody = Thread(tuple(post for thread in threads for post in thread.posts))
    pieces = [] if fiction else [Printer(form, identity).header(everybody)]
    for document, thread in zip(documents, threads[:-1], strict=False):
        pieces += [*render_past(thread, form, identity).pieces, *_closing(document, form, training=training)]
    return Prompt((*pieces, *last.pieces, *closing))


def _closing(document: str, form: PromptFormat, *, training: bool) -> tuple[Piece, ...]:
    """The end mark of a finished document, after the newlines of its last words."""
    if TAGS in document:
        return () if form.tags_close_document else (Piece(END, structure=True),)
    said = normalize(document)
    newlines = "" if training else said[len(said.rstrip("\n")) :]
    return Piece(newlines, structure=True), Piece(END, structure=True)


def plain_prompt(
    text: str, form: PromptFormat, identity: Identity, written: str | None, tags: Sequence[str]
) -> str:
    """Model text, normalised; a bare header of an unprompted post gets its time and tags as well."""
    for kind in _KINDS:
        start = original_prompt(kind, form, identity, tags=()).text
        if text.strip() in (start.strip(), form.start(kind, identity).strip()):
            return original_prompt(kind, form, identity, written=written, tags=tags).text
    return normalize(text)
