"""What happens in a long life of the bot: its days, one like the other, and what befalls it. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from tests.system.account import HOUR, Sort
from tests.system.account import Due as Owed
from tests.system.day_script import ECHO, FAULTS, Event, script
from tumblr.turns.fail_points import FailPoint
from tumblr_sandbox.faults import Fault, FaultKind

DAY = 24 * HOUR
VICTIMS = ("tumbl", "bridge", "generator", "selector")
POINTS = (
    FailPoint.DURING_FOUND, FailPoint.AFTER_FOUND, FailPoint.AFTER_REQUEST, FailPoint.AFTER_SUBMIT,
    FailPoint.AFTER_RESULT, FailPoint.AFTER_CHOICE, FailPoint.AFTER_INTENT, FailPoint.AFTER_POST,
    FailPoint.DURING_RECORD, FailPoint.AFTER_RECORD, FailPoint.AFTER_CHORE, FailPoint.DURING_JUDGMENT,
    FailPoint.AFTER_SENT_BACK,
)  # fmt: skip
"""Moments at which the bot kills itself; those that such a life comes by."""

KILLS_EVERY = 2 * HOUR
HARDER = 1.8
"""How much more often tumblr fails than on the bad one of the scripted days: a fifth of the calls."""

SOAK_FAULTS = tuple(
    fault.model_copy(update={"path": "/v2/*", "probability": (fault.probability or 0.0) * HARDER})
    for fault in FAULTS
    if fault.kind is not FaultKind.LIMIT
) + tuple(fault.model_copy(update={"path": "/v2/*"}) for fault in FAULTS if fault.kind is FaultKind.LIMIT)
"""All the ways in which tumblr fails; the limits as often as they were, as each ends an hour's calls."""


class Mishap(StrEnum):
    """What befalls the bot."""

    KILL = "kill"
    DIE_AT = "die at a point"
    UPGRADE = "upgrade"
    BAD_WEATHER = "bad weather"
    CLOCK_WRONG = "clock wrong"
    CLOCK_RIGHT = "clock right"
    DISK_FULL = "disk full"
    DISK_FREE = "disk free"
    BACK_UP = "back up"
    RESTORE = "restore"
    TRAIN = "train"
    END_OF_DAY = "end of day"


@dataclass(frozen=True, order=True)
class Due:
    """A mishap, so many seconds after the beginning."""

    at: float
    mishap: Mishap
    what: str = ""


@dataclass(frozen=True)
class SoakPlan:
    """How long a life, and how hard."""

    days: int = 30
    share: float = 0.1
    """Share of the scripted day's crowd that comes on each day."""

    seed: int = 1
    sleep_seconds: float = 600.0
    upgrades: bool = True
    trains: bool = True
    faults: tuple[Fault, ...] = SOAK_FAULTS

    @property
    def texts_days(self) -> int:
        """After how many days texts are forgotten, so that most of the life has something to forget."""
        return max(1, self.days // 6)

    @property
    def inputs_days(self) -> int:
        """After how many days names are forgotten."""
        return 2 * self.texts_days


SHORT = SoakPlan(days=1, share=0.02, sleep_seconds=1800.0, upgrades=False, trains=False)
"""A day that is lived in a minute, with all that befalls the bot but the upgrade and the training."""


def mishaps(plan: SoakPlan) -> list[Due]:
    """Everything that befalls the bot, in order."""
    rng = random.Random(plan.seed + 7)
    return sorted(
        [
            *_kills(plan, rng),
            *_once(plan, rng),
            *(Due(n * DAY, Mishap.END_OF_DAY) for n in range(1, plan.days + 1)),
        ]
    )


def _kills(plan: SoakPlan, rng: random.Random) -> Iterator[Due]:
    first = 12 * HOUR if plan.upgrades else 0.0
    points = iter(POINTS * (plan.days + 1))
    for number in range(int((plan.days * DAY - first) / KILLS_EVERY)):
        at = first + number * KILLS_EVERY + rng.uniform(0.1, 0.9) * KILLS_EVERY
        victim = VICTIMS[number % len(VICTIMS)]
        if victim == "tumbl" and number % 8 == 0:
            yield Due(at, Mishap.DIE_AT, next(points))
        else:
            yield Due(at, Mishap.KILL, victim)


def _once(plan: SoakPlan, rng: random.Random) -> Iterator[Due]:
    """Each of them once, spread over the life; the older release has the first half day, in good weather."""
    yield Due(12 * HOUR if plan.upgrades else 0.0, Mishap.UPGRADE)
    yield Due(12 * HOUR + 60.0 if plan.upgrades else 0.0, Mishap.BAD_WEATHER)
    left = plan.days * DAY - 14 * HOUR
    for place, first, second, lasts in (
        (0.25, Mishap.CLOCK_WRONG, Mishap.CLOCK_RIGHT, 40 * 60.0),
        (0.45, Mishap.DISK_FULL, Mishap.DISK_FREE, 60 * 60.0),
        (0.65, Mishap.BACK_UP, Mishap.RESTORE, rng.uniform(2, 5) * HOUR),
    ):
        begins = 13 * HOUR + place * left
        yield Due(begins, first)
        yield Due(begins + lasts, second)
    if plan.trains:
        yield Due(13 * HOUR + 0.85 * left, Mishap.TRAIN)


def events(plan: SoakPlan) -> list[Event]:
    """What people do on all days; no words are said twice, and nobody asks twice for what is shown once."""
    found: list[Event] = []
    moods: set[str] = set()
    for day in range(plan.days):
        for event in script(plan.seed + day, share=plan.share):
            if event.sort is Sort.FOLLOW and day > 0:
                continue
            if event.sort is Sort.MOOD and event.who in moods:
                continue
            moods |= {event.who} if event.sort is Sort.MOOD else set()
            found.append(_of_day(event, day))
    return sorted(found, key=lambda event: event.at)


def _of_day(event: Event, day: int) -> Event:
    def own(words: str) -> str:
        return words.replace("(no ", f"(no {day}-").replace("Soup Volume ", f"Soup Volume {day}-")

    why = own(event.why) if event.sort is Sort.REVIEW else event.why
    event = replace(event, at=event.at + day * DAY, text=own(event.text), why=why)
    if event.who == ECHO and day > 0:  # it is known by then for having gone back and forth
        return replace(event, due=Owed.CHANCE, why="it has an answer to everything")
    return event
