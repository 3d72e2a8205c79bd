"""From what the screening found, and what a model thinks of the text, to what becomes of it. Pure.

The autoreviewer is a model that gives the probability that a human would reject a text. Where the generator
has none, the screening alone decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tumblr.screening.word_lists import Finding, Weight
from tumblr.settings import ScreeningConfig


@dataclass(frozen=True)
class Verdict:
    """What becomes of a text."""

    reasons: tuple[str, ...]
    """Why a human should look first; none: it may be published."""

    rejected: bool = False
    """Whether another text should be tried."""

    never: bool = False
    """Whether it has something in it that is never posted."""


def judge(
    findings: Sequence[Finding],
    notes: Sequence[str],
    score: float | None,
    lists: ScreeningConfig,
    *,
    original: bool,
) -> Verdict:
    """The verdict on a text, with the autoreviewer's probability of rejection if there is one.

    Without it, or when it is to have no say, every finding counts. ``notes`` are reasons that always do.
    """
    never = any(finding.weight is Weight.REJECT for finding in findings)
    if score is None or not lists.autoreview:
        return Verdict((*notes, *(finding.text for finding in findings)), rejected=never, never=never)
    accept = lists.autoreview_accept_original if original else lists.autoreview_accept
    counted = [f.text for f in findings if score >= accept or f.weight is not Weight.PLAIN]
    if score > min(lists.autoreview_flag, lists.autoreview_reject):
        counted.append(f"the autoreviewer doubts it ({score:.3f})")
    return Verdict((*notes, *counted), rejected=never or score > lists.autoreview_reject, never=never)
