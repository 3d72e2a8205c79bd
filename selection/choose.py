"""The choice of one candidate."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from mood.named import Mood
from selection.candidates import Candidate
from selection.coldstart import score_of
from selection.mood_screen import mood_screen
from selection.settings import STANDARD, SelectionConfig
from selection.strategies import Strategy


class NoCandidates(ValueError):  # noqa: N818 - named for what is wrong
    """There is nothing to choose from."""


@dataclass(frozen=True)
class Choice:
    """Which candidate was chosen, and from what.

    `index` counts in the whole list of candidates, `screened_index` in the list that the mood's screen left
    (`screened` holds the whole-list indices of that one). `scores` are all scores, deltas included.
    """

    index: int
    screened_index: int
    screened: tuple[int, ...]
    scores: tuple[float, ...]


def choose(
    candidates: Sequence[Candidate],
    mood: Mood,
    strategy: Strategy,
    rng: random.Random,
    settings: SelectionConfig = STANDARD,
) -> Choice:
    """Choose one candidate that fits the mood; raises NoCandidates if there is none at all."""
    if not candidates:
        raise NoCandidates("the set holds no candidate")
    scores = tuple(score_of(c.text, c.selector_probability, settings) for c in candidates)
    screened = mood_screen(candidates, mood)
    drawn = strategy.draw([scores[i] for i in screened], rng, settings)
    return Choice(screened[drawn], drawn, screened, scores)
