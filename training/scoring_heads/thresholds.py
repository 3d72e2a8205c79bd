"""The autoreviewer's thresholds: as much as the operator is willing to have decided wrongly, and no more.

A text below ``accept_below`` is let through against a word list, one above ``reject_above`` sent back. The
false-accept rate is the share of the texts to be rejected that are below the first; the false-reject rate
that of the texts to be accepted that are above the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class WantedRates:
    """The rates that are put up with. The defaults are those of 2022."""

    false_accept: float = 0.0875
    false_reject: float = 0.03


@dataclass(frozen=True)
class Thresholds:
    """Probabilities of rejection; ``accept_originals_below`` is for posts that answer nobody."""

    accept_below: float
    accept_originals_below: float
    reject_above: float


@dataclass(frozen=True)
class Judged:
    """Texts that a human has decided about (N,): what the head says, what the human did; who is answered."""

    probabilities: Vector
    rejected: Flags
    originals: Flags

    @classmethod
    def of(cls, probabilities: ArrayLike, rejected: ArrayLike, originals: ArrayLike) -> Judged:
        """From anything that numpy takes for an array."""
        flags = (np.asarray(given, bool) for given in (rejected, originals))
        return cls(np.asarray(probabilities, float), *flags)


def choose_thresholds(texts: Judged, wanted: WantedRates) -> Thresholds:
    """The widest thresholds that keep to the rates, on the mean, for texts that are still to come.

    ``texts`` are some that the head has not learned from. Where no original was rejected, or no answer, the
    others stand for them; where there are too few to promise anything, all is left to a human. Raises
    ValueError for texts of one class.
    """
    p, is_bad, is_original = texts.probabilities, texts.rejected, texts.originals
    if is_bad.all() or not is_bad.any():
        raise ValueError("thresholds need accepted and rejected texts")
    return Thresholds(
        accept_below=_accept_below(p, is_bad & ~is_original, is_bad, wanted.false_accept),
        accept_originals_below=_accept_below(p, is_bad & is_original, is_bad, wanted.false_accept),
        reject_above=_reject_above(p[~is_bad], wanted.false_reject),
    )


def _accept_below(p: Vector, own: Flags, everyones: Flags, rate: float) -> float:
    """The largest threshold with no more of the rejected texts below it than the rate allows."""
    ordered = np.sort(p[own if own.any() else everyones])
    allowed = _allowed(rate, len(ordered))
    if allowed < 0:
        return 0.0
    return float(ordered[allowed]) if allowed < len(ordered) else 1.0


def _reject_above(p: Vector, rate: float) -> float:
    """The smallest threshold with no more of the accepted texts above it than the rate allows."""
    ordered = np.sort(p)[::-1]
    allowed = _allowed(rate, len(ordered))
    if allowed < 0:
        return 1.0
    return float(ordered[allowed]) if allowed < len(ordered) else 0.0


def _allowed(rate: float, rows: int) -> int:
    """How many of the rows may be on the wrong side, less than the rate of them; -1: there are too few.

    With k of n rows beyond the threshold, which is the next one, a new text is beyond it with probability
    (k + 1) / (n + 1): conformal risk control (Angelopoulos et al. 2022).
    """
    return int(np.floor(rate * (rows + 1) + 1e-9)) - 1


def rates_at(thresholds: Thresholds, texts: Judged) -> dict[str, Any]:
    """What the thresholds do to texts: how often they are wrong, and how much is left to a human."""
    p, is_bad = texts.probabilities, texts.rejected
    accepts = np.where(texts.originals, thresholds.accept_originals_below, thresholds.accept_below)
    accepted = p < accepts
    sent_back = p > thresholds.reject_above
    return {
        "rows": len(p),
        "false_accept": float(accepted[is_bad].mean()) if is_bad.any() else None,
        "false_reject": float(sent_back[~is_bad].mean()) if (~is_bad).any() else None,
        "accepted": float(accepted.mean()),
        "sent_back": float(sent_back.mean()),
        "left_to_a_human": float((~accepted & ~sent_back).mean()),
    }
