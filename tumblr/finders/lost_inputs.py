"""What a draft answers when the store does not know it: read from the draft itself, and from tumblr.

The store forgets when an older backup takes its place. A reblog names the post that it reblogs; the answer to
a reply begins with a picture of the reply, which is looked for among the notes of the post that it names.
"""

from __future__ import annotations

from collections.abc import Sequence

from munging.reply_mockup import ReplySource, reply_source
from tumblr.api.models import TumblrPost
from tumblr.api.notes import Note
from tumblr.bot import Bot
from tumblr.finders.conversation_sources import UNREADABLE, ConversationRules, waiting_reply
from tumblr.finders.dashboard_rules import names_bot
from tumblr.finders.note_reader import NoteReader
from tumblr.finders.other_posts import OtherPosts, plain_text
from tumblr.responding.reconcile import fingerprint, plain_fingerprint
from tumblr.turns.inputs import ThreadKind
from tumblr.turns.kinds import TurnKind
from tumblr.turns.turn import NewTurn

WHY = "the operator has sent back a draft that the store did not know"


class Lost(Exception):  # noqa: N818 - named for what happened
    """Nobody can say what a draft answers; the text says why."""


class LostInputs:
    """Finds what drafts answer. Its methods raise Lost, and the errors of ``tumblr.api.errors``."""

    def __init__(self, bot: Bot, rules: ConversationRules, posts: OtherPosts) -> None:
        self._bot = bot
        self._rules = rules
        self._posts = posts
        self._notes = NoteReader(bot)

    def turn_for(self, draft: TumblrPost) -> NewTurn:
        """The turn that would have made a draft; not for the answer to an ask, which is the ask itself."""
        if draft.is_reblog:
            return self._of_reblog(draft)
        source = reply_source(draft.body)
        if source is None:
            raise Lost("it answers nobody that is known")
        return self._of_reply(draft, source)

    def _of_reblog(self, draft: TumblrPost) -> NewTurn:
        blog = parent_blog(draft)
        post = self._posts.get(blog, draft.parent_id) if blog and draft.parent_id else None
        if post is None:
            raise Lost(UNREADABLE)
        found = self._rules.of_post(self._kind(post), post, plain_text(post.body), post.timestamp, WHY)
        if isinstance(found, NewTurn):
            raise Lost(found.skip_reason)
        if others := self._bot.conversations.handled(found.turn.handles):
            raise Lost(f"another turn has answered {', '.join(sorted(others))}")
        return found.turn

    def _kind(self, post: TumblrPost) -> ThreadKind:
        settings = self._rules.settings
        if any(settings.is_bot(entry.blog) for entry in post.trail):
            return TurnKind.REBLOG
        return TurnKind.MENTION if names_bot(post, settings) else TurnKind.DASH

    def _of_reply(self, draft: TumblrPost, source: ReplySource) -> NewTurn:
        context = self._bot.tumblr.reader.post(str(source.post_id))
        if context is None:
            raise Lost("the post that was replied to is gone")
        theirs = [
            note
            for note in self._notes.read([context]).get(context.id, ())
            if note.type == "reply" and note.blog.lower() == source.blog_name.lower()
        ]
        note = quoted(theirs, draft.body)
        if note is None:
            raise Lost(f"no reply of {source.blog_name} to {context.id} is the one that it quotes")
        return waiting_reply(self._rules.settings, note, context).turn


def parent_blog(draft: TumblrPost) -> str:
    """Whose post a reblog was made from; empty when nobody says so."""
    last = draft.trail[-1].blog if draft.trail else ""
    return draft.reblogged_from or last


def quoted(replies: Sequence[Note], html: str) -> Note | None:
    """The reply that a post quotes: the longest whose words are in it, or the only one that there is."""
    written = fingerprint(html)
    said = [note for note in replies if note.said and plain_fingerprint(note.said) in written]
    if not said:
        return replies[0] if len(replies) == 1 else None
    return max(said, key=lambda note: len(note.said))
