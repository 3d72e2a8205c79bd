"""Finding what people say to the bot: reblogs of its posts, replies to them, posts that name it.

All three are looked for together, as they are answered together: of each blog one reblog or mention and one
reply at a time, the cheapest first, and no more in one pass than the pace allows. What is not to be answered
is remembered as skipped, with the reason. What has to wait is found again by the next look.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from tumblr.api.client import Reader
from tumblr.api.errors import LimitReached, TumblrError, Unauthorized, Unreachable
from tumblr.api.models import TumblrPost
from tumblr.api.note_reader import NoteReader
from tumblr.api.notes import Note
from tumblr.finders.conversation_rules import BlogRelations
from tumblr.finders.damping import DAY, HOUR, Damping, Talked
from tumblr.finders.waiting import Limited, PendingTurn, Preferences, choose, crowding, group
from tumblr.pacing.throttle import Throttle
from tumblr.turns.turn import CONVERSATION_KINDS, NewTurn, Turn, TurnKind

AUTO_LIMIT_HOURS = 1.0
"""A blog of which too much waits gets about one answer in so many hours, until the process ends."""

log = structlog.get_logger()


class Memory(Protocol):
    """What finding conversations needs to know of the past."""

    def known(self, kinds: Collection[TurnKind], input_ids: Collection[str]) -> set[str]:
        """Those of the inputs for which there is a turn of one of these kinds."""
        ...

    def open_turns(self, kind: TurnKind | None = None) -> list[Turn]:
        """The turns that are not closed."""
        ...


class TalkMemory(Protocol):
    """What is remembered of conversations."""

    def handled(self, posts: Collection[str]) -> set[str]:
        """Those of some posts, by name, that a turn has spoken for."""
        ...

    def answers_since(self, moment: float) -> Mapping[str, int]:
        """How often each blog, in lower case, was answered in turns found since a moment."""
        ...


@dataclass(frozen=True)
class Window:
    """How far back the bot looks."""

    posts: int
    """Newest own posts whose notes are read."""

    start_timestamp: int = 0
    """Unix seconds; nothing older is reacted to."""

    hours: float | None = None
    """Own posts that are older are left out; with None none is."""

    def holds(self, post: TumblrPost, now: float) -> bool:
        """Whether the notes of an own post are looked at."""
        oldest = 0.0 if self.hours is None else now - 3600.0 * self.hours
        return post.timestamp > self.start_timestamp and post.timestamp >= oldest


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


class ConversationSource(Protocol):
    """Looks for one kind of thing that people say."""

    def look(self, own: OwnPosts) -> ScanResult:
        """What is new; may raise the errors of ``tumblr.api.errors``."""
        ...


class ConversationFinder:
    """Looks for what people say, and chooses what to answer now."""

    def __init__(
        self,
        reader: Reader,
        notes: NoteReader,
        looks: Sequence[ConversationSource],
        memory: Memory,
        talk: TalkMemory,
        *,
        company: BlogRelations,
        window: Window,
        preferences: Preferences,
        damping: Damping,
        limited: Limited,
        pace: Callable[[], Throttle],
        rng: random.Random,
        clock: Callable[[], float],
    ) -> None:
        self._reader = reader
        self._notes = notes
        self._looks = looks
        self._memory = memory
        self._talk = talk
        self._company = company
        self._window = window
        self._preferences = preferences
        self._damping = damping
        self._limited = limited
        self._pace = pace
        self._rng = rng
        self._clock = clock
        self._crowding: set[str] = set()

    def find(self) -> list[NewTurn]:
        """The new turns: those that are skipped, then those to answer now, oldest first."""
        own = self._own_posts()
        skipped: list[NewTurn] = []
        waiting: list[PendingTurn] = []
        for look in self._looks:
            try:
                harvest = look.look(own)
            except (LimitReached, Unauthorized, Unreachable):
                raise
            except TumblrError as error:
                log.warning("a look failed", look=type(look).__name__, reason=str(error))
                continue
            skipped += harvest.skipped
            waiting += harvest.waiting
        return [*skipped, *self._choose(waiting)]

    def _own_posts(self) -> OwnPosts:
        now = self._clock()
        recent = [
            post
            for post in self._reader.recent(self._window.posts)
            if self._window.holds(post, now) and not self._is_ignored(post)
        ]
        return OwnPosts(recent, self._notes.read(recent))

    def _is_ignored(self, post: TumblrPost) -> bool:
        ids = {post.id, *(entry.post_id for entry in post.trail)}
        return bool(ids & self._company.ignored_posts)

    def _choose(self, waiting: Sequence[PendingTurn]) -> list[NewTurn]:
        now = self._clock()
        talked = Talked(self._talk.answers_since(now - HOUR), self._talk.answers_since(now - DAY))
        welcome = [item for item in waiting if talked.has_room(item.turn.who, self._damping)]
        new = crowding(waiting, self._preferences) - self._crowding
        if new:
            log.info("too much waits of these blogs", blogs=", ".join(sorted(new)))
        self._crowding |= new
        return choose(
            welcome,
            self._preferences,
            self._pace(),
            busy=self._busy(now),
            odds=self._odds,
            draw=self._rng.random,
        )

    def _odds(self, item: PendingTurn) -> float:
        odds = self._limited.odds(item.turn.who, item.text)
        if item.turn.who.lower() in self._crowding:
            odds = min(odds, self._limited.pass_seconds / (3600.0 * AUTO_LIMIT_HOURS))
        return odds

    def _busy(self, now: float) -> set[tuple[str, str]]:
        """Blogs that are being answered; one whose turn rests after a failure may be answered meanwhile."""
        open_turns = (turn for kind in CONVERSATION_KINDS for turn in self._memory.open_turns(kind))
        return {(turn.who.lower(), group(turn.kind)) for turn in open_turns if turn.not_before <= now}
