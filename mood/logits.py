"""Between probabilities and logits, in the clipped form that moods are stated in.

A *sentiment logit difference* is the logit of the probability that a text is positive.
"""

from __future__ import annotations

import math
import sys

CLIP = 1e-4
"""Probabilities are kept this far from 0 and 1 before their logit is taken."""

LATER_CLIP = sys.float_info.epsilon
"""The same in 2023: as near as floating point goes, so that the bounds of a mood are further out."""

LARGEST_LOGIT = math.log((1 - CLIP) / CLIP)
"""The logit of a clipped certainty: 9.2102."""


def logit(probability: float, clip: float = CLIP) -> float:
    """The logit ln(p / (1 - p)) of a probability, which is first clipped to [clip, 1 - clip]."""
    p = min(max(probability, clip), 1 - clip)
    return math.log(p / (1 - p))


def pos_sent(logit_difference: float) -> float:
    """The probability that a text is positive, from its sentiment logit difference."""
    if logit_difference >= 0:
        return 1 / (1 + math.exp(-logit_difference))
    grown = math.exp(logit_difference)  # never overflows, unlike exp of a large positive number
    return grown / (1 + grown)
