"""Finding places in the queue: when an original post should be written."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from tumblr.api.client import Reader
from tumblr.finders.queue_times import QueueSettings, next_queue_time
from tumblr.turns.turn import NewTurn, Turn, TurnKind, TurnState


class Memory(Protocol):
    """What finding places needs to know of the past."""

    def open_turns(self, kind: TurnKind | None = None) -> list[Turn]:
        """The turns that are not closed."""
        ...

    def post_ids(self, kind: TurnKind, state: TurnState) -> set[str]:
        """The ids of the posts that turns of this kind ended with."""
        ...


class QueueFinder:
    """Reads the queue and says how many original posts are to be written.

    With ``only_today`` none while the queue reaches into tomorrow, unless the queue goes first because the
    day's posts run out.

    When everything is drafted for a human, drafts that still wait for them fill the queue's places, so
    that drafts do not pile up.
    """

    kind = TurnKind.ORIGINAL

    def __init__(
        self,
        reader: Reader,
        memory: Memory,
        settings: QueueSettings,
        *,
        write_when_below: int,
        posts_per_pass: int,
        drafts_only: bool,
        clock: Callable[[], float],
        only_today: bool = False,
        queue_first: Callable[[], bool] = lambda: False,
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._settings = settings
        self._wanted = write_when_below
        self._at_once = posts_per_pass
        self._drafts_only = drafts_only
        self._clock = clock
        self._only_today = only_today
        self._queue_first = queue_first

    def find(self) -> list[NewTurn]:
        """The new turns: none while one is being written, or when enough posts wait."""
        if self._wanted == 0 or self._memory.open_turns(self.kind):
            return []
        queued = self._reader.queue_head()
        missing = self._wanted - len(queued)
        if missing > 0 and self._drafts_only:
            missing -= self._own_drafts(missing)
        scheduled = [post.scheduled_publish_time for post in queued if post.scheduled_publish_time]
        if self._only_today and not self._queue_first() and self._reaches_tomorrow(scheduled):
            return []
        return self._places(max(0, min(missing, self._at_once)), scheduled)

    def _reaches_tomorrow(self, scheduled: list[int]) -> bool:
        """Whether the last queued post will be published on a later date than today's."""
        zone = self._settings.timezone
        today = datetime.fromtimestamp(self._clock(), zone).date()
        return datetime.fromtimestamp(max(scheduled, default=0), zone).date() > today

    def _own_drafts(self, enough: int) -> int:
        """How many of the bot's original drafts still wait; counting stops when there are enough."""
        own = self._memory.post_ids(self.kind, TurnState.DRAFTED)
        waiting = (draft for draft in self._reader.drafts() if draft.id in own) if own else iter(())
        return sum(1 for _ in itertools.islice(waiting, enough))

    def _places(self, number: int, scheduled: list[int]) -> list[NewTurn]:
        now = self._clock()
        places = []
        for k in range(number):
            moment = next_queue_time(scheduled, datetime.fromtimestamp(now, UTC), self._settings)
            scheduled = [*scheduled, int(moment.timestamp())]
            # Named after the moment it was found: the same place may be found again when a post is drafted.
            name = f"{int(now * 1000)}-{k}"
            places.append(NewTurn(self.kind, name, input={"publish_time": moment.isoformat()}))
        return places
