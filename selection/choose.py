"""The choice of one candidate."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from mood.logits import pos_sent
from mood.named import Mood
from selection.candidates import Candidate
from selection.coldstart import score_of
from selection.settings import STANDARD, SelectionConfig
from selection.strategies import Strategy


class NoCandidates(ValueError):  # noqa: N818 - named for what is wrong
    """There is nothing to choose from."""


@dataclass(frozen=True)
class Choice:
    """Which candidate was chosen, and from what.

    `index` counts in the whole list of candidates, `screened_index` in the list that the mood's screen left
    (`screened` holds the whole-list indices of that one). `scores` are all scores, deltas included.
    `by_chance`: they had no part in it.
    """

    index: int
    screened_index: int
    screened: tuple[int, ...]
    scores: tuple[float, ...]
    by_chance: bool


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
    return Choice(screened[drawn.place], drawn.place, screened, scores, drawn.by_chance)


def mood_screen(candidates: Sequence[Candidate], mood: Mood) -> tuple[int, ...]:
    """The indices of the candidates that fit the mood, in order; never empty if there are candidates.

    Texts below the lower bound are excluded only if some text reaches it, those above the upper bound only
    if some text stays under it: a side on which everything fails is relaxed alone. If then nothing is left,
    nothing is excluded.
    """
    everyone = tuple(range(len(candidates)))
    if not mood.restricts:
        return everyone
    scores = [_score(candidate, mood) for candidate in candidates]
    reaches = [score >= mood.min_allowed_score for score in scores]
    stays = [score <= mood.max_allowed_score for score in scores]
    low_counts, high_counts = any(reaches), any(stays)
    fitting = tuple(i for i in everyone if (reaches[i] or not low_counts) and (stays[i] or not high_counts))
    return fitting or everyone


def _score(candidate: Candidate, mood: Mood) -> float:
    """What the mood's bounds are about; a text without known sentiment counts as neutral."""
    difference = candidate.sentiment_logit_difference or 0.0
    return pos_sent(difference) if mood.score_fn == "pos_sent" else difference
