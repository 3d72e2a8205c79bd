"""Watches how near the blog is to tumblr's limit of posts per day, and says how much to hold back."""

from __future__ import annotations

import structlog

from tumblr.api.errors import TumblrError, Unauthorized, Unreachable
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.pacing.throttle import (
    BASE,
    RATE_WINDOW,
    Throttle,
    ThrottleLevel,
    count_posts,
    last_reset,
    level_for,
)

REFRESH_SECONDS = 600.0
"""How old the list of own posts may be. What the bot itself has posted since is known without it."""

log = structlog.get_logger()


class PostLimit:
    """How much the bot holds back now.

    It comes by posts that were published meanwhile, and has their turns know them by their new ids.
    """

    def __init__(self, bot: Bot, settings: BotSettings) -> None:
        self._bot = bot
        self._reader = bot.tumblr.reader
        self._loop = settings.loop
        self._clock = bot.clock
        self._published: dict[str, int] = {}
        self._queued: list[int] = []
        self._read_at: float | None = None
        self.level = BASE

    def update(self) -> ThrottleLevel:
        """Look again, if it is time to; what cannot be read leaves things as they were.

        Raises Unauthorized, and Unreachable when there is no tumblr to look at.
        """
        if self._loop.slowdown:
            self._refresh()
            self._change(
                level_for(count_posts(self._moments(), self._queued, self._clock(), self._loop.posts_per_day))
            )
        return self.level

    def throttle(self) -> Throttle:
        """What the level says about answers."""
        return Throttle(self.level.posts_factor, self.level.cost_limit)

    def _moments(self) -> list[float]:
        moments: list[float] = list(self._published.values())
        if self._read_at is not None:
            moments += [self._clock()] * self._bot.turns.posted_since(self._read_at)
        return moments

    def _refresh(self) -> None:
        now = self._clock()
        if self._read_at is not None and abs(now - self._read_at) < REFRESH_SECONDS:
            return
        since = min(last_reset(now), now - RATE_WINDOW)
        try:
            new = self._new_posts(since)
            queued = [post.scheduled_publish_time for post in self._reader.queue_head()]
        except (Unauthorized, Unreachable):
            raise
        except TumblrError as error:
            log.warning("own posts not counted", reason=str(error))
            return
        self._published = {i: t for i, t in {**self._published, **new}.items() if t >= since}
        self._queued = [moment for moment in queued if moment]
        self._read_at = now

    def _new_posts(self, since: float) -> dict[str, int]:
        """The posts published since a moment, by id; reading stops at one that was counted before."""
        new: dict[str, int] = {}
        former: dict[str, str] = {}
        for post in self._reader.published_since(since):
            if post.id in self._published:
                break
            if not post.is_pinned:
                new[post.id] = post.timestamp
            if post.genesis_post_id:
                former[post.id] = post.genesis_post_id
        self._bot.outbox.published(former)
        return new

    def _change(self, level: ThrottleLevel) -> None:
        if level != self.level:
            log.info("other pace", pace=level.name, before=self.level.name)
        self.level = level
