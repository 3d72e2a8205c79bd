"""Finding places in the queue: when an original post should be written."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tumblr.api.client import PAGE
from tumblr.api.models import TumblrPost
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.responding.reconcile import answers_nobody
from tumblr.settings import QueueConfig
from tumblr.turns.inputs import OriginalInput
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import NewTurn


def slots(day: date, zone: ZoneInfo, settings: QueueConfig) -> list[datetime]:
    """The times (UTC) at which queued posts are published on a local date."""
    opens = datetime.combine(day, time.min) + timedelta(hours=settings.start_hour)
    step = timedelta(hours=settings.end_hour - settings.start_hour) / (settings.posts_per_day + 1)
    local = (opens + k * step for k in range(1, settings.posts_per_day + 1))
    return [moment.replace(tzinfo=zone).astimezone(UTC) for moment in local]


def next_queue_time(
    scheduled: Iterable[int], now: datetime, zone: ZoneInfo, settings: QueueConfig
) -> datetime:
    """The time (UTC) at which a post that is queued now will be published.

    ``scheduled`` holds the times (unix seconds) of the posts that are in the queue.
    """
    after = max([now, *(datetime.fromtimestamp(moment, UTC) for moment in scheduled)])
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        later = [slot for slot in slots(day, zone, settings) if slot > after]
        if later:
            return later[0]
        day += timedelta(days=1)


class QueueFinder:
    """Reads the queue and says how many original posts are to be written.

    With ``only_today`` none while the queue reaches into tomorrow, unless the queue goes first because the
    day's posts run out.

    When everything is drafted for a human, drafts that still wait for them fill the queue's places, so
    that drafts do not pile up.
    """

    kind = TurnKind.ORIGINAL

    def __init__(
        self, bot: Bot, settings: BotSettings, queue_first: Callable[[], bool] = lambda: False
    ) -> None:
        self._bot = bot
        self._queue = settings.queue
        self._zone = settings.zone
        self._drafts_only = settings.drafts_only or settings.branch_testing.on
        self._queue_first = queue_first

    def find(self) -> list[NewTurn]:
        """The new turns: none while one is being written, or when enough posts wait."""
        if self._queue.write_when_below == 0 or self._bot.turns.open_turns(self.kind):
            return []
        queued = self._queued()
        missing = self._queue.write_when_below - len(queued)
        if missing > 0 and self._drafts_only:
            missing -= self._own_drafts(missing)
        scheduled = [post.scheduled_publish_time for post in queued if post.scheduled_publish_time]
        if self._queue.only_today and not self._queue_first() and self._reaches_tomorrow(scheduled):
            return []
        return self._places(max(0, min(missing, self._queue.posts_per_pass)), scheduled)

    def _queued(self) -> list[TumblrPost]:
        """The queue, as far as it says whether posts are missing; one page costs one call."""
        reader = self._bot.tumblr.reader
        if self._queue.write_when_below <= PAGE:
            return reader.queue_head()
        return list(itertools.islice(reader.queue(), self._queue.write_when_below))

    def _reaches_tomorrow(self, scheduled: list[int]) -> bool:
        """Whether the last queued post will be published on a later date than today's."""
        today = self._bot.now.astimezone(self._zone).date()
        return datetime.fromtimestamp(max(scheduled, default=0), self._zone).date() > today

    def _own_drafts(self, enough: int) -> int:
        """How many of the bot's original drafts still wait; counting stops when there are enough.

        A draft that looks like one counts even if the store does not know it, which may be a copy put back.
        """
        own = self._bot.turns.post_ids(self.kind, TurnState.DRAFTED)
        logged = self._bot.turns.logged_post_ids()
        waiting = (
            draft
            for draft in self._bot.tumblr.reader.drafts()
            if draft.id in own or (draft.id not in logged and answers_nobody(draft))
        )
        return sum(1 for _ in itertools.islice(waiting, enough))

    def _places(self, number: int, scheduled: list[int]) -> list[NewTurn]:
        now = self._bot.clock()
        places = []
        for k in range(number):
            moment = next_queue_time(scheduled, datetime.fromtimestamp(now, UTC), self._zone, self._queue)
            scheduled = [*scheduled, int(moment.timestamp())]
            # Named after the moment it was found: the same place may be found again when a post is drafted.
            name = f"{int(now * 1000)}-{k}"
            places.append(NewTurn(self.kind, name, input=OriginalInput(publish_time=moment)))
        return places
