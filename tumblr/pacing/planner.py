"""What a pass looks at: the inbox each time, notes and dashboard as often as tumblr's limits allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from tumblr.api.errors import LimitReached, TumblrError, Unauthorized, Unreachable
from tumblr.api.key_pool import Group, KeySet
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.pacing.budget import RULES, Past, needed_of, odds, usable_rate
from tumblr.store.cursors import CheckSort, PastCheck
from tumblr.turns.turn import NewTurn

log = structlog.get_logger()


class Part(StrEnum):
    """The parts of a pass, in their usual order."""

    DRAFTS = "drafts"
    INBOX = "inbox"
    NOTES = "notes"
    DASHBOARD = "dashboard"
    QUEUE = "queue"


@dataclass(frozen=True)
class Step:
    """One thing that a pass does, most often a look at tumblr."""

    name: str
    part: Part
    find: Callable[[], list[NewTurn]]
    """The turns that are new; may raise the errors of ``tumblr.api.errors``."""


@dataclass(frozen=True)
class PassPlan:
    """What a pass looks at."""

    notes: bool
    dashboard_share: float = 0.0
    """Share of the dashboard's posts that are looked at; 0: none."""

    @property
    def sorts(self) -> frozenset[Part]:
        """The expensive parts that are in it."""
        wanted = {Part.NOTES: self.notes, Part.DASHBOARD: self.dashboard_share > 0}
        return frozenset(part for part, is_wanted in wanted.items() if is_wanted)


def order_of(plan: PassPlan, *, queue_first: bool) -> list[Part]:
    """The parts of a pass in order. The inbox is looked at again after each expensive part."""
    parts = [Part.DRAFTS, Part.INBOX]
    for expensive in (Part.NOTES, Part.DASHBOARD):
        if expensive in plan.sorts:
            parts += [expensive, Part.INBOX]
    return [Part.DRAFTS, Part.QUEUE, *parts[1:]] if queue_first else [*parts, Part.QUEUE]


class Planner:
    """Decides what the passes look at, and learns from what they cost."""

    def __init__(self, bot: Bot, settings: BotSettings) -> None:
        self._bot = bot
        self._pool = bot.tumblr.pool
        self._rules = RULES[settings.loop.budget]
        self._mean_pause = settings.mean_pause
        self._began = bot.elapsed()
        self.plan = PassPlan(notes=False)

    def begin(self) -> PassPlan:
        """The plan of a new pass. A key set of which nothing is known is asked for its figures first.

        Raises Unauthorized, and Unreachable when there is no tumblr to ask.
        """
        past = Past(self._bot.cursors.past_checks("base"), self._bot.cursors.past_checks("dashboard"))
        rates = self._rates(needed_of(past, self._rules))
        self._pool.prefer(rates, by_group=self._rules.group_first)
        base = [rates[one.name] for one in self._pool.applications(Group.BASE)]
        every = [rates[one.name] for one in self._pool.applications()]
        found = odds(base, every, past, self._mean_pause, self._rules)
        notes = self._bot.rng.random() < found.check
        share = found.dashboard_share if notes or self._rules.dashboard_apart else 0.0
        self.plan = PassPlan(notes, share)
        log.debug("pass", chance=round(found.check, 3), notes=notes, dashboard=round(share, 3))
        return self.plan

    def end(self, calls: dict[Part, int]) -> None:
        """Remember what the expensive parts of the pass cost, in calls; only those that came to their end."""
        now = self._bot.elapsed()
        seconds, self._began = now - self._began, now
        notes, dashboard = calls.get(Part.NOTES), calls.get(Part.DASHBOARD)
        if self._rules.dashboard_apart:
            # What a share of the dashboard cost says what the whole would have cost.
            whole = None if dashboard is None else round(dashboard / max(self.plan.dashboard_share, 0.01))
            self._remember("base", notes, seconds)
            self._remember("dashboard", whole, seconds)
        elif notes is not None:
            self._remember("base", notes + (dashboard or 0), seconds)

    def _remember(self, sort: CheckSort, calls: int | None, seconds: float) -> None:
        if calls:
            self._bot.cursors.add_check(PastCheck(sort, calls, seconds))

    def _rates(self, needed: float) -> dict[str, float]:
        now = self._bot.elapsed()
        rates = {}
        for one in self._pool.key_sets():
            if one.budget.limits is None and one.budget.closed_for <= 0:
                self._ask(one)
            limits = one.budget.limits
            is_open = limits is not None and one.budget.closed_for <= 0
            rates[one.name] = usable_rate(limits, now, needed, self._rules) if limits and is_open else 0.0
        return rates

    def _ask(self, one: KeySet) -> None:
        try:
            self._bot.tumblr.learn(one)
        except (Unauthorized, Unreachable):
            raise
        except LimitReached as error:
            log.warning("key set is used up", key_set=one.name, reason=str(error))
        except TumblrError as error:
            log.warning("nothing is known of a key set's calls", key_set=one.name, reason=str(error))


def steps_of(steps: Iterable[Step], parts: Sequence[Part]) -> list[Step]:
    """The steps of a pass with these parts, in order."""
    listed = list(steps)
    return [step for part in parts for step in listed if step.part is part]
