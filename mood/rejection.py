"""How many candidates to write, so that enough are left when the mood has rejected some."""

from __future__ import annotations

from collections.abc import Sequence

from mood.logits import pos_sent
from mood.named import Mood

LARGEST_GROWTH = 4
"""Never ask for more than this many times the number of candidates that was wanted at first."""

FALLBACK_SAMPLE: tuple[float, ...] = (
    *(-4.055, -0.483, -5.576, -2.096, -5.473, -2.132, -1.503, -5.712, 2.182, -1.419, -2.548),
    *(-2.114, 0.071, -3.568, -1.11, 0.379, -1.584, -0.045, -9.21, -2.885, -9.21, 9.807),
)
"""Sentiment logit differences of candidates, for a bot that has not written enough of its own yet."""


def accepts(mood: Mood, logit_difference: float) -> bool:
    """Whether a text with this sentiment logit difference lies inside the mood's bounds."""
    score = pos_sent(logit_difference) if mood.score_fn == "pos_sent" else logit_difference
    return mood.min_allowed_score <= score <= mood.max_allowed_score


def expected_rejection(mood: Mood, sample: Sequence[float] = FALLBACK_SAMPLE) -> float:
    """The share of a sample of sentiment logit differences that the mood rejects; 0 for an empty sample."""
    if not sample:
        return 0.0
    return sum(not accepts(mood, score) for score in sample) / len(sample)


def candidates_wanted(base: int, rejected_share: float, discount: float = 0.5, decimals: int = 0) -> int:
    """How many candidates to write when `base` were wanted and this share will be rejected.

    The full number that would leave `base` is base / (1 - share), rounded to so many `decimals`; of the extra
    over `base` only the part `discount` is written. The full number is capped at four times `base`. Halves
    round to even.
    """
    if not 0 <= rejected_share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not {rejected_share!r}")
    cap = LARGEST_GROWTH * base
    full = cap if rejected_share == 1 else min(cap, round(base / (1 - rejected_share), decimals))
    return base + round(discount * (full - base))
