"""The looks at what people say: their reblogs, their replies, their mentions of the bot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from tumblr.api.errors import LimitReached, NotFound, TumblrError, Unauthorized, Unreachable
from tumblr.api.models import Mention, TumblrPost, post_name
from tumblr.api.notes import Note
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.finders.conversation import ConversationSource, OwnPosts, ScanResult
from tumblr.finders.conversation_rules import (
    BY_HAND,
    answered_by_hand,
    context_note,
    context_of,
    cost,
    tip,
    why_not_context,
    why_not_in_thread,
    why_not_reblog,
    why_not_reply,
)
from tumblr.finders.damping import NONE_YET, Exchanges, exchanges_in, why_not_listed, why_not_talk
from tumblr.finders.other_posts import OtherPosts, plain_text, turn_about
from tumblr.finders.waiting import PendingTurn
from tumblr.store.turns import TurnStore
from tumblr.turns.image_texts import image_fields
from tumblr.turns.inputs import ReplyInput, SkippedInput, ThreadKind
from tumblr.turns.kinds import TurnKind
from tumblr.turns.quarantine import Quarantine
from tumblr.turns.threads import prompt_of, thread_of_reply
from tumblr.turns.turn import NewTurn

MENTIONS_READ = "mentions read"
"""Name of the mark that says up to which moment mentions have been read."""

UNREADABLE_SECONDS = 6 * 3600.0
"""How long one mention may fail to be read, whatever the reason, before it is given up."""

UNREADABLE = "it cannot be read: deleted, or hidden from the bot"

log = structlog.get_logger()


class ConversationRules:
    """What all sources go by."""

    def __init__(self, turns: TurnStore, settings: BotSettings) -> None:
        self.settings = settings
        self.turns = turns
        self._quarantine = Quarantine()

    def take(self, result: ScanResult, name: str, judge: Callable[[], NewTurn | PendingTurn | None]) -> None:
        """Add what becomes of one thing; when tumblr does not say what it needs to know, it waits."""
        try:
            found = self._quarantine.run(name, judge)
        except (LimitReached, Unauthorized, Unreachable):
            raise
        except TumblrError as error:
            log.warning("left for the next look", about=name, reason=str(error))
            return
        if isinstance(found, PendingTurn):
            result.waiting.append(found)
        elif found is not None:
            result.skipped.append(found)

    def why_not(self, who: str, exchanges: Exchanges = NONE_YET) -> str | None:
        """A reason not to talk with a blog."""
        reason = why_not_talk(who, self.settings, exchanges)
        return reason or why_not_listed(who, self.settings.user_list)

    def of_post(
        self, kind: ThreadKind, post: TumblrPost, said: str, timestamp: int, why: str
    ) -> NewTurn | PendingTurn:
        """What becomes of a post that somebody said something to the bot in."""
        settings, identity = self.settings, self.settings.identity
        thread = post.thread.as_reblogged_by(identity)
        reason = why_not_in_thread(post.contributors, settings) or self.why_not(
            post.blog, exchanges_in(self.turns, post, thread, post.blog, settings)
        )
        if reason is not None:
            return skipped(kind, post.name, post.blog, reason, said, timestamp)
        price = cost(said, len(thread.posts) - 1, post.summary)
        turn = turn_about(
            kind,
            post,
            thread,
            settings=settings,
            text=said,
            timestamp=timestamp,
            why=why,
            more={"cost": price, **image_fields(post.image_addresses, post.alt_texts)},
        )
        return PendingTurn(turn, timestamp, prompt_of(thread, identity), price)


class ReblogSource:
    """Finds reblogs of own posts that say something."""

    def __init__(self, bot: Bot, rules: ConversationRules, posts: OtherPosts) -> None:
        self._bot = bot
        self._rules = rules
        self._posts = posts

    def look(self, own: OwnPosts) -> ScanResult:
        """The reblogs that are new, oldest first."""
        found = {post_name(n.blog, n.post_id): n for notes in own.notes.values() for n in self._saying(notes)}
        known = self._bot.turns.known({TurnKind.REBLOG}, found) | self._bot.conversations.handled(found)
        by_hand = answered_by_hand(own.posts, self._rules.settings)
        result = ScanResult()
        for name, note in sorted(found.items(), key=lambda pair: pair[1].timestamp):
            if name not in known:
                self._rules.take(result, name, lambda name=name, note=note: self._judge(name, note, by_hand))  # type: ignore[misc]
        return result

    def _saying(self, notes: Sequence[Note]) -> Iterator[Note]:
        """Reblogs by others that said something, not too long ago."""
        oldest = self._rules.settings.oldest_input(self._bot.clock())
        for note in notes:
            recent = note.timestamp > oldest
            if note.type == "reblog" and note.said and recent and not self._rules.settings.is_bot(note.blog):
                yield note

    def _judge(self, name: str, note: Note, by_hand: Collection[str]) -> NewTurn | PendingTurn | None:
        reason = why_not_reblog(note, self._rules.settings) or self._rules.why_not(note.blog)
        if reason is None and name in by_hand:
            reason = BY_HAND
        post = self._posts.get(note.blog, note.post_id) if reason is None else None
        if post is None:
            return skipped(TurnKind.REBLOG, name, note.blog, reason or UNREADABLE, note.said, note.timestamp)
        reason = why_not_again(self._bot, post, self._rules.settings)
        if reason is not None:
            return skipped(TurnKind.REBLOG, name, note.blog, reason, note.said, note.timestamp)
        why = f"{note.blog} has reblogged it from {note.parent} and said something"
        return self._rules.of_post(TurnKind.REBLOG, post, note.said, note.timestamp, why)


@dataclass(frozen=True)
class Heard:
    """A reply as it was found."""

    note: Note
    post: TumblrPost
    """The own post whose notes were read."""

    context: str | None
    """Id of the own post that it answers."""

    ignored: str | None
    """Id of a post that is not to be answered, when this reply or a later one to the same post is to it."""


class ReplySource:
    """Finds replies to own posts."""

    def __init__(self, bot: Bot, rules: ConversationRules) -> None:
        self._bot = bot
        self._rules = rules

    def look(self, own: OwnPosts) -> ScanResult:
        """The replies that are new, oldest first."""
        found: dict[str, Heard] = {}
        for post in own.posts:
            for heard in self._heard(post, own.notes.get(post.id, ())):
                found.setdefault(_reply_name(heard.note, heard.context or post.id), heard)
        known = self._bot.turns.known({TurnKind.REPLY}, found)
        new = sorted(
            (pair for pair in found.items() if pair[0] not in known), key=lambda p: p[1].note.timestamp
        )
        result = ScanResult()
        follows = self._bot.cursors.follows() if new else ()
        for name, heard in new:
            self._rules.take(result, name, partial(self._judge, name, heard, own, follows))
        return result

    def _heard(self, post: TumblrPost, notes: Sequence[Note]) -> Iterator[Heard]:
        """The replies to a post, newest first. After one to an ignored post all are given up."""
        ignored: str | None = None
        for note in self._replies(notes):
            context = self._context(note, post, notes)
            if context in self._rules.settings.conversation.ignored_posts:
                ignored = context
            yield Heard(note, post, context, ignored)

    def _replies(self, notes: Sequence[Note]) -> Iterator[Note]:
        oldest = self._rules.settings.oldest_input(self._bot.clock())
        for note in notes:
            recent = note.timestamp > oldest
            if note.type == "reply" and recent and not self._rules.settings.is_bot(note.blog):
                yield note

    def _context(self, note: Note, post: TumblrPost, notes: Sequence[Note]) -> str | None:
        found = context_note(notes, note, self._rules.settings)
        return None if found is None else context_of(found, post, self._rules.settings)

    def _judge(
        self,
        name: str,
        heard: Heard,
        own: OwnPosts,
        follows: Collection[str],
    ) -> NewTurn | PendingTurn | None:
        settings = self._rules.settings
        note, post, context_id = heard.note, heard.post, heard.context
        reason = self._rules.why_not(note.blog)
        if reason is None and context_id is None:
            reason = "nothing of the bot's comes before it"
        if reason is None and heard.ignored is not None:
            reason = f"the post {heard.ignored} is not to be answered"
        if reason is None:
            reason = why_not_reply(note, own.notes[post.id], post, settings, follows)
        context = None if reason is not None or context_id is None else self._own_post(context_id, own)
        if reason is None:
            reason = (
                "the post that it answers is gone"
                if context is None
                else why_not_context(post, context, settings)
            )
        if reason is None and context is not None:
            thread = thread_of_reply(context, note.blog, note.said, settings.identity)
            exchanges = exchanges_in(self._bot.turns, context, thread, note.blog, settings)
            reason = self._rules.why_not(note.blog, exchanges)
        if reason is not None or context is None:
            return skipped(TurnKind.REPLY, name, note.blog, reason or "", note.said, note.timestamp)
        return waiting_reply(settings, note, context)

    def _own_post(self, post_id: str, own: OwnPosts) -> TumblrPost | None:
        listed = next((post for post in own.posts if post.id == post_id), None)
        return listed if listed is not None else self._bot.tumblr.reader.post(post_id)


def waiting_reply(settings: BotSettings, note: Note, context: TumblrPost) -> PendingTurn:
    """A reply to an own post, with all that answering it needs."""
    thread = thread_of_reply(context, note.blog, note.said, settings.identity)
    prompt = prompt_of(thread, settings.identity)
    price = cost(note.said, len(thread.posts) - 1, context.summary)
    details = ReplyInput(
        blog=note.blog,
        post_id=context.id,
        post_url=context.url,
        summary=context.summary,
        timestamp=note.timestamp,
        text=note.said,
        prompt=prompt,
        why=f"{note.blog} has replied to {context.url}",
        cost=price,
        **image_fields(context.image_addresses, context.alt_texts),
    )
    turn = NewTurn(TurnKind.REPLY, _reply_name(note, context.id), note.blog, details)
    return PendingTurn(turn, note.timestamp, prompt, price)


def _reply_name(note: Note, context_id: str) -> str:
    return f"{post_name(note.blog, context_id)}:{note.timestamp}"


class MentionSource:
    """Finds posts that name the bot, by tumblr's notifications."""

    def __init__(self, bot: Bot, rules: ConversationRules, posts: OtherPosts) -> None:
        self._bot = bot
        self._rules = rules
        self._posts = posts
        self._told = False
        self._unread_since: dict[str, float] = {}

    def look(self, own: OwnPosts) -> ScanResult:  # noqa: ARG002
        """The oldest of the mentions that are new, oldest first; so many that a look comes to its end."""
        read: int | None = self._bot.cursors.cursor(MENTIONS_READ)
        found = self._mentions(read)
        names = {mention.name: mention for mention in reversed(found)}
        done = self._bot.turns.known({TurnKind.MENTION}, names) | self._bot.conversations.handled(names)
        new = sorted((one for name, one in names.items() if name not in done), key=lambda one: one.timestamp)
        # Only what is in the store counts as read: whatever is not is shown by the next look again.
        newest = max((mention.timestamp for mention in found), default=read or 0)
        unread_since = new[0].timestamp if new else newest
        if read is None or unread_since > read:
            self._bot.cursors.set_cursor(MENTIONS_READ, unread_since)
        result = ScanResult()
        for mention in new[: self._rules.settings.conversation.mentions_to_check]:
            self._rules.take(result, mention.name, partial(self._judge, mention))
        self._give_up_unreadable(result, new)
        return result

    def _give_up_unreadable(self, result: ScanResult, new: Sequence[Mention]) -> None:
        """Skip what has failed for hours, so that what is older than it need not be read again for ever."""
        now = self._bot.elapsed()
        written = {turn.input_id for turn in (*result.skipped, *(one.turn for one in result.waiting))}
        left = [
            one
            for one in new[: self._rules.settings.conversation.mentions_to_check]
            if one.name not in written
        ]
        self._unread_since = {one.name: self._unread_since.get(one.name, now) for one in left}
        for one in left:
            if now - self._unread_since[one.name] >= UNREADABLE_SECONDS:
                reason = "it could not be read for hours"
                result.skipped.append(
                    skipped(TurnKind.MENTION, one.name, one.blog, reason, "", one.timestamp)
                )

    def _mentions(self, read: int | None) -> list[Mention]:
        """All since the mark; while there is none, the newest."""
        since = max(float(read or 0), self._rules.settings.oldest_input(self._bot.clock()))
        most = self._rules.settings.conversation.mentions_to_check if read is None else None
        try:
            listed = self._bot.tumblr.reader.mentions(since, most)
        except NotFound as error:
            if not self._told:
                log.warning("tumblr has no notifications; mentions are not found", reason=str(error))
            self._told = True
            return []
        return [mention for mention in listed if not self._rules.settings.is_bot(mention.blog)]

    def _judge(self, mention: Mention) -> NewTurn | PendingTurn | None:
        reason = self._rules.why_not(mention.blog)
        post = self._posts.get(mention.blog, mention.post_id) if reason is None else None
        if post is None:
            return skipped(
                TurnKind.MENTION, mention.name, mention.blog, reason or UNREADABLE, "", mention.timestamp
            )
        reason = why_not_again(self._bot, post, self._rules.settings)
        if reason is not None:
            return skipped(TurnKind.MENTION, mention.name, mention.blog, reason, "", mention.timestamp)
        why = f"{mention.blog} has named the bot"
        return self._rules.of_post(TurnKind.MENTION, post, plain_text(post.body), mention.timestamp, why)


def why_not_again(bot: Bot, post: TumblrPost, settings: BotSettings) -> str | None:
    """No second answer to the last words of a post's thread, which another turn may speak for."""
    last = tip(post, settings)
    if last is not None and bot.conversations.handled([last]):
        return f"{last} is answered already"
    return None


def skipped(kind: TurnKind, name: str, who: str, reason: str, said: str, timestamp: int) -> NewTurn:
    """Something that is not answered, for a stated reason."""
    return NewTurn(kind, name, who, SkippedInput(text=said, timestamp=timestamp), skip_reason=reason)


def conversation_sources(
    bot: Bot, settings: BotSettings, rules: ConversationRules, posts: OtherPosts
) -> dict[str, ConversationSource]:
    """What is looked at, by name, as the settings say; the order is that in which it is answered."""
    switched: dict[str, tuple[bool, ConversationSource]] = {
        "mentions": (settings.conversation.mentions, MentionSource(bot, rules, posts).look),
        "reblogs": (settings.conversation.reblogs, ReblogSource(bot, rules, posts).look),
        "replies": (settings.conversation.replies, ReplySource(bot, rules).look),
    }
    return {name: look for name, (is_on, look) in switched.items() if is_on}
