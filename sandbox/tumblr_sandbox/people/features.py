"""What people notice of a post. These features, and nothing else, decide what they like."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tumblr_sandbox.language.tables import Tables

TYPICAL_WORDS = 25
"""A post of so many words has length 0."""
MIN_CONTENT_LETTERS = 3
"""Shorter words are not what a text is about."""

_WORD = re.compile(r"[a-z']+")
_SENTENCE = re.compile(r"[^.!?\n]+")
_ENDS = (".", "!", "?", ")", '"', ":")


@dataclass(frozen=True)
class Features:
    """A post in numbers.

    ``values``: length = ln(words / 25), from -3 to 1.5; gladness = (glad - sad) / (glad + sad + 1), counted
    in words; on_topic = 1 for an answer that names a word of its question; repetition = share of sentences
    that were said before in the post; finished = 1 when it ends as a sentence does; asks, shouts = 1 with a
    question mark, an exclamation mark; tagged = 1 with tags. ``topics``: those with a thing in text or tags.
    """

    topics: frozenset[str]
    values: Mapping[str, float]

    @property
    def gladness(self) -> float:
        """How glad it sounds, -1 to 1."""
        return self.values["gladness"]

    @property
    def on_topic(self) -> bool:
        """Whether it is an answer that speaks of what was asked."""
        return self.values["on_topic"] > 0


class FeatureExtractor:
    """Reads features off texts."""

    def __init__(self, tables: Tables, phrases: Mapping[str, Sequence[str]]) -> None:
        self._glad, self._sad = frozenset(phrases["glad_words"]), frozenset(phrases["sad_words"])
        self._common = frozenset(phrases["empty_words"])
        self._topic_of: dict[str, set[str]] = {}
        for topic in tables.topics.values():
            for thing in topic.things:
                self._topic_of.setdefault(_stem(_last_word(thing.bare)), set()).add(topic.name)

    def features(self, text: str, question: str = "", tags: Sequence[str] = ()) -> Features:
        """The features of a post with its own text, the question it answers, and its tags."""
        words = _WORD.findall(text.lower())
        glad = sum(word in self._glad for word in words)
        sad = sum(word in self._sad for word in words)
        sentences = [s.strip().lower() for s in _SENTENCE.findall(text) if s.strip()]
        values = {
            "length": max(-3.0, min(1.5, math.log(max(len(words), 1) / TYPICAL_WORDS))),
            "gladness": (glad - sad) / (glad + sad + 1),
            "on_topic": float(bool(self.about(question) & self.about(text))),
            "repetition": 1 - len(set(sentences)) / len(sentences) if sentences else 0.0,
            "finished": float(text.rstrip().endswith(_ENDS)),
            "asks": float("?" in text),
            "shouts": float("!" in text),
            "tagged": float(bool(tags)),
        }
        return Features(self.topics_of(" ".join((text, *tags))), values)

    def topics_of(self, text: str) -> frozenset[str]:
        """The topics that a text speaks of."""
        words = _WORD.findall(text.lower())
        return frozenset(topic for word in words for topic in self._topic_of.get(_stem(word), ()))

    def about(self, text: str) -> set[str]:
        """The words that a text is about: the longer ones that do not occur everywhere."""
        words = _WORD.findall(text.lower())
        return {_stem(w) for w in words if len(w) >= MIN_CONTENT_LETTERS and w not in self._common}


def _last_word(thing: str) -> str:
    return thing.lower().split()[-1]


def _stem(word: str) -> str:
    """One form for singular and plural."""
    return word.removesuffix("'s").removesuffix("s") if len(word) > 3 else word
