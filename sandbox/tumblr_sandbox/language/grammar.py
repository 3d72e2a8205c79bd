"""How a phrase becomes a sentence: slots are filled, verbs agree, alternatives are drawn.

A phrase holds ``{slot}`` (a value given by the caller, a form of the thing spoken of, or a draw from the
tables) and ``[one|other]`` (one of the alternatives, possibly empty).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tumblr_sandbox.language.tables import TIERS, VALENCE, Tables, Thing, Tiers

_SLOT = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r" ?\[([^\[\]]*)\]")
_SINGULAR = {"is": "is", "was": "was", "has": "has", "does": "does", "it": "it", "they": "it", "them": "it"}
_PLURAL = {
    "is": "are",
    "was": "were",
    "has": "have",
    "does": "do",
    "it": "they",
    "they": "they",
    "them": "them",
}

MOODS = tuple(range(-4, 5))
MOOD_WEIGHTS = (9, 10, 13, 13, 14, 13, 13, 9, 8)
ASIDE_WEIGHT = 1 / 3  # a fact or a joke counts this much, against 1, in how glad a text is


@dataclass(frozen=True)
class Sentence:
    """A finished sentence with how glad it is (-4 to 4) and what it does in its text."""

    text: str
    valence: float = 0.0
    role: str = "tier"  # opener, tier, fact, funny, closer

    @property
    def weight(self) -> float:
        """How much it counts in the gladness of the whole."""
        return ASIDE_WEIGHT if self.role in ("fact", "funny") else 1.0


def gladness(sentences: Sequence[Sentence]) -> float:
    """How glad a text is by construction: the weighted mean of its sentences, -4 to 4; none is 0."""
    total = sum(sentence.weight for sentence in sentences)
    return sum(s.weight * s.valence for s in sentences) / total if total else 0.0


class Grammar:
    """Draws sentences from the tables with one random generator."""

    def __init__(self, tables: Tables, rng: random.Random) -> None:
        self.tables = tables
        self.rng = rng
        self._known = tables.known_things

    def chance(self, share: float) -> bool:
        """True in this share of calls."""
        return self.rng.random() < share

    def mood(self) -> int:
        """A mood for one text, from -4 (sad) to 4 (happy)."""
        return self.rng.choices(MOODS, MOOD_WEIGHTS)[0]

    def tier(self, mood: int) -> str:
        """The tier of one sentence in a text of this mood; moods between two tiers mix them."""
        place = (mood + 4) / 2
        return TIERS[int(place) + (place % 1 > 0 and self.chance(0.5))]

    def pick(self, phrases: Sequence[str]) -> str:
        """One of several phrases."""
        return self.rng.choice(phrases)

    def fill(self, phrase: str, thing: Thing | None = None, values: Mapping[str, str] | None = None) -> str:
        """Draw the alternatives and fill the slots."""
        chosen = _CHOICE.sub(self._alternative, phrase)
        return _SLOT.sub(lambda match: self._slot(match[1], thing, values or {}), chosen)

    def sentence(
        self,
        phrases: Sequence[str],
        valence: float = 0.0,
        role: str = "tier",
        *,
        thing: Thing | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Sentence:
        """Draw one phrase and finish it, with a capital letter."""
        text = self.fill(self.pick(phrases), thing, values)
        return Sentence(capital(text), valence, role)

    def in_mood(
        self,
        tiers: Tiers,
        mood: int,
        role: str = "tier",
        *,
        thing: Thing | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Sentence:
        """Draw a sentence from the tier that the mood asks for."""
        tier = self.tier(mood)
        return self.sentence(tiers[tier], VALENCE[tier], role, thing=thing, values=values)

    def known_thing(self) -> Thing:
        """A thing that some topic knows."""
        return self.rng.choice(self._known)

    def _alternative(self, match: re.Match[str]) -> str:
        chosen = self.pick(match[1].split("|"))
        return " " + chosen if chosen and match[0].startswith(" ") else chosen

    def _slot(self, name: str, thing: Thing | None, values: Mapping[str, str]) -> str:
        if name in values:
            return self.fill(values[name])
        if name[0].isupper() and name.lower() in (*values, "thing", "it", "they"):
            return capital(self._slot(name.lower(), thing, values))
        if thing is not None and (form := _form(name, thing)) is not None:
            return form
        return self.fill(self.pick(self.tables.slots[name]))


def capital(text: str) -> str:
    """The text with its first letter a capital."""
    return text[:1].upper() + text[1:]


def _form(name: str, thing: Thing) -> str | None:
    if name == "thing":
        return thing.text
    if name in ("s", "es"):
        return "" if thing.plural else name
    return (_PLURAL if thing.plural else _SINGULAR).get(name)
