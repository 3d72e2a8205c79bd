"""Retention: original posts that were written and not used, but are too good to throw away.

They stand for choice again with the next original post, until one is chosen or its score has sunk. Only
original posts retain texts: an answer fits nobody but the one who asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from selection.candidates import Candidate
from selection.coldstart import score_of
from selection.settings import STANDARD, SelectionConfig


def newly_retained(
    candidates: Sequence[Candidate], scores: Sequence[float], chosen: int, cutoff: float
) -> tuple[str, ...]:
    """The texts to add to the retention list after a choice, sorted, each once.

    That is every new text above the cut-off, those that the mood rejected included, but not the chosen text.
    """
    known = {candidate.text for candidate in candidates if candidate.retained}
    taken = candidates[chosen].text
    good = {candidate.text for candidate, score in zip(candidates, scores, strict=True) if score > cutoff}
    return tuple(sorted(good - known - {taken}))


def sunken(retained: Iterable[tuple[str, float]], settings: SelectionConfig = STANDARD) -> tuple[str, ...]:
    """The texts to drop from the retention list, given with fresh selector probabilities.

    A text goes when its score, deltas included, is the cut-off or less.
    """
    cutoff = settings.retention_cutoff
    return tuple(text for text, probability in retained if score_of(text, probability, settings) <= cutoff)
