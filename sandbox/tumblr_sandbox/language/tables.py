"""The phrases of the grammar, read once from the TOML files beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIERS = ("sad", "low", "plain", "good", "happy")
VALENCE: Mapping[str, float] = {"sad": -4.0, "low": -2.0, "plain": 0.0, "good": 2.0, "happy": 4.0}
FOLDER = Path(__file__).parent
_TURNED = {"my": "your", "your": "my"}

Tiers = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Thing:
    """Something that a conversation can be about, as the grammar needs it.

    ``text`` is the noun phrase with its article, if any. ``topic`` is empty for things no topic knows.
    """

    text: str
    plural: bool = False
    topic: str = ""

    @property
    def bare(self) -> str:
        """The thing without a definite article, as a tag or in a hurry."""
        return self.text.removeprefix("the ")

    def turned(self) -> Thing:
        """The same thing from the other side of the conversation: my cat, your cat."""
        first, space, rest = self.text.partition(" ")
        return Thing(_TURNED.get(first, first) + space + rest, self.plural, self.topic)


@dataclass(frozen=True)
class Topic:
    """What the bot can say about one subject."""

    name: str
    things: tuple[Thing, ...]
    tags: tuple[str, ...]
    asks: tuple[str, ...]
    tiers: Tiers
    funny: tuple[str, ...]
    facts: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Intent:
    """One thing that people want when they write, and how an answer to it begins.

    ``needs`` says what the question names; ``then`` says what the answer goes on with; ``valence``
    is how glad the question itself is; ``topic`` is fixed for questions that name nothing.
    """

    name: str
    needs: str
    then: str
    tags: tuple[str, ...]
    asks: tuple[str, ...]
    openers: Tiers
    valence: float = 0.0
    topic: str = ""


@dataclass(frozen=True)
class Tables:
    """Everything the grammar draws from."""

    topics: Mapping[str, Topic]
    intents: Mapping[str, Intent]
    generic: Mapping[str, Any]
    slots: Mapping[str, Sequence[str]]
    stories: Mapping[str, Any]
    reviews: Mapping[str, Sequence[str]]
    lexicon: Mapping[str, Mapping[str, Sequence[str]]]

    @property
    def known_things(self) -> tuple[Thing, ...]:
        return tuple(thing for topic in self.topics.values() for thing in topic.things)


def parse_thing(written: str, topic: str = "") -> Thing:
    """Read ``cats+`` (a plural) or ``the rain``."""
    return Thing(written.removesuffix("+"), written.endswith("+"), topic)


def load_tables() -> Tables:
    """Read all phrase files."""
    phrases = FOLDER / "phrases"
    return Tables(
        topics={path.stem: _topic(path) for path in sorted((FOLDER / "topics").glob("*.toml"))},
        intents={name: _intent(name, entry) for name, entry in _read(phrases / "intents.toml").items()},
        generic=_read(phrases / "generic.toml"),
        slots=_read(phrases / "slots.toml"),
        stories=_read(phrases / "stories.toml"),
        reviews=_read(phrases / "reviews.toml"),
        lexicon=_read(phrases / "lexicon.toml"),
    )


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _topic(path: Path) -> Topic:
    entry = _read(path)
    return Topic(
        name=path.stem,
        things=tuple(parse_thing(thing, path.stem) for thing in entry["things"]),
        tags=tuple(entry["tags"]),
        asks=tuple(entry["asks"]),
        tiers={tier: entry[tier] for tier in TIERS},
        funny=tuple(entry["funny"]),
        facts=entry["facts"],
    )


def _intent(name: str, entry: Mapping[str, Any]) -> Intent:
    return Intent(
        name=name,
        needs=entry["needs"],
        then=entry["then"],
        tags=tuple(entry["tags"]),
        asks=tuple(entry["asks"]),
        openers={tier: entry[tier] for tier in TIERS},
        valence=entry.get("valence", 0.0),
        topic=entry.get("topic", ""),
    )
