"""The settings of how the bot feels."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, PositiveFloat, PositiveInt, model_validator

from bot_settings.base import NonNegativeFloat, Section


class DatedNote(Section):
    """A text under the graph that is shown from one moment until another, such as after a change of scale."""

    text: str = Field(min_length=1, description="what is shown")
    since: AwareDatetime = Field(description="from then on; with a time zone, as 2021-07-13T00:00:00-07:00")
    until: AwareDatetime = Field(description="until then, as above")

    @model_validator(mode="after")
    def _in_order(self) -> DatedNote:
        if self.since >= self.until:
            raise ValueError("expected a time after `since` in `until`")
        return self

    def applies(self, moment: datetime) -> bool:
        """Whether the text belongs under a graph of this moment."""
        return self.since <= moment < self.until


class MoodConfig(Section):
    """How the bot feels."""

    updates_file: Path | None = Field(
        None, description="JSON file of dated centres, scales and time constants, which replace those here"
    )
    centre: float = Field(
        0.0, description="sentiment (logit difference) of an input that leaves the mood alone"
    )
    scale: PositiveFloat = Field(0.1, description="size of the reaction to an input")
    tau_hours: PositiveFloat = Field(12.0, description="time in which the mood forgets, in hours")
    rise_hours: PositiveFloat = Field(1.0, description="time in which an input takes effect, in hours")
    step_seconds: PositiveInt = Field(30, description="time step, in seconds; must divide the hour")
    window_days: PositiveFloat = Field(2.5, description="inputs older than this no longer act, in days")
    stale_seconds: NonNegativeFloat = Field(600.0, description="age at which the mood is computed anew")
    notes: tuple[DatedNote, ...] = Field(
        (), description="texts below the mood graphs of certain times: objects of text, since and until"
    )
    ranges: Literal["2021", "2023"] = Field(
        "2021", description="sentiment that each mood accepts: as in 2021, or wider as in 2023"
    )
