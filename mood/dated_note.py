"""A text that belongs under the mood's graphs of a certain time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class DatedNote:
    """A text under the graph that is shown from one moment until another, such as after a change of scale."""

    text: str
    since: datetime
    until: datetime

    def applies(self, moment: datetime) -> bool:
        """Whether the text belongs under a graph of this moment."""
        return self.since <= moment < self.until
