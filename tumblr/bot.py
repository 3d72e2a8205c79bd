"""The world as the bot meets it: tumblr, the switchboard, its memory, time and chance. No configuration."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from munging.figures import Block
from switchboard.client import SwitchboardClient
from tumblr.api.block_writer import BlockWriter
from tumblr.api.client import AccountWriter, TumblrDashReader, TumblrReader, full_blog_name
from tumblr.api.key_pool import Group, KeySet, Pool, PooledRead, PooledWrite, group_for
from tumblr.api.models import ReadingRules, TumblrPost
from tumblr.api.posting_switch import PostingSwitch
from tumblr.api.transport import UncheckedClient
from tumblr.api.writer import HtmlWriter, TumblrWriter
from tumblr.store.conversations import ConversationStore
from tumblr.store.cursors import CursorStore
from tumblr.store.database import Database
from tumblr.store.outbox import OutboxStore
from tumblr.store.reviews import ReviewStore
from tumblr.store.turns import TurnStore
from tumblr.turns.fail_points import FailPoints

if TYPE_CHECKING:  # loaded only where images are read
    from images.reader import ImageReader


@dataclass(frozen=True)
class Drawing:
    """A drawn text: a PNG, and its size in pixels."""

    png: bytes
    width: int
    height: int
    guidance: float | None = None
    """Guidance scale of a picture that a generator has made of a description; None: drawn words."""


Draw: TypeAlias = Callable[[Block], Drawing]
"""Draws an image block; raises an error that says why it cannot."""


@dataclass(frozen=True)
class Tumblr:
    """The ways to tumblr: what reads and, unless nothing may be changed, what writes."""

    pool: Pool
    reader: TumblrReader
    dashboard: TumblrDashReader | None = None
    """Reads as the dashboard account; None without key sets of it."""

    writer: TumblrWriter | None = None
    account: AccountWriter | None = None
    """Writes as the dashboard account."""

    @classmethod
    def over(cls, key_sets: Sequence[KeySet], rules: ReadingRules, *, npf: bool, blocks: bool) -> Tumblr:
        """The ways over some key sets; those that only read give none that writes.

        ``npf`` is the form in which posts are read, ``blocks`` that in which they are written.
        """
        blog = rules.identity.blog
        pool, own = Pool(key_sets), full_blog_name(blog)
        reads = PooledRead(pool, lambda url, params: group_for(url, params, own))
        dashboard = PooledRead(pool, lambda _url, _params: Group.DASHBOARD)
        writing = {one.group for one in key_sets if one.write is not None}
        base = PooledWrite(pool, Group.BASE)
        writer = BlockWriter(base, reads, blog) if blocks else HtmlWriter(base, blog)
        return cls(
            pool,
            TumblrReader(reads, rules, npf=npf),
            TumblrDashReader(dashboard, rules, npf=npf) if pool.key_sets(Group.DASHBOARD) else None,
            writer if Group.BASE in writing else None,
            AccountWriter(PooledWrite(pool, Group.DASHBOARD)) if Group.DASHBOARD in writing else None,
        )

    def learn(self, one: KeySet) -> None:
        """Make one cheap call with a key set, whose answer says how many calls it has left."""
        UncheckedClient(one.read).posts(self.reader.blog, limit=1)

    def post_of(self, blog: str, post_id: str) -> TumblrPost | None:
        """A published post of any blog. What the blog's own account may not see the other is asked for."""
        found = self.reader.post_of(blog, post_id)
        if found is None and self.dashboard is not None:
            return self.dashboard.post_of(blog, post_id)
        return found


@dataclass(frozen=True)
class Bot:
    """All that the bot's parts share. Tests build one with a tumblr, a clock and chance of their own."""

    tumblr: Tumblr
    switchboard: SwitchboardClient
    database: Database
    clock: Callable[[], float]
    """Tells the time in unix seconds."""

    monotonic: Callable[[], float] | None = None
    """Counts seconds that no change of the machine's clock moves; None: nobody sets the clock."""

    rng: random.Random = field(default_factory=random.Random)
    image_reader: ImageReader | None = None
    """Reads text in images; None: images are not read."""

    draw: Draw | None = None
    """Draws the image blocks in what the bot writes; None: they stay text."""

    fail_points: FailPoints = field(default_factory=FailPoints)
    posting: PostingSwitch = field(default_factory=PostingSwitch)
    bell: threading.Event = field(default_factory=threading.Event)
    """Set when something was decided that the loop should not sleep over."""

    @cached_property
    def turns(self) -> TurnStore:
        """Turns, inputs of the mood, the post log."""
        return TurnStore(self.database, self.clock, self.fail_points)

    @cached_property
    def outbox(self) -> OutboxStore:
        """Edits that wait to be made to posts that exist."""
        return OutboxStore(self.database, self.clock)

    @cached_property
    def reviews(self) -> ReviewStore:
        """What waits for the operator, and what was decided."""
        return ReviewStore(self.database, self.clock, self.fail_points)

    @cached_property
    def conversations(self) -> ConversationStore:
        """Which posts are spoken for, notes, scores of texts that are no turn's."""
        return ConversationStore(self.database, self.clock, self.fail_points)

    @cached_property
    def cursors(self) -> CursorStore:
        """How far lists were read, whom the bot follows, what its checks cost."""
        return CursorStore(self.database, self.clock)

    @property
    def elapsed(self) -> Callable[[], float]:
        """Counts seconds from some moment on: for durations, which the machine's clock must not stretch."""
        return self.monotonic or self.clock

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)
