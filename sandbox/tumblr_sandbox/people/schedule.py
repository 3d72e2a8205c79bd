"""When people come by: at random while they are awake, and not at all while they are silent."""

from __future__ import annotations

import random

from tumblr_sandbox.people.characters import Person

DAY, HOUR = 86_400.0, 3600.0
SILENCE_DAYS = (0.5, 5.0)


def first_visit(person: Person, now: float, rng: random.Random) -> float:
    """When somebody comes by for the first time."""
    return _awake_from(person, now + rng.expovariate(1 / _mean_gap(person)))


def next_visit(person: Person, now: float, rng: random.Random) -> tuple[float, float]:
    """When somebody comes by again, and until when they are silent (0: not at all).

    The gaps between visits are exponential within waking hours; who falls asleep in one comes after that.
    """
    gap = rng.expovariate(1 / _mean_gap(person))
    silence = rng.uniform(*SILENCE_DAYS) * DAY if rng.random() < person.falls_silent else 0.0
    return _awake_from(person, now + gap + silence), now + silence if silence else 0.0


def _mean_gap(person: Person) -> float:
    """Seconds between visits while awake."""
    return person.awake_hours * HOUR / person.visits_per_day


def _awake_from(person: Person, time: float) -> float:
    """This time, or when they next get up if they sleep then: not on the dot."""
    if person.is_awake(time):
        return time
    until_up = (person.gets_up * HOUR - time) % DAY
    return time + until_up + (time % 1800)
