"""Figures of raw texts: ended, whole, free of format, no loops, on topic, tags. No model is asked."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from demo.corpus.chat import END, START
from demo.corpus.filters import words
from demo.documents.rendering import DEMO_IDENTITY
from munging.prompts.formats import V10, control_phrases

LOOP_RUN, LOOP_TIMES = 4, 3
"""A text loops that says a sentence twice, or a run of so many words so many times."""
SENTENCE_WORDS = 3
"""A shorter sentence may be said twice."""
SHUFFLES, DRAWS = 20, 1000
TAG_WORDS, TAG_LETTERS, TAGS = 4, 30, 6

_CONTROL = control_phrases(V10, DEMO_IDENTITY, within_lines=True)
_LEAKS = re.compile(
    rf"{re.escape(START)}|{re.escape(END)}|<\||\|>|\bWritten \d+ [AP]M\b|Frank's tags:|"
    r"Frank tagged this post|^(?:system|user|assistant)\s*$|\b(?:User|Assistant|System):",
    re.MULTILINE,
)
_WHOLE = re.compile(r"[.!?…][\"')\]*]*$")


@dataclass(frozen=True)
class Answer:
    """A raw text: what was asked, its body, its tags, and whether it came to the right end."""

    question: str
    body: str
    tags: tuple[str, ...]
    ended: bool
    group: str = ""
    """Questions of one group are alike."""


def leaks(body: str) -> bool:
    """Whether a text has format in it: somebody else's turn, a line of tags, marks of a chat."""
    return bool(_CONTROL.search(body) or _LEAKS.search(body))


def loops(body: str) -> bool:
    """Whether a text says the same thing again."""
    said = [tuple(words(part)) for part in re.split(r"[.!?\n]+", body)]
    sentences = Counter(part for part in said if len(part) >= SENTENCE_WORDS)
    all_words = words(body)
    runs = Counter(tuple(all_words[i : i + LOOP_RUN]) for i in range(max(0, len(all_words) - LOOP_RUN + 1)))
    return max(sentences.values(), default=0) > 1 or max(runs.values(), default=0) >= LOOP_TIMES


def tags_sensible(answer: Answer) -> bool:
    """Whether there are some tags, each short and said once, and one names a word of question or text."""
    tags = answer.tags
    short = all(0 < len(tag.split()) <= TAG_WORDS and len(tag) <= TAG_LETTERS for tag in tags)
    named = {word[:5] for tag in tags for word in words(tag) if len(word) > 2}
    said = {word[:5] for word in words(f"{answer.question} {answer.body}") if len(word) > 2}
    return 0 < len(tags) <= TAGS and short and len(set(tags)) == len(tags) and bool(named & said)


def shares(answers: Sequence[Answer]) -> dict[str, float]:
    """Shares of all texts, but for ``same_word``: the share of the commonest first word."""
    count = max(1, len(answers))
    first = Counter(next(iter(words(answer.body)), "") for answer in answers)
    found = {
        "ended": sum(answer.ended for answer in answers) / count,
        "whole": sum(bool(_WHOLE.search(answer.body.strip())) for answer in answers) / count,
        "free_of_format": sum(not leaks(answer.body) for answer in answers) / count,
        "loops": sum(loops(answer.body) for answer in answers) / count,
        "same_word": max(first.values(), default=0) / count,
        "tags": sum(tags_sensible(answer) for answer in answers) / count,
        "words": float(np.median([len(answer.body.split()) for answer in answers] or [0])),
    }
    return {name: round(value, 4) for name, value in found.items()}


class TopicScore:
    """How much nearer answers are to their own questions than to others: cosines of TF-IDF, tags left out."""

    def __init__(self, texts: Sequence[str]) -> None:
        """The weights of words come from ``texts``: those of all that is compared."""
        self._vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit(texts)

    def of(self, answers: Sequence[Answer], seed: int) -> NDArray[np.float64]:
        """For each answer its cosine with its question, less the mean with questions of others (n,)."""
        asked = self._vectorizer.transform([answer.question for answer in answers])
        said = self._vectorizer.transform([answer.body for answer in answers])
        cosines = np.asarray((said @ asked.T).todense())  # (n, n)
        rng, count = np.random.default_rng(seed), len(answers)
        others = np.stack([rng.permutation(count) for _ in range(SHUFFLES)])  # (S, n)
        return np.asarray(np.diag(cosines) - cosines[np.arange(count), others].mean(0))


def by_groups(values: Sequence[float], groups: Sequence[str], seed: int) -> dict[str, float]:
    """The mean, with its 95 % interval when whole groups are drawn again (bootstrap)."""
    own: Mapping[str, list[float]] = {group: [] for group in groups}
    for value, group in zip(values, groups, strict=True):
        own[group].append(value)
    rng, names = random.Random(seed), sorted(own)
    means = []
    for _ in range(DRAWS):
        drawn = [value for name in rng.choices(names, k=len(names)) for value in own[name]]
        means.append(sum(drawn) / len(drawn))
    low, high = np.quantile(means, [0.025, 0.975])
    return {
        "mean": round(float(np.mean(values)), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
    }
