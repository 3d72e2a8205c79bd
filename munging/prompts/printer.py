"""The parts of a prompt: header, turns, and the last turn with its line of time and tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from munging.cleaning import clean_user_text
from munging.prompts.format_patterns import as_tags, as_words
from munging.prompts.format_table import OriginalKind, PromptFormat
from munging.prompts.normalize import normalize, with_plain_lists
from munging.thread import Identity, Post, PostKind, Thread


class Piece(NamedTuple):
    """A part of a prompt: the format's own words (``structure``), or what somebody wrote."""

    text: str
    structure: bool


@dataclass(frozen=True)
class Printer:
    """Prints in one format for one bot; the time ``written`` and the ``forced`` tags are the last turn's."""

    form: PromptFormat
    identity: Identity
    written: str | None = None
    forced: Sequence[str] = ()

    def header(self, thread: Thread) -> Piece:
        """The line that says who speaks in a thread; empty when one name speaks once."""
        form = self.form
        counted = [post for post in thread.posts if form.count_original or post.kind is not PostKind.ORIGINAL]
        names = list(dict.fromkeys(self._author(post) for post in counted))
        template = form.conversation if len(names) > 1 else form.series if len(counted) > 1 else ""
        if not template:
            return Piece("", structure=True)
        listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
        line = template.replace("{count}", str(len(counted))).replace("{names}", listed)
        return Piece(f"{line}\n", structure=True)

    def preamble(self, thread: Thread) -> list[Piece]:
        """What stands before the first post."""
        if not (title := thread.preamble.strip("\n")):
            return []
        words = normalize(title, spaced_lines=self.form.spaced_lines)
        words = as_words(words, self.form, self.identity)
        return [
            Piece(f"{words}\n", structure=False),
            Piece("" if thread.is_original else "\n", structure=True),
        ]

    def turns(self, posts: Sequence[Post]) -> list[Piece]:
        """Posts with others behind them: no time, no tags."""
        pieces: list[Piece] = []
        for number, post in enumerate(posts, start=self._first_number(posts)):
            pieces += [self._introduction(post, number), *self._content(post, self.form.turn_end)]
        return pieces

    def nameless_turn(self, post: Post) -> list[Piece]:
        """A post that stands alone, as number one; who wrote it is not said."""
        form, kind = self.form, post.kind
        if kind is not PostKind.ASKED:
            kind = PostKind.POSTED
        text = form.turn.replace("{number}", "1").replace("{verb}", form.verbs[kind])
        text = text.replace(" {name}", "").replace("{name} ", "").replace("{name}", "")
        return [Piece(text, structure=True), *self._content(post, form.turn_end)]

    def opening(self, posts: Sequence[Post]) -> str:
        """What begins the post after these, up to its author's name."""
        number = len(posts) + self._first_number(posts)
        return self.form.turn.partition("{name}")[0].replace("{number}", str(number))

    def last_turn(self, thread: Thread) -> list[Piece]:
        """The last post with the time and its tags; where they go is the format's."""
        post, form = thread.posts[-1], self.form
        number = len(thread.posts) + self._first_number(thread.posts) - 1
        introduction = self._introduction(post, number)
        tags = self._listed(self.forced or post.tags)
        content = self._content(post, "", is_last=True)
        if not form.tags_first:
            head = Piece(f"{self._time()}{form.head_end}" if form.written else "", structure=True)
            end = [
                Piece(form.end_tags, structure=True),
                Piece(tags if form.end_tags else "", structure=False),
            ]
            return [introduction, head, *content, *(() if thread.awaits_bot else end)]
        head = Piece(self._head(), structure=True)
        listed = Piece(f" {tags}" if tags else "", structure=False)
        return [introduction, head, listed, Piece(form.head_end, structure=True), *content]

    def fiction_turn(self) -> list[Piece]:
        """The bot's turn as the beginning of a story."""
        form = self.form
        text = form.phrase(form.fiction, self.identity)
        if not form.tags_first:
            text += f"{self._time()}{form.head_end}" if form.written else ""
        elif not form.fiction_ends_prompt:
            listed = f"{form.phrase(form.tags, self.identity)} {self._listed(self.forced)}".rstrip()
            text += _join_bar([self._time(), listed])
        return [Piece(text, structure=True)]

    def start(self, kind: OriginalKind) -> Piece:
        """The beginning of a post that nobody asked for; only plain posts carry a time."""
        form, text = self.form, self.form.start(kind, self.identity)
        time = self._time() if kind == "plain" else ""
        if not form.tags_first:
            return Piece(f"{text}{time}{form.head_end}" if form.written else text, structure=True)
        phrase = form.phrase(form.tags, self.identity)
        if kind == "plain":
            text += _join_bar([time, phrase if form.plain_start_has_tags or self.forced else ""])
        elif not form.fiction_ends_prompt:
            text += f" {phrase}"
        listed = f" {self._listed(self.forced)}" if self.forced else ""
        return Piece(text.rstrip("\n ") + listed, structure=True)

    def _first_number(self, posts: Sequence[Post]) -> int:
        """The number of the first post; none is printed for an original one that does not count."""
        is_original = bool(posts) and posts[0].kind is PostKind.ORIGINAL
        return 0 if is_original and not self.form.number_original else 1

    def _author(self, post: Post) -> str:
        return self.identity.persona if post.by_bot else self.identity.name_of(post.author)

    def _introduction(self, post: Post, number: int) -> Piece:
        form = self.form
        if post.kind is PostKind.ORIGINAL:
            return Piece(form.phrase(form.original, self.identity), structure=True)
        # An original post that counts as number one leaves its verb to nobody else.
        kind = PostKind.COMMENTED if post.kind is PostKind.POSTED and number > 1 else post.kind
        text = form.turn.replace("{number}", str(number)).replace("{verb}", form.verbs[kind])
        return Piece(text.replace("{name}", self._author(post)), structure=True)

    def _content(self, post: Post, end: str, *, is_last: bool = False) -> list[Piece]:
        """Somebody's words, which begin a line; a space stands before words that did not begin one."""
        form = self.form
        text = post.text if form.verbatim_lists else with_plain_lists(post.text, post.kind)
        body = text.strip("\n")
        if not body:
            return [] if form.turn.endswith("\n") else [Piece(end, structure=True)]
        # Text that follows its mark directly was trained with a space, whatever it begins with.
        if form.spaced_lines and (is_last or not (post.kind is PostKind.ASKED or text.startswith("\n"))):
            body = f" {normalize(body)}"
        else:
            body = normalize(f"\n{body}", spaced_lines=form.spaced_lines)[1:]
        return [Piece(as_words(body, form, self.identity), structure=False), Piece(end, structure=True)]

    def _time(self) -> str:
        return self.form.written.replace("{time}", self.written) if self.written else ""

    def _head(self) -> str:
        """The line of time and tags, up to the tags."""
        time = self._time()
        if self.forced and self.form.forced_tags_replace_phrase:
            return f"{time} |" if time else ""
        return _join_bar([time, self.form.phrase(self.form.tags, self.identity)])

    def _listed(self, tags: Sequence[str]) -> str:
        """Tags in a row. A format may put them on a line of their own, where "#2 bob asked:" is a turn."""
        if not tags:
            return ""
        listed = ", ".join(f"#{tag}" for tag in as_tags(tags, self.form, self.identity))
        return as_words(clean_user_text(listed), self.form, self.identity)


def _join_bar(parts: Sequence[str]) -> str:
    """Join the time and the tags as formats do: " Written T | tags", or either alone after a space."""
    return " " + " | ".join(part.strip() for part in parts if part)
