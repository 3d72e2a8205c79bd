"""Prompt formats: what a model reads. A format is a table of phrases and switches; one renderer for all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from munging.normalize import normalize
from munging.thread import Identity, Post, PostKind, Thread

OriginalKind = Literal["plain", "review", "fiction"]

__all__ = [
    "FORMATS",
    "V8",
    "V9",
    "V10",
    "OriginalKind",
    "Piece",
    "Prompt",
    "PromptFormat",
    "control_phrases",
    "format_time",
    "normalize",
    "original_prompt",
    "render",
]


@dataclass(frozen=True)
class Piece:
    """A part of a prompt: the format's own words (``structure``), or what somebody wrote."""

    text: str
    structure: bool


@dataclass(frozen=True)
class Prompt:
    """What the model reads, in pieces that say who is speaking: the format, or somebody."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The prompt in one string."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class PromptFormat:
    """A format: phrases, in which ``{bot}`` stands for the persona, and switches.

    ``verbs`` names what an author did by kind of post. ``count_original`` counts an original post that
    was answered, and its author, in the header. ``forced_tags_replace_phrase`` prints forced tags
    without the words that introduce tags.
    """

    name: str
    conversation: str
    series: str
    verbs: Mapping[PostKind, str]
    original: str
    written: str
    tags: str
    fiction: str
    review: str
    fiction_ends_prompt: bool
    plain_start_has_tags: bool
    time_style: Literal["v8", "v10"]
    count_original: bool = True
    forced_tags_replace_phrase: bool = False

    def phrase(self, template: str, identity: Identity) -> str:
        """A phrase of this format, with the persona's name."""
        return template.replace("{bot}", identity.persona)

    def start(self, kind: OriginalKind, identity: Identity) -> str:
        """The words with which an unprompted post of a kind begins."""
        starts = {"plain": self.original, "review": self.review, "fiction": self.fiction}
        return self.phrase(starts[kind], identity)


_WROTE = MappingProxyType(dict.fromkeys(PostKind, "wrote"))

V10 = PromptFormat(
    name="v10",
    conversation=" Conversation between {names} | {count} posts |",
    series=" Posts by {names} |",
    verbs=MappingProxyType({kind: kind.value for kind in PostKind}),
    original=" {bot} posted:\n\n",
    written=" Written {time}",
    tags="{bot}'s tags:",
    fiction=" Original fiction by {bot}\n\n {bot}'s tags:\n {bot} tagged this post as:",
    review=" Book review by {bot}\n\n {bot}'s tags:\n {bot} tagged this post as:",
    fiction_ends_prompt=True,
    plain_start_has_tags=False,
    time_style="v10",
    forced_tags_replace_phrase=True,
)
V9 = PromptFormat(
    name="v9",
    conversation=" A blog conversation between {names} | {count} posts |",
    series=" A series of blog posts by {names} |",
    verbs=_WROTE,
    original=" Blog post by {bot}\n\n",
    written=" Posted at {time}",
    tags="{bot} tagged this post as:",
    fiction=" Original fiction by {bot}\n\n",
    review=" Book review by {bot}\n\n",
    fiction_ends_prompt=False,
    plain_start_has_tags=True,
    time_style="v8",
    count_original=False,
)
V8 = PromptFormat(**{**V9.__dict__, "name": "v8"})
FORMATS: Mapping[str, PromptFormat] = MappingProxyType({form.name: form for form in (V8, V9, V10)})


def format_time(moment: datetime, style: Literal["v8", "v10"]) -> str:
    """A local time as prompts give it: ``3:07 PM`` (v8) or ``3 PM January 2021`` (v10)."""
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    if style == "v8":
        return f"{hour}:{moment.minute:02} {half}"
    return f"{hour} {half} {MONTHS[moment.month - 1]} {moment.year}"


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
# Not strftime: prompts are in English whatever the machine's language is.


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
    pieces = [header(thread, form, identity)] if headed and not fiction else []
    pieces += [*_preamble(thread), *_turns(thread.posts[:-1], form, identity)]
    if thread.posts:
        last = thread.posts[-1]
        number = sum(post.kind is not PostKind.ORIGINAL for post in thread.posts)
        pieces += (
            _fiction_turn(form, identity, written, tags)
            if fiction
            else _last_turn(last, number, form, identity, written, tags)
        )
    return Prompt(_strip_final_newlines(pieces))


def render_past(thread: Thread, form: PromptFormat, identity: Identity) -> Prompt:
    """Print a finished thread that another document follows: no header, and no time or tags anywhere."""
    return Prompt(_strip_final_newlines([*_preamble(thread), *_turns(thread.posts, form, identity)]))


def _preamble(thread: Thread) -> list[Piece]:
    words = normalize(thread.preamble.strip("\n"))
    if not words:
        return []
    return [Piece(f"{words}\n", structure=False), Piece("" if thread.is_original else "\n", structure=True)]


def _turns(posts: Sequence[Post], form: PromptFormat, identity: Identity) -> list[Piece]:
    pieces: list[Piece] = []
    number = 0
    for post in posts:
        number += post.kind is not PostKind.ORIGINAL
        pieces += [_introduction(post, number, form, identity), *_content(_lines(post), "\n\n")]
    return pieces


