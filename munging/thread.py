"""The one structured form of a conversation: a thread of posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from munging.cleaning import clean_content, clean_name, clean_tag, join_clean

ANONYMOUS = "Anonymous"
PARAGRAPH_END = "\n\n"
"""Stands after a paragraph, and before the oldest post of a chain."""
NAMES_IN_TRAINING = (("nostalgebraist", "nostalgebraist-my-father"),)
"""The models of 2020 and 2021 were trained with their author's blog under this name."""


@dataclass(frozen=True)
class Identity:
    """Who the bot is: its blog's name on tumblr, and the name under which the model knows it.

    ``known_as`` lists the few other blogs that the model knows under another name than tumblr does.
    """

    blog: str
    persona: str
    known_as: tuple[tuple[str, str], ...] = NAMES_IN_TRAINING

    def name_of(self, blog: str) -> str:
        """The name under which a blog speaks in threads; nobody but the bot speaks under the persona's."""
        if blog == self.blog:
            return self.persona
        for own, known in self.known_as:
            if own == blog:
                blog = known
                break
        name = clean_name(blog)
        # Neither name of the bot's is left to anybody, also not by what is put behind the other.
        while name in (self.persona, self.blog):
            name += "-blog"
        return name


class PostKind(StrEnum):
    """What a post is in its thread; it decides the phrase in a prompt."""

    ASKED = "asked"
    RESPONDED = "responded"
    POSTED = "posted"
    COMMENTED = "commented"
    ORIGINAL = "original"


@dataclass(frozen=True)
class Post:
    """One turn. ``text`` is content with a reduced set of inline HTML; newlines at its start count.

    ``author`` is the blog's name, ``Anonymous``, or the persona for the bot's own turns (``by_bot``).
    Whatever it is made of, a post is clean: no format reads anything in it as structure.
    """

    author: str
    kind: PostKind
    text: str = ""
    tags: tuple[str, ...] = ()
    by_bot: bool = False
    time: datetime | None = None

    def __post_init__(self) -> None:
        if (text := clean_content(self.text, own=self.by_bot)) is not self.text:
            object.__setattr__(self, "text", text)
        if self.tags:
            tags = (clean_tag(tag, own=self.by_bot) for tag in self.tags)
            object.__setattr__(self, "tags", tuple(tag for tag in tags if tag))
        if not self.by_bot and (author := clean_name(self.author)) != self.author:
            object.__setattr__(self, "author", author)


def kind_after(posts: Sequence[Post]) -> PostKind:
    """What the post after these will be; an original post does not count, it has its own phrase."""
    if not posts or (len(posts) == 1 and posts[0].kind is PostKind.ORIGINAL):
        return PostKind.POSTED
    return PostKind.RESPONDED if posts[-1].kind is PostKind.ASKED else PostKind.COMMENTED


@dataclass(frozen=True)
class Thread:
    """Posts, oldest first. ``preamble`` is text that stands before the first post, such as a title."""

    posts: tuple[Post, ...] = ()
    preamble: str = ""

    def __post_init__(self) -> None:
        if self.preamble:
            object.__setattr__(self, "preamble", clean_content(self.preamble))

    @classmethod
    def ask(cls, asker: str, question: str) -> Thread:
        """The thread that begins with an ask; ``question`` is text (see ``question_from_html``)."""
        return cls((Post(asker, PostKind.ASKED, question),))

    @property
    def is_original(self) -> bool:
        """Whether this is one post of the bot's own, neither an answer nor a reblog."""
        return len(self.posts) == 1 and self.posts[0].kind is PostKind.ORIGINAL

    @property
    def awaits_bot(self) -> bool:
        """Whether the last turn is the bot's and still empty."""
        return bool(self.posts) and self.posts[-1].by_bot and not (self.posts[-1].text or self.posts[-1].tags)

    def next_kind(self) -> PostKind:
        """What the next post of this thread will be."""
        return kind_after(self.posts)

    def with_post(self, author: str, text: str, *, by_bot: bool = False) -> Thread:
        """The thread with one more post at its end."""
        return replace(self, posts=(*self.posts, Post(author, self.next_kind(), text, by_bot=by_bot)))

    def awaiting_bot(self, identity: Identity) -> Thread:
        """The thread with an empty turn of the bot at its end, to be written.

        A bare reblog before it is left out: tumblr does not show one in what the bot would reblog.
        """
        if self.awaits_bot:
            return self
        is_bare = len(self.posts) > 1 and not self.posts[-1].text
        past = replace(self, posts=self.posts[:-1]) if is_bare else self
        return past.with_post(identity.persona, "", by_bot=True)

    def as_reblogged_by(self, identity: Identity) -> Thread:
        """The thread that the bot's reblog of its last post would show, with the bot's turn still empty.

        The last post is quoted then: newlines stand around it, as the models learnt it, and its tags are
        gone. One that says nothing, such as a bare reblog, leaves no trace.
        """
        *past, last = self.posts or (None,)
        if last is None or last.kind is PostKind.ASKED or self.awaits_bot:
            return self.awaiting_bot(identity)
        if not last.text:
            return Thread(tuple(past), self.preamble).with_post(identity.persona, "", by_bot=True)
        quoted = any(post.kind is not PostKind.ASKED for post in past)
        kind = PostKind.POSTED if last.kind is PostKind.ORIGINAL else last.kind
        text = join_clean(("" if quoted else PARAGRAPH_END, last.text, "\n"))
        shown = (*past, Post(last.author, kind, text, by_bot=last.by_bot))
        return Thread(shown, self.preamble).with_post(identity.persona, "", by_bot=True)

    def final_exchange(self) -> Thread:
        """The last two posts; the first of them is then the thread's first post, unless it is an ask."""
        return self._from(max(0, len(self.posts) - 2))

    def since_bot_spoke(self, *, keep: bool) -> Thread:
        """What was said since the bot's last turn but one, and that turn as well if ``keep``.

        The last turn of the bot is the one to be judged. The whole thread, if the bot has spoken once.
        """
        spoken = [index for index, post in enumerate(self.posts) if post.by_bot]
        return self._from(spoken[-2] + (not keep)) if len(spoken) > 1 else self

    def _from(self, start: int) -> Thread:
        """The posts from one on; it is then the thread's first post, unless it is an ask."""
        if not start:
            return self
        first, *rest = self.posts[start:]
        if first.kind not in (PostKind.ASKED, PostKind.ORIGINAL):
            first = replace(first, kind=PostKind.POSTED)
        return Thread((first, *rest))
