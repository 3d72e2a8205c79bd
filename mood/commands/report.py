"""What the command line says about the mood, as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mood.commands.tuning import Balance, Responses, Summary, summarize
from mood.daily import daily_mood
from mood.dynamics import mood_value
from mood.named import LADDER, Ranges, mood_for_value
from mood.series import Stretch, mood_series
from mood.system import MoodInput, MoodSystem

NAME_WIDTH = 28
COLUMNS = ("lowest", "median", "highest", *LADDER)


def now_report(
    inputs: Iterable[MoodInput], at: datetime, zone: ZoneInfo, system: MoodSystem, ranges: Ranges = "2021"
) -> str:
    """The mood at a moment, the base below it, and the sentiment it accepts."""
    value = mood_value(inputs, at, timezone=zone, system=system)
    mood, local = mood_for_value(value, ranges), at.astimezone(zone)
    base = daily_mood(local.date(), system.daily)
    bounds = f"{mood.min_allowed_score:+.3f} to {mood.max_allowed_score:+.3f}"
    return (
        f"{local:%Y-%m-%d %H:%M %Z}: mood {value:.4f}, on a base of {base}\n"
        f"accepts sentiment logit differences from {bounds} ({mood.name})"
    )


@dataclass(frozen=True)
class Setting:
    """A constant centre and scale."""

    centre: float
    scale: float

    def __str__(self) -> str:
        return f"centre {self.centre:+.3f} scale {self.scale:.3f}"


def propose(responses: Responses, present: Setting, extreme: float | None) -> Setting:
    """The setting that balances low and high moods.

    The scale stays as it is, or, if a share `extreme` is given, becomes the largest at which extreme moods
    take up to that share of the time.
    """
    scale = present.scale if extreme is None else round(responses.scale_for(extreme), 3)
    return Setting(round(responses.balanced_centre(scale), 3), scale)


def tuning_report(
    inputs: Sequence[MoodInput], stretch: Stretch, system: MoodSystem, extreme: float | None = None
) -> str:
    """How the mood behaved over a stretch, how it would have under other settings, and a dated update.

    Raises NothingToTune if the history holds nothing to judge by.
    """
    responses = Responses(inputs, stretch, system)
    end = stretch.end.timestamp()
    present = Setting(system.centre.at(end), system.scale.at(end))
    proposed = propose(responses, present, extreme)
    settings = (present, proposed)
    trials = [_row(str(s), summarize(responses.series(s.centre, s.scale))) for s in settings]
    actual = _row("as it was", summarize(mood_series(inputs, stretch, system)))
    heading = "Mood values, and the share of time spent nearest to each base mood:"
    table = "\n".join([" " * NAME_WIDTH + "".join(f"{name:>16}" for name in COLUMNS), actual, *trials])
    balances = "\n".join(_balance_line(s, responses.balance(s.centre, s.scale)) for s in settings)
    update = _update_lines(stretch, present, proposed)
    return (
        f"{heading}\n\n{table}\n\nAs if every daily base had been equally frequent:\n\n{balances}\n\n{update}"
    )


def _row(name: str, summary: Summary) -> str:
    values = (summary.lowest, summary.middle, summary.highest)
    cells = [f"{value:.3f}" for value in values] + [f"{summary.shares[mood]:.1%}" for mood in LADDER]
    return f"{name:<{NAME_WIDTH}}" + "".join(f"{cell:>16}" for cell in cells)


def _balance_line(setting: Setting, balance: Balance) -> str:
    shares = f"low {balance.low:.1%}, high {balance.high:.1%}, extreme {balance.extreme:.1%}"
    return f"{setting!s:<{NAME_WIDTH}}{shares}"


def _update_lines(stretch: Stretch, present: Setting, proposed: Setting) -> str:
    since = stretch.end.astimezone(stretch.timezone).strftime("%Y-%m-%d %H:%M")
    changes = {
        name: json.dumps({"from": since, "value": getattr(proposed, name)})
        for name in ("centre", "scale")
        if getattr(proposed, name) != getattr(present, name)
    }
    if not changes:
        return "No change is proposed."
    lines = [f"  {name}: {entry}" for name, entry in changes.items()]
    return "\n".join(["Proposed for the file of dated updates:", "", *lines])
