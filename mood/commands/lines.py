"""One line of the command line's JSON in, one answer out (`python -m mood daily`, `range` and `series`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from mood.daily import daily_mood
from mood.dynamics import MoodCurve, mood_at
from mood.history import Event, localized
from mood.logits import pos_sent
from mood.named import mood_for_value
from mood.system import Dated, MoodSystem, TimeConstants

Answer: TypeAlias = Mapping[str, object]

WEIGHTED_FROM = datetime.fromisoformat("2021-01-04 09:10")

UTC_ZONE = ZoneInfo("UTC")


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DailyLine(_Line):
    """A date, whose base mood is asked."""

    date: date

    def answer(self) -> Answer:
        """The base mood of that day."""
        return {"mood": daily_mood(self.date)}


class RangeLine(_Line):
    """A mood value, whose accepted sentiment is asked."""

    value: Annotated[float, Field(gt=0, lt=1)]

    def answer(self) -> Answer:
        """The mood's name and the bounds it sets, in logit differences."""
        mood = mood_for_value(self.value)
        return {
            "name": mood.name,
            "min_allowed_score": mood.min_allowed_score,
            "max_allowed_score": mood.max_allowed_score,
        }


class SystemFields(_Line):
    """Parameters as the command line names them; each map of updates holds local times."""

    step_sec: int = 30
    tau_sec: float = 43_200
    tau_sec_2nd: float = 3_600
    response_scale_base: float = 0.15
    determiner_center: float = 0.0
    multiplier: float = 1.0
    determiner_center_updates: dict[datetime, float] = {}
    determiner_multiplier_updates: dict[datetime, float] = {}

    def system(self, weighted_from: datetime) -> MoodSystem:
        """The parameters as the dynamics take them."""
        base = self.response_scale_base
        scales = {moment: base * value for moment, value in self.determiner_multiplier_updates.items()}
        return MoodSystem(
            centre=_dated(self.determiner_center, self.determiner_center_updates),
            scale=_dated(base * self.multiplier, scales),
            time_constants=Dated(TimeConstants(self.tau_sec, self.tau_sec_2nd)),
            step_seconds=self.step_sec,
            response_base=base,
            weighted_from=_utc(weighted_from).timestamp(),
        )


class SeriesLine(_Line):
    """Inputs, and moments at which the mood is asked.

    Times have no zone: they are read as the wall time of a place without summer time.
    """

    events: list[Event]
    start: datetime
    end: datetime
    times: list[datetime]
    system: SystemFields = SystemFields()
    weighted_avg_start_time: datetime = WEIGHTED_FROM
    apply_daily_offset: bool = True

    def answer(self) -> Answer:
        """The mood value at each of the times, from the inputs between start and end."""
        system = self.system.system(self.weighted_avg_start_time)
        curve = MoodCurve(system, window_seconds=math.inf)
        given = (event.mood_input(UTC_ZONE) for event in self.events)
        curve.add_inputs([i for i in given if i and _utc(self.start) <= i.time <= _utc(self.end)])
        moments = [_utc(moment).timestamp() for moment in self.times]
        return {"values": self._values(curve, moments, system)}

    def _values(self, curve: MoodCurve, moments: Sequence[float], system: MoodSystem) -> list[float]:
        offsets = [(moment, curve.offset(moment)) for moment in moments]
        if not self.apply_daily_offset:
            return [pos_sent(offset) for _, offset in offsets]
        return [mood_at(offset, moment, UTC_ZONE, system) for moment, offset in offsets]


def _utc(moment: datetime) -> datetime:
    return localized(moment, UTC_ZONE)


def _dated(initial: float, updates: Mapping[datetime, float]) -> Dated[float]:
    changes = sorted((_utc(moment).timestamp(), value) for moment, value in updates.items())
    return Dated(initial, tuple(changes))
