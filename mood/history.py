"""The bot's history of mood inputs, as JSON lines: one stored input of someone per line.

    {"time": "2021-06-12T08:00:00", "logit_diff": 3.0, "generated_pos_sent": [0.1, 0.6],
     "generated_ts": "2021-06-12T08:03:10"}

`time` is when they wrote, `generated_ts` when the bot answered. Of the bot's candidates either the
probabilities of being positive are given (`generated_pos_sent`) or already their upper quartile in logits
(`generated_p75`). Times without a zone are local. Other fields are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from mood.logits import logit
from mood.system import MoodInput, p75

ANSWERED_ONLY_FROM = datetime.fromisoformat("2020-05-26 19:00")
"""Since then (local time) only answered inputs count: one without a time of generation is dropped."""

Probability = Annotated[float, Field(ge=0, le=1)]


class HistoryError(ValueError):
    """A history that cannot be read; the text names the line and what is wrong with it."""


class Event(BaseModel):
    """One stored input of someone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    time: datetime
    logit_diff: FiniteFloat
    generated_pos_sent: list[Probability] | None = None
    generated_p75: FiniteFloat | None = None
    generated_ts: datetime | None = None

    def mood_input(self, zone: ZoneInfo) -> MoodInput | None:
        """The input as the dynamics take it; None when it was never answered and so does not count."""
        if self.generated_ts is None:
            asked = localized(self.time, zone)
            answered_only = asked > ANSWERED_ONLY_FROM.replace(tzinfo=zone)
            return None if answered_only else MoodInput(asked, self.logit_diff)
        quartile = self.generated_p75
        if quartile is None:
            quartile = p75([logit(p) for p in self.generated_pos_sent or ()])
        return MoodInput(localized(self.generated_ts, zone), self.logit_diff, quartile)


def localized(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment, read as local time of the zone if it names none itself."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def parse_history(lines: Iterable[str], zone: ZoneInfo) -> list[MoodInput]:
    """The inputs that count, in the order given; raises HistoryError."""
    inputs = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = Event.model_validate_json(line).mood_input(zone)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "line"
            raise HistoryError(f"line {number}: {where}: {first['msg']}") from None
        if found is not None:
            inputs.append(found)
    return inputs
