"""Who the people are: temperaments, habits, tastes, drawn from a seed and a number.

Person number 7 of seed 1 is the same whether 10 or 1000 people live here.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tumblr_sandbox.demo_accounts import BOT, PEOPLE
from tumblr_sandbox.language.tables import Tables
from tumblr_sandbox.people.taste import Fashion, Taste, draw_taste

LOUD = 16
"""The first so many people mostly do things; of those who come later most only read."""
KIND, RUDE = 0.6, -0.6
"""Kindness above and below which a person is always kind, or never."""


@dataclass(frozen=True)
class Temperament:
    """How a kind of person behaves: ranges of visits in a day, and the chance of each action in a visit."""

    name: str
    weight: float
    loud_weight: float
    visits: tuple[float, float]
    kindness: tuple[float, float] = (0.0, 1.0)
    post: float = 0.0
    ask: float = 0.0
    reblog: float = 0.0
    comment: float = 0.4
    reply: float = 0.0
    mention: float = 0.0
    command: float = 0.0
    spam: float = 0.0
    answers: float = 0.5
    anonymous: float = 0.3


TEMPERAMENTS: tuple[Temperament, ...] = (
    Temperament("reader", 80, 0, (2, 7), post=0.02, ask=0.01, reblog=0.04, comment=0.1, reply=0.01),
    Temperament(
        "chatterer", 4, 5, (6, 12), ask=0.4, reply=0.2, reblog=0.1, post=0.1, mention=0.05, answers=0.8
    ),
    Temperament("poster", 4, 5, (3, 8), post=0.5, ask=0.08, reblog=0.1, reply=0.1, mention=0.03),
    Temperament("reblogger", 4, 4, (5, 12), reblog=0.5, comment=0.5, ask=0.05, post=0.06, reply=0.1),
    Temperament(
        "fan", 2, 3, (5, 10), (0.7, 1.0), ask=0.35, reply=0.3, reblog=0.3, mention=0.15, anonymous=0.0
    ),
    Temperament("grump", 2, 2, (3, 7), (-1.0, -0.4), ask=0.3, reply=0.3, reblog=0.2, post=0.1, anonymous=0.6),
    Temperament("prankster", 2, 2, (3, 7), ask=0.35, command=0.25, mention=0.1, post=0.2, reply=0.1),
    Temperament("spammer", 2, 0.5, (1, 3), (-0.3, 0.3), spam=0.6, ask=0.1, post=0.2, anonymous=0.1),
)
"""Chances are for each visit; ``comment`` is the share of reblogs with words, ``anonymous`` that of asks
without a name, ``answers`` how readily they answer back. ``weight`` counts in the crowd, ``loud_weight``
among the first."""

STYLES: Mapping[str, float] = {"lower": 5, "plain": 3, "loud": 1, "proper": 2}
"""How people type, with weights: all lower case; as it comes; with shouting and signs; with full stops."""


@dataclass(frozen=True)
class Person:
    """One character. Hours are of the day in UTC."""

    number: int
    name: str
    title: str
    description: str
    temperament: Temperament
    taste: Taste
    style: str
    kindness: float
    """From -1 (rude) to 1 (kind)."""
    patience: float
    """How likely they are to go on with a conversation after each turn, 0 to 1."""
    visits_per_day: float
    gets_up: float
    awake_hours: float
    falls_silent: float
    """Chance, after each visit, of some days of silence."""

    def is_awake(self, time: float) -> bool:
        """Whether they are up at this unix time."""
        return (time / 3600 - self.gets_up) % 24 < self.awake_hours

    @property
    def favourites(self) -> tuple[str, ...]:
        """The topics they are fond of, the dearest first."""
        fond = [topic for topic, liking in self.taste.topics.items() if liking > 0]
        return tuple(sorted(fond, key=lambda topic: -self.taste.topics[topic]))


class Population:
    """Makes people: always the same from the same seed."""

    def __init__(self, tables: Tables, phrases: Mapping[str, Sequence[str]], seed: int) -> None:
        self._tables = tables
        self._phrases = phrases
        self.seed = seed
        rng = random.Random(f"crowd/{seed}")
        self.fashion = Fashion.draw(tuple(tables.topics), rng)
        self._names = _names(tables, phrases, rng)

    def person(self, number: int) -> Person:
        """The person with this number, from 0."""
        rng = random.Random(f"person/{self.seed}/{number}")
        temperament = _temperament(rng, loud=number < LOUD)
        taste = draw_taste(self.fashion, rng)
        fond = [topic for topic, liking in taste.topics.items() if liking > 0]
        return Person(
            number=number,
            name=self._name(number),
            title=rng.choice(self._phrases["titles"]) if rng.random() < 0.8 else "",
            description=self._description(rng, fond),
            temperament=temperament,
            taste=taste,
            style=rng.choices(tuple(STYLES), tuple(STYLES.values()))[0],
            kindness=rng.uniform(*temperament.kindness),
            patience=rng.uniform(0.35, 0.85),
            visits_per_day=rng.uniform(*temperament.visits),
            gets_up=rng.gauss(12, 5) % 24,
            awake_hours=rng.uniform(13, 18),
            falls_silent=rng.uniform(0.0, 0.02),
        )

    def people(self, count: int) -> list[Person]:
        """The first so many people."""
        return [self.person(number) for number in range(count)]

    def _name(self, number: int) -> str:
        base, turn = self._names[number % len(self._names)], number // len(self._names)
        return f"{base}-{turn + 1}" if turn else base

    def _description(self, rng: random.Random, fond: Sequence[str]) -> str:
        chosen = rng.sample(fond, min(len(fond), 3))
        things = [rng.choice(self._tables.topics[topic].things).bare for topic in chosen]
        return rng.choice(self._phrases["descriptions"]).replace("{things}", ", ".join(things))


def _temperament(rng: random.Random, *, loud: bool) -> Temperament:
    weights = [one.loud_weight if loud else one.weight for one in TEMPERAMENTS]
    return rng.choices(TEMPERAMENTS, weights)[0]


def _names(tables: Tables, phrases: Mapping[str, Sequence[str]], rng: random.Random) -> list[str]:
    """Names that the demo's model has read first, then made-up ones; none of the demo's own accounts."""
    taken = {account.name for account in (BOT, *PEOPLE)}
    known = [name for name in tables.slots["askers"] if name not in taken]
    made = [
        joint.join((first, second))
        for first in phrases["name_first"]
        for second in phrases["name_second"]
        for joint in ("-", "")
    ]
    rng.shuffle(known)
    rng.shuffle(made)
    return [*known, *dict.fromkeys(name for name in made if name not in {*taken, *known})]
