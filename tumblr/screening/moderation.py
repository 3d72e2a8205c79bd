"""From what the screening found, and what a model thinks of the text, to what becomes of it. Pure.

The autoreviewer is a model that gives the probability that a human would reject a text. Where the generator
has none, the screening alone decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tumblr.screening.word_lists import Finding, Weight


@dataclass(frozen=True)
class Thresholds:
    """Probabilities of rejection at which something happens."""

    accept: float = 0.154
    """Below it a listed text that may be overridden does no harm."""

    accept_original: float = 0.179
    """The same for original posts."""

    flag: float = 0.35
    """Above it a human has to look."""

    reject: float = 0.605
    """Above it the bot itself does not want the text."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a text."""

    reasons: tuple[str, ...]
    """Why a human should look first; none: it may be published."""

    rejected: bool = False
    """Whether another text should be tried."""


def judge(
    findings: Sequence[Finding],
    notes: Sequence[str],
    score: float | None,
    thresholds: Thresholds | None,
    *,
    original: bool,
) -> Verdict:
    """The verdict on a text, with the autoreviewer's probability of rejection if there is one.

    Without it, or without thresholds, every finding counts. ``notes`` are reasons that always do.
    """
    never = any(finding.weight is Weight.REJECT for finding in findings)
    if score is None or thresholds is None:
        return Verdict((*notes, *(finding.text for finding in findings)), rejected=never)
    accept = thresholds.accept_original if original else thresholds.accept
    counted = [f.text for f in findings if score >= accept or f.weight is not Weight.PLAIN]
    if score > min(thresholds.flag, thresholds.reject):
        counted.append(f"the autoreviewer doubts it ({score:.3f})")
    return Verdict((*notes, *counted), rejected=never or score > thresholds.reject)
