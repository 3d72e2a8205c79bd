"""Days of life in seconds: people and a stand-in for the bot, on simulated time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.people.executor import ActionExecutor
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.residents import KINDS, SWITCH, TIME
from tumblr_sandbox.people.schedule import DAY
from tumblr_sandbox.people.simulation import ActionResult, Language, Simulation
from tumblr_sandbox.people.stand_in import StandIn
from tumblr_sandbox.people.words import load_phrases
from tumblr_sandbox.services.limits import Limits
from tumblr_sandbox.services.posting import Writer
from tumblr_sandbox.store.accounts import find_blog
from tumblr_sandbox.store.database import get_setting, put_setting
from tumblr_sandbox.world import World

BATCH = 200
"""Visits in one transaction."""
STAND_IN_SECONDS = 600.0
"""How often the stand-in looks at its inbox."""
STAND_IN_POSTS = 16
"""Every how many looks it writes something of its own."""
UNLIMITED = Limits(posts_per_day=10**6, follows_per_day=10**6, likes_per_day=10**6)

Event = tuple[float, Callable[[Connection, float], None]]
"""Something that happens at a time of its own, beside the people's visits."""


@dataclass
class BackfillResult:
    """What came of a simulation: the time it reached, visits, and actions by kind."""

    until: float
    visits: int = 0
    actions: Counter[str] = field(default_factory=Counter)

    def count(self, done: Sequence[ActionResult]) -> None:
        """Add a visit."""
        self.visits += 1
        for one in done:
            kind = KINDS[type(one.action)]
            self.actions[f"refused {kind}" if one.problem else kind] += 1


class Backfill:
    """Simulated days. The same seed and the same beginning give the same days."""

    def __init__(
        self, world: World, switch: PeopleSwitch, *, spoils: bool = True, events: Sequence[Event] = ()
    ) -> None:
        self._database = world.database
        self._switch = switch
        rng = random.Random(f"past/{switch.seed}")
        writer = Writer(rng, UNLIMITED)
        language = Language(load_tables(), load_phrases())
        extractor = FeatureExtractor(language.tables, language.phrases)
        self._stand_in = StandIn(language.tables, extractor, writer, rng, spoils=spoils)
        self._simulation = Simulation(
            language,
            ActionExecutor(writer, UNLIMITED),
            seed=switch.seed,
            count=switch.count,
            bot=switch.bot,
            rng=rng,
        )
        self._events = sorted(events, key=lambda event: event[0])
        self._looks = 0
        self._look_at = 0.0
        self._answered_until = float("inf")
        self._answered = 0

    @property
    def names(self) -> list[str]:
        """Who lives here, in the order of their numbers."""
        return [person.name for person in self._simulation.people]

    def live(self, start: float, *, days: float, answered_until: float | None = None) -> BackfillResult:
        """Live for so many days from a time (unix seconds; the people's clock is the same).

        A life that was begun goes on from where it stopped, whatever ``start`` says. What is asked after
        ``answered_until`` is left for the real bot. If that is given, people speak to the bot by asks only
        before it: the bot would answer again what is no ask.
        """
        with self._database.write() as connection:
            start = float(get_setting(connection, TIME, start))
            self._simulation.settle(connection, start, start)
            put_setting(connection, SWITCH, self._switch.model_dump())
        lived, end = BackfillResult(start), start + days * DAY
        self._look_at = start
        self._answered_until = float("inf") if answered_until is None else answered_until
        self._asks_until = 0.0 if answered_until is None else answered_until
        while lived.until < end:
            with self._database.write() as connection:
                for _ in range(BATCH):
                    if not self._happens(connection, lived, end):
                        break
                put_setting(connection, TIME, lived.until)
        return lived

    def _happens(self, connection: Connection, lived: BackfillResult, end: float) -> bool:
        """Let the next thing happen; false when it lies beyond the end."""
        event = self._events[0][0] if self._events else float("inf")
        moment = min(self._simulation.next_at, self._look_at, event)
        lived.until = min(moment, end)
        if moment >= end:
            return False
        if moment == event:
            self._events.pop(0)[1](connection, moment)
            self._simulation.look_around(connection)
        elif moment == self._look_at:
            self._look_at += STAND_IN_SECONDS
            if moment <= self._answered_until:
                self._stand_in_looks(connection, moment)
        else:
            self._simulation.only_asks = moment <= self._asks_until
            lived.count(self._simulation.next_visit(connection, moment))
        return True

    def _stand_in_looks(self, connection: Connection, now: float) -> None:
        """Answer asks and what was said to the bot's posts; now and then write something."""
        blog = find_blog(connection, self._switch.bot)
        if blog is None:
            return
        self._looks += 1
        self._stand_in.answer_asks(connection, blog, now)
        for item in self._simulation.said_to_bot(self._answered):
            self._stand_in.answer_post(connection, blog, item, now)
            self._answered = item.id
        if self._looks % STAND_IN_POSTS == 0:
            self._stand_in.post(connection, blog, now)
        self._simulation.look_around(connection)