def original_prompt(
    kind: OriginalKind,
    form: PromptFormat,
    identity: Identity,
    *,
    written: str | None = None,
    tags: Sequence[str] | None = None,
) -> Prompt:
    """The beginning of a post that nobody asked for; only plain posts carry a time.

    ``tags`` are forced; by default fiction is tagged as such, and nothing else is.
    """
    forced = (("original fiction",) if kind == "fiction" else ()) if tags is None else tuple(tags)
    text = form.start(kind, identity)
    if kind == "plain":
        phrase = form.phrase(form.tags, identity) if form.plain_start_has_tags or forced else None
        text += _join_bar([form.written.replace("{time}", written) if written else None, phrase])
    elif not form.fiction_ends_prompt:
        text += f" {form.phrase(form.tags, identity)}"
    listed = f" {_listed(forced)}" if forced else ""
    return Prompt((Piece(text.rstrip("\n ") + listed, structure=True),))


def control_phrases(form: PromptFormat, identity: Identity) -> re.Pattern[str]:
    """Where, in the model's own text, somebody's next turn or another document begins."""
    verbs = "|".join(sorted(set(form.verbs.values())))
    starts = (form.original, form.fiction, form.review)
    phrases = "|".join(re.escape(form.phrase(start, identity).strip().split("\n")[0]) for start in starts)
    header = re.escape(form.conversation.partition("{names}")[0].strip())
    return re.compile(
        rf"(?m)^[^\S\n]*(?:#\d+ \S+ (?:{verbs}):|(?:{phrases})[^\S\n]*$|{header} .* \| \d+ posts \|)"
    )


def header(thread: Thread, form: PromptFormat, identity: Identity) -> Piece:
    """The line that says who speaks in a thread; empty when one name speaks once."""
    counted = [post for post in thread.posts if form.count_original or post.kind is not PostKind.ORIGINAL]
    names = list(dict.fromkeys(_author(post, identity) for post in counted))
    if len(names) > 1:
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        line = form.conversation.replace("{names}", listed).replace("{count}", str(len(counted)))
        return Piece(f"{line}\n", structure=True)
    if len(counted) > 1:
        return Piece(f"{form.series.replace('{names}', names[0])}\n", structure=True)
    return Piece("", structure=True)


def _lines(post: Post) -> str:
    """A post's text with the newline that stands before every question."""
    return f"\n{post.text}" if post.kind is PostKind.ASKED else post.text


def _author(post: Post, identity: Identity) -> str:
    return identity.persona if post.by_bot else identity.name_of(post.author)


def _introduction(post: Post, number: int, form: PromptFormat, identity: Identity) -> Piece:
    if post.kind is PostKind.ORIGINAL:
        return Piece(form.phrase(form.original, identity), structure=True)
    return Piece(f"#{number} {_author(post, identity)} {form.verbs[post.kind]}:\n\n", structure=True)


def _content(text: str, end: str) -> list[Piece]:
    """Somebody's words, which begin a line; a space stands before words that did not begin one."""
    body = text.strip("\n")
    if not body:
        return []
    # Text that follows its mark directly was trained with a space, whatever it begins with.
    lead = "" if text.startswith("\n") else " "
    body = normalize(f"\n{body}")[1:]
    if not body.startswith(" "):
        body = lead + body
    return [Piece(body, structure=False), Piece(end, structure=True)]


def _last_turn(
    post: Post,
    number: int,
    form: PromptFormat,
    identity: Identity,
    written: str | None,
    forced: Sequence[str],
) -> list[Piece]:
    tags = forced or post.tags
    time = form.written.replace("{time}", written) if written else None
    if forced and form.forced_tags_replace_phrase:
        line = f"{time} |" if time else ""
    else:
        line = _join_bar([time, form.phrase(form.tags, identity)])
    return [
        _introduction(post, number, form, identity),
        Piece(line, structure=True),
        Piece(f" {_listed(tags)}" if tags else "", structure=False),
        Piece("\n", structure=True),
        *_content(post.text.lstrip("\n"), ""),
    ]


def _fiction_turn(
    form: PromptFormat, identity: Identity, written: str | None, forced: Sequence[str]
) -> list[Piece]:
    text = form.phrase(form.fiction, identity)
    if not form.fiction_ends_prompt:
        listed = f"{form.phrase(form.tags, identity)} {_listed(forced)}".rstrip()
        text += _join_bar([form.written.replace("{time}", written) if written else None, listed])
    return [Piece(text, structure=True)]


def _listed(tags: Sequence[str]) -> str:
    return ", ".join(f"#{tag}" for tag in tags)


def _join_bar(parts: Sequence[str | None]) -> str:
    """Join the time and the tags as formats do: " Written T | tags", or either alone after a space."""
    return " " + " | ".join(part.strip() for part in parts if part)


def _strip_final_newlines(pieces: list[Piece]) -> tuple[Piece, ...]:
    kept = [piece for piece in pieces if piece.text]
    while kept:
        stripped = kept[-1].text.rstrip("\n")
        if stripped:
            kept[-1] = Piece(stripped, kept[-1].structure)
            break
        kept.pop()
    return tuple(kept)
