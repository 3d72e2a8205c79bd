"""Finding what people say to the bot: reblogs of its posts, replies to them, posts that name it.

All three are looked for together, as they are answered together: of each blog one reblog or mention and one
reply at a time, the cheapest first, and no more in one pass than the pace allows. What is not to be answered
is remembered as skipped, with the reason; what has to wait is written down, so that it is not lost when what
it was said about is no longer among the posts that are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from tumblr.api.errors import LimitReached, TumblrError, Unauthorized, Unreachable
from tumblr.api.models import TumblrPost
from tumblr.api.notes import Note
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.finders.conversation_rules import BY_HAND, answered_by_hand
from tumblr.finders.damping import DAY, HOUR, Talked, why_not_listed, why_not_talk
from tumblr.finders.note_reader import NoteReader
from tumblr.finders.waiting import PendingTurn, choose, crowding, group, odds, put_off
from tumblr.pacing.throttle import Throttle
from tumblr.turns.inputs import ReplyInput, ThreadInput
from tumblr.turns.kinds import CONVERSATION_KINDS
from tumblr.turns.turn import NewTurn

GOES_LATER = "others go first: one at a time of each blog, and no more than the pace and chance allow"
"""Why something is written down that could be answered."""

AUTO_LIMIT_HOURS = 1.0
"""A blog of which too much waits gets about one answer in so many hours, until the process ends."""

log = structlog.get_logger()


@dataclass(frozen=True)
class OwnPosts:
    """The bot's newest posts, and the conversation about each by its id."""

    posts: Sequence[TumblrPost]
    notes: Mapping[str, Sequence[Note]]


@dataclass(frozen=True)
class ScanResult:
    """What a look brought: turns that are skipped, and what could be answered."""

    skipped: list[NewTurn] = field(default_factory=list)
    waiting: list[PendingTurn] = field(default_factory=list)


ConversationSource = Callable[[OwnPosts], ScanResult]
"""Looks for one kind of thing that people say: what is new; may raise the errors of ``tumblr.api.errors``."""


class ConversationFinder:
    """Looks for what people say, and chooses what to answer now."""

    def __init__(
        self,
        bot: Bot,
        settings: BotSettings,
        sources: Mapping[str, ConversationSource],
        throttle: Callable[[], Throttle] = Throttle,
    ) -> None:
        self._bot = bot
        self._notes = NoteReader(bot)
        self._settings = settings
        self._sources = sources
        self._throttle = throttle
        self._crowding: set[str] = set()

    def find(self) -> list[NewTurn]:
        """The new turns: those that are skipped, those to answer now, oldest first, and those that wait."""
        if not self._sources:
            return []
        own = self._own_posts()
        skipped, waiting = self._stored(answered_by_hand(own.posts, self._settings))
        for name, look in self._sources.items():
            try:
                found = look(own)
            except (LimitReached, Unauthorized, Unreachable):
                raise
            except TumblrError as error:
                log.warning("a look failed", look=name, reason=str(error))
                continue
            skipped += found.skipped
            waiting += found.waiting
        chosen = self._choose(waiting)
        return [*skipped, *chosen, *put_off(waiting, chosen, GOES_LATER)]

    def _stored(self, by_hand: Collection[str]) -> tuple[list[NewTurn], list[PendingTurn]]:
        """What is written down: what is not to be answered any more, and what is."""
        skipped: list[NewTurn] = []
        waiting: list[PendingTurn] = []
        for turn in self._bot.turns.waiting(CONVERSATION_KINDS):
            said = turn.input
            assert isinstance(said, ReplyInput | ThreadInput)
            reason = why_not_talk(turn.who, self._settings)
            reason = reason or why_not_listed(turn.who, self._settings.user_list)
            if turn.input_id in by_hand:
                reason = BY_HAND
            if reason is not None:
                skipped.append(replace(turn, skip_reason=reason))
            else:
                waiting.append(PendingTurn(turn, said.timestamp, said.prompt, said.cost))
        return skipped, waiting

    def _own_posts(self) -> OwnPosts:
        newest = self._bot.tumblr.reader.recent(self._settings.conversation.posts_to_check)
        recent = [post for post in newest if self._is_in_window(post) and not self._is_ignored(post)]
        return OwnPosts(recent, self._notes.read(recent))

    def _is_in_window(self, post: TumblrPost) -> bool:
        now, hours = self._bot.clock(), self._settings.conversation.window_hours
        oldest = 0.0 if hours is None else now - 3600.0 * hours
        return post.timestamp > self._settings.oldest_input(now) and post.timestamp >= oldest

    def _is_ignored(self, post: TumblrPost) -> bool:
        ids = {post.id, *(entry.post_id for entry in post.trail)}
        return not ids.isdisjoint(self._settings.conversation.ignored_posts)

    def _choose(self, waiting: Sequence[PendingTurn]) -> list[NewTurn]:
        now, talk = self._bot.clock(), self._bot.conversations
        talked = Talked(talk.answers_since(now - HOUR), talk.answers_since(now - DAY))
        welcome = [item for item in waiting if talked.has_room(item.turn.who, self._settings.damping)]
        new = crowding(waiting, self._settings.conversation.auto_limit_above) - self._crowding
        if new:
            log.info("too much waits of these blogs", blogs=", ".join(sorted(new)))
        self._crowding |= new
        return choose(
            welcome,
            self._settings,
            self._throttle(),
            busy=self._busy(now),
            odds=self._odds,
            draw=self._bot.rng.random,
            answered=talked.last_hour,
        )

    def _odds(self, item: PendingTurn) -> float:
        chance = odds(item.turn.who, item.text, self._settings)
        if item.turn.who.lower() in self._crowding:
            chance = min(chance, self._settings.mean_pause / (3600.0 * AUTO_LIMIT_HOURS))
        return chance

    def _busy(self, now: float) -> set[tuple[str, str]]:
        """Blogs that are being answered; one whose turn rests after a failure may be answered meanwhile."""
        open_turns = (turn for kind in CONVERSATION_KINDS for turn in self._bot.turns.open_turns(kind))
        return {(turn.who.lower(), group(turn.kind)) for turn in open_turns if turn.is_due(now)}
