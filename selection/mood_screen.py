"""The mood's screen: texts that are too sad or too happy for the moment are set aside."""

from __future__ import annotations

from collections.abc import Sequence

from mood.logits import pos_sent
from mood.named import Mood
from selection.candidates import Candidate


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
