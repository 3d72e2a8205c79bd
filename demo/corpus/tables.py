"""The persona and the topics, read once from the TOML files beside this module."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Voice:
    """Who speaks in one form of text: a page for the model, and worked examples (said, answered)."""

    system: str
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Persona:
    """The voices by form, and the words with which texts are begun for the model, by sort of text."""

    voices: Mapping[str, Voice]
    openings: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class UnseenKind:
    """A kind of question that the evaluation asks and the corpus has not; ``looks`` recognises it."""

    looks: re.Pattern[str]
    asks: tuple[str, ...]


@dataclass(frozen=True)
class Topics:
    """What people write about, and in what words. In patterns {t} and {u} stand for topics."""

    known: tuple[str, ...]
    unseen: tuple[str, ...]
    kinds: Mapping[str, Sequence[str]]
    plain: Mapping[str, Sequence[str]]
    unseen_kinds: Mapping[str, UnseenKind]
    follow_ups: tuple[str, ...]
    replies: tuple[str, ...]
    books: Mapping[str, Sequence[str]]

    def keeps_apart(self, text: str) -> bool:
        """Whether a text belongs to the evaluation: by its kind, or by a topic that it names."""
        low = text.lower()
        return any(kind.looks.search(low) for kind in self.unseen_kinds.values()) or any(
            stem in low for stem in self._unseen_stems
        )

    @property
    def _unseen_stems(self) -> tuple[str, ...]:
        return tuple(topic.lower().removesuffix("s") for topic in self.unseen)


@cache
def load_persona() -> Persona:
    """Who Frank is."""
    read = _read("persona.toml")
    voices = {
        form: Voice(entry["system"], tuple((said, answered) for said, answered in entry["examples"]))
        for form, entry in read["voices"].items()
    }
    return Persona(voices, read["openings"])


@cache
def load_topics() -> Topics:
    """What people write about."""
    read = _read("topics.toml")
    unseen = {
        name: UnseenKind(re.compile(entry["looks"]), tuple(entry["asks"]))
        for name, entry in read["unseen_kinds"].items()
    }
    return Topics(
        tuple(read["topics"]),
        tuple(read["unseen_topics"]),
        read["kinds"],
        read["plain"],
        unseen,
        tuple(read["remarks"]["follow_up"]),
        tuple(read["remarks"]["reply"]),
        read["books"],
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))
