"""The operator's file of dated changes: centre, scale, time constants and the days' moods.

A JSON object; times are local to its `timezone`. Every part may be left out:

    {
      "timezone": "US/Pacific",
      "centre": {"initial": 0.0, "updates": [{"from": "2021-03-01 09:30", "value": 0.1}]},
      "scale": {"initial": 0.1, "updates": []},
      "time_constants": {"initial": {"tau_hours": 12, "rise_hours": 1},
                         "updates": [{"from": "2021-04-01 08:00", "value": {"tau_hours": 6}}]},
      "daily": [{"first_day": "2022-07-05", "moods": ["only_non_happy", "meh", "only_non_sad"]}]
    }

Updates must be in rising order of time, so that a mistyped year is noticed instead of being sorted away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from mood.daily import DailyEra, DailyRule
from mood.named import value_by_name
from mood.settings import MoodConfig
from mood.system import DAY, HOUR, Dated, MoodSystem, TimeConstants

T = TypeVar("T")
U = TypeVar("U")


class UpdatesError(ValueError):
    """A file of dated updates that cannot be used; the text names the place and what is expected."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone is called {name!r}") from None
    return name


def _known_mood(name: str) -> str:
    value_by_name(name)  # raises UnknownMood, a ValueError
    return name


def _naive(moment: datetime) -> datetime:
    if moment.tzinfo is not None:
        raise ValueError("expected a local time without a zone, such as 2021-01-20 07:40")
    return moment


Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
MoodName = Annotated[str, AfterValidator(_known_mood)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Constants(_Part):
    tau_hours: Positive
    rise_hours: Positive = 1.0


class _Update(_Part, Generic[T]):
    since: Annotated[datetime, AfterValidator(_naive)] = Field(alias="from")
    value: T


def _rising(updates: tuple[_Update[T], ...]) -> tuple[_Update[T], ...]:
    for earlier, later in pairwise(updates):
        if later.since <= earlier.since:
            raise ValueError(f"{later.since} stands after {earlier.since}: expected rising order of time")
    return updates


class _Course(_Part, Generic[T]):
    initial: T
    updates: Annotated[tuple[_Update[T], ...], AfterValidator(_rising)] = ()


class _Days(_Part):
    first_day: date
    moods: tuple[MoodName, ...] = Field(min_length=1)


class Updates(_Part):
    """A validated file of dated updates."""

    about: str = ""
    timezone: Annotated[str, AfterValidator(_known_zone)] = "US/Pacific"
    centre: _Course[Number] | None = None
    scale: _Course[Positive] | None = None
    time_constants: _Course[_Constants] | None = None
    daily: tuple[_Days, ...] = ()


def parse_updates(text: str) -> Updates:
    """Read a file's text; raises UpdatesError with one line per mistake."""
    try:
        return Updates.model_validate_json(text)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
        raise UpdatesError("; ".join(lines)) from None


def read_system(settings: MoodConfig, updates_file: Path | None = None) -> MoodSystem:
    """The parameters as an operator set them; a file of dated updates may be given instead of the one set.

    Raises OSError or ValueError when the settings or the file cannot be used.
    """
    path = updates_file or settings.updates_file
    return build_system(settings, None if path is None else parse_updates(path.read_text(encoding="utf-8")))


def build_system(settings: MoodConfig, updates: Updates | None = None) -> MoodSystem:
    """The parameters from an operator's settings, which a file of dated updates overrides part by part."""
    system = MoodSystem(
        centre=Dated(settings.centre),
        scale=Dated(settings.scale),
        time_constants=Dated(TimeConstants(settings.tau_hours * HOUR, settings.rise_hours * HOUR)),
        step_seconds=settings.step_seconds,
        window_seconds=settings.window_days * DAY,
    )
    return system if updates is None else with_updates(system, updates)


def with_updates(system: MoodSystem, updates: Updates) -> MoodSystem:
    """The system with the parts that the file names put in place of its own."""
    zone = ZoneInfo(updates.timezone)
    return replace(
        system,
        centre=_dated(updates.centre, float, zone) or system.centre,
        scale=_dated(updates.scale, float, zone) or system.scale,
        time_constants=_dated(updates.time_constants, _seconds, zone) or system.time_constants,
        daily=_daily(system.daily, updates.daily),
    )


def _dated(course: _Course[T] | None, convert: Callable[[T], U], zone: ZoneInfo) -> Dated[U] | None:
    if course is None:
        return None
    changes = ((u.since.replace(tzinfo=zone).timestamp(), convert(u.value)) for u in course.updates)
    return Dated(convert(course.initial), tuple(changes))


def _seconds(constants: _Constants) -> TimeConstants:
    return TimeConstants(constants.tau_hours * HOUR, constants.rise_hours * HOUR)


def _daily(rule: DailyRule, eras: Sequence[_Days]) -> DailyRule:
    added = tuple(DailyEra(era.first_day, era.moods) for era in eras)
    return replace(rule, eras=tuple(sorted((*rule.eras, *added), key=lambda era: era.first_day)))
