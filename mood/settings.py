"""What a configuration file says of the mood, for the command line: only this room's part of it is read."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mood.named import Ranges
from mood.system import MoodSystem
from mood.updates import build_system, parse_updates


class SettingsError(ValueError):
    """A configuration whose settings of the mood cannot be used; the text names the place."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MoodSettings(_Part):
    """The settings of the mood, as the bot's own (`mood` in the configuration)."""

    updates_file: Path | None = None
    centre: float = 0.0
    scale: float = 0.1
    tau_hours: float = 12.0
    rise_hours: float = 1.0
    step_seconds: int = 30
    window_days: float = 2.5
    ranges: Ranges = "2021"

    def system(self, updates_file: Path | None = None) -> MoodSystem:
        """How the mood moves; a file of dated updates may be given instead of the one that is set.

        Raises OSError or ValueError when the settings or the file cannot be used.
        """
        path = updates_file or self.updates_file
        return build_system(
            centre=self.centre,
            scale=self.scale,
            tau_hours=self.tau_hours,
            rise_hours=self.rise_hours,
            step_seconds=self.step_seconds,
            window_days=self.window_days,
            updates=None if path is None else parse_updates(path.read_text(encoding="utf-8")),
        )


class BlogSettings(_Part):
    """The settings of the blog that the mood depends on: where its midnight is."""

    timezone: str = "US/Pacific"


class Settings(_Part):
    """A configuration file, as far as the mood needs it."""

    mood: MoodSettings = MoodSettings()
    blog: BlogSettings = BlogSettings()


def read_settings(path: Path) -> Settings:
    """What a file says, the defaults if there is none; raises OSError and SettingsError."""
    if not path.exists():
        return Settings()
    try:
        return Settings.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise SettingsError(f"{path}: {where}: {first['msg']}") from None
