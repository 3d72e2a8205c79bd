"""Which reblogs, replies and mentions the bot answers. Pure; each rule gives a reason not to, or None."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tumblr.api.models import TumblrPost
from tumblr.api.notes import Note
from tumblr.api.payload_forms import TrailEntry
from tumblr.bot_settings import BotSettings

YEAR_IN_REVIEW = "year in review"
"""Words that tell a post of statistics, which everybody reblogs at once."""

BY_HAND = "the blog has answered it by hand"
"""Why a reblog is not answered that a human has reblogged already."""


def why_not_in_thread(entries: Iterable[TrailEntry], settings: BotSettings) -> str | None:
    """No thread in which an avoided blog has spoken, or which holds a post to keep away from."""
    for entry in entries:
        if entry.blog.lower() in settings.avoided_blogs:
            return f"{entry.blog} is in the thread, whom the bot avoids"
        if entry.post_id in settings.conversation.ignored_posts:
            return f"the post {entry.post_id} is not to be answered"
    return None


def why_not_reblog(note: Note, settings: BotSettings) -> str | None:
    """A reblog is answered if it says something and was taken from the bot itself."""
    if note.post_id in settings.conversation.ignored_posts:
        return f"the post {note.post_id} is not to be answered"
    if note.parent.lower() != settings.blog.blog_name.lower() and not settings.conversation.indirect_reblogs:
        return f"it was reblogged from {note.parent or 'nobody'}, not from the bot"
    return None


def context_note(notes: Sequence[Note], reply: Note, settings: BotSettings) -> Note | None:
    """What a reply answers: the newest older note made by the bot, in notes that are listed newest first."""
    return next((n for n in notes[notes.index(reply) :] if _speaks_as_bot(n, settings)), None)


def context_of(note: Note, post: TumblrPost, settings: BotSettings) -> str | None:
    """The own post that a context note stands for, given the own post whose notes were read.

    A reblog's own id; for the root the post itself, or if it is a reblog the bot's first entry in its trail.
    """
    if note.type == "reblog":
        return note.post_id
    if not post.is_reblog:
        return post.id
    return next((entry.post_id for entry in post.trail if settings.is_bot(entry.blog)), None)


def why_not_reply(
    reply: Note, notes: Sequence[Note], post: TumblrPost, settings: BotSettings, follows: Collection[str]
) -> str | None:
    """A reply is answered if it is meant for the bot: by somebody it follows or always welcomes, addressed to
    it, or safe; and not if it is addressed to somebody else."""
    said, at_bot = reply.said.lstrip().lower(), f"@{settings.blog.blog_name.lower()}"
    addressed = said.startswith(at_bot) and not said[len(at_bot) :][:1].replace("-", "a").isalnum()
    if said.startswith("@") and not addressed:
        return "it is addressed to somebody else"
    welcome = {*follows, *map(str.lower, settings.conversation.welcome_repliers)}
    if addressed or reply.blog.lower() in welcome or is_safe(reply, notes, post, settings):
        return None
    return f"the bot does not follow {reply.blog}, and others take part"


def is_safe(reply: Note, notes: Sequence[Note], post: TumblrPost, settings: BotSettings) -> bool:
    """Whether a reply can only be meant for the bot: the root is its own, and nobody had reblogged it."""
    older = notes[notes.index(reply) :]
    return settings.is_bot(post.root_blog) and not any(note.type == "reblog" for note in older)


def why_not_context(post: TumblrPost, context: TumblrPost, settings: BotSettings) -> str | None:
    """No reply to a thread with avoided blogs in it, or one that the operator joined."""
    reason = why_not_in_thread((*post.contributors, *context.contributors), settings)
    if reason is not None:
        return reason
    later = context.contributors[1:]
    if any(settings.is_operator(entry.blog) for entry in later):
        return "the operator has spoken in the thread"
    return None


def answered_by_hand(own: Iterable[TumblrPost], settings: BotSettings) -> set[str]:
    """Posts of others that the bot's blog has reblogged, by name: the last words before its own in each.

    Whoever reblogged them, a human or the bot, they are answered.
    """
    answered = set()
    for post in own:
        last = next((entry for entry in reversed(post.trail) if not settings.is_bot(entry.blog)), None)
        if last is not None and last.name is not None:
            answered.add(last.name)
    return answered


def tip(post: TumblrPost, settings: BotSettings) -> str | None:
    """The name of the last words in a post's thread, by the highest id; None when they are the bot's."""
    named = [entry for entry in post.contributors if entry.post_id]
    last = max(named, key=lambda entry: int(entry.post_id or 0), default=None)
    return None if last is None or settings.is_bot(last.blog) else last.name


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


def _speaks_as_bot(note: Note, settings: BotSettings) -> bool:
    return note.type in ("reblog", "posted") and settings.is_bot(note.blog)
