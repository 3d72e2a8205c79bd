"""What is chosen from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A text the bot might post, in classic form (body, tags mark, tags, end mark), with its scores.

    `selector_probability` says how well readers are expected to like it, `sentiment_logit_difference` how
    happy it is (None: not known), `mirotarg` the surprise it was written with (None: not known),
    `autoreview` how probably a human would reject it (None: not known). `retained` marks a text from the
    retention list, left over from an earlier choice.
    """

    text: str
    selector_probability: float
    sentiment_logit_difference: float | None = None
    mirotarg: float | None = None
    retained: bool = False
    autoreview: float | None = None
