"""Which reblogs, replies and mentions the bot answers. Pure; each rule gives a reason not to, or None."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tumblr.api.models import TumblrPost
from tumblr.api.notes import Note
from tumblr.api.payload_forms import TrailEntry

YEAR_IN_REVIEW = "year in review"
"""Words that tell a post of statistics, which everybody reblogs at once."""


@dataclass(frozen=True)
class BlogRelations:
    """Who the bot is and whom it keeps away from. Names are compared in lower case."""

    bot: str
    own: frozenset[str]
    """All blogs that are the bot's, ``bot`` among them."""

    avoided: frozenset[str] = frozenset()
    ignored_posts: frozenset[str] = frozenset()
    """Ids of posts that nothing is said about."""

    rebuilt_posts: frozenset[str] = frozenset()
    """Ids of posts whose HTML is wrong: threads that hold them are read from their trail."""

    always_welcome: frozenset[str] = frozenset()
    """Blogs whose replies are answered though the bot does not follow them."""

    operator: str | None = None
    indirect_reblogs: bool = False
    """Whether reblogs of other people's reblogs count."""

    def is_bot(self, blog: str) -> bool:
        """Whether a blog is the bot's."""
        return blog.lower() in self.own


def why_not_in_thread(entries: Iterable[TrailEntry], company: BlogRelations) -> str | None:
    """No thread in which an avoided blog has spoken, or which holds a post to keep away from."""
    for entry in entries:
        if entry.blog.lower() in company.avoided:
            return f"{entry.blog} is in the thread, whom the bot avoids"
        if entry.post_id in company.ignored_posts:
            return f"the post {entry.post_id} is not to be answered"
    return None


def why_not_reblog(note: Note, company: BlogRelations) -> str | None:
    """A reblog is answered if it says something and was taken from the bot itself."""
    if note.post_id in company.ignored_posts:
        return f"the post {note.post_id} is not to be answered"
    if note.parent.lower() != company.bot.lower() and not company.indirect_reblogs:
        return f"it was reblogged from {note.parent or 'nobody'}, not from the bot"
    return None


def context_note(notes: Sequence[Note], reply: Note, company: BlogRelations) -> Note | None:
    """What a reply answers: the newest older note made by the bot, in notes that are listed newest first."""
    return next((n for n in notes[notes.index(reply) :] if _speaks_as_bot(n, company)), None)


def context_of(note: Note, post: TumblrPost, company: BlogRelations) -> str | None:
    """The own post that a context note stands for, given the own post whose notes were read.

    A reblog's own id; for the root the post itself, or if it is a reblog the bot's first entry in its trail.
    """
    if note.type == "reblog":
        return note.post_id
    if not post.is_reblog:
        return post.id
    return next((entry.post_id for entry in post.trail if company.is_bot(entry.blog)), None)


def why_not_reply(
    reply: Note, notes: Sequence[Note], post: TumblrPost, company: BlogRelations, follows: Collection[str]
) -> str | None:
    """A reply is answered if it is meant for the bot: by somebody it follows or always welcomes, addressed to
    it, or safe; and not if it is addressed to somebody else."""
    said, at_bot = reply.said.lstrip().lower(), f"@{company.bot.lower()}"
    addressed = said.startswith(at_bot) and not said[len(at_bot) :][:1].replace("-", "a").isalnum()
    if said.startswith("@") and not addressed:
        return "it is addressed to somebody else"
    name = reply.blog.lower()
    if addressed or name in follows or name in company.always_welcome or is_safe(reply, notes, post, company):
        return None
    return f"the bot does not follow {reply.blog}, and others take part"


def is_safe(reply: Note, notes: Sequence[Note], post: TumblrPost, company: BlogRelations) -> bool:
    """Whether a reply can only be meant for the bot: the root is its own, and nobody had reblogged it."""
    older = notes[notes.index(reply) :]
    return company.is_bot(post.root_blog) and not any(note.type == "reblog" for note in older)


def why_not_context(post: TumblrPost, context: TumblrPost, company: BlogRelations) -> str | None:
    """No reply to a thread with avoided blogs in it, or one that the operator joined."""
    reason = why_not_in_thread((*post.contributors, *context.contributors), company)
    if reason is not None:
        return reason
    later = context.contributors[1:]
    if company.operator and any(entry.blog.lower() == company.operator.lower() for entry in later):
        return "the operator has spoken in the thread"
    return None


def answered_by_hand(own: Iterable[TumblrPost], company: BlogRelations) -> set[str]:
    """Posts of others that the bot's blog has reblogged, by name: the last words before its own in each.

    Whoever reblogged them, a human or the bot, they are answered.
    """
    answered = set()
    for post in own:
        last = next((entry for entry in reversed(post.trail) if not company.is_bot(entry.blog)), None)
        if last is not None and last.name is not None:
            answered.add(last.name)
    return answered


def tip(post: TumblrPost, company: BlogRelations) -> str | None:
    """The name of the last words in a post's thread, by the highest id; None when they are the bot's."""
    named = [entry for entry in post.contributors if entry.post_id]
    last = max(named, key=lambda entry: int(entry.post_id or 0), default=None)
    return None if last is None or company.is_bot(last.blog) else last.name


def cost(said: str, posts: int, summary: str) -> float:
    """How much an answer costs: long threads much, many words little, next to no words most.

    One for each post of the thread, a tenth less for each of the first 50 words, 6 more below 4 words and 10
    more below 2, and 15 more in posts of statistics.
    """
    words = len(said.split())
    return (
        float(posts)
        - 0.1 * min(words, 50)
        + (6.0 if words < 4 else 0.0)
        + (10.0 if words <= 1 else 0.0)
        + (15.0 if YEAR_IN_REVIEW in summary.lower() else 0.0)
    )


def _speaks_as_bot(note: Note, company: BlogRelations) -> bool:
    return note.type in ("reblog", "posted") and company.is_bot(note.blog)
