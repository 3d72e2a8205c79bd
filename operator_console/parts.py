"""What the pages work with, and where they find it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import current_app

from operator_console.access import Access, current
from operator_console.bot_link import BotLink
from operator_console.settings import ConsoleConfig
from operator_console.streams import Streams

PARTS = "console"
"""Name under which they are kept with the application."""


@dataclass(frozen=True)
class SettingLine:
    """A setting as it is shown; of a secret the value says only whether it is set."""

    name: str
    value: str
    source: str
    meaning: str


@dataclass
class Parts:
    """What the pages work with."""

    settings: ConsoleConfig
    access: Access
    bot: BotLink
    streams: Streams
    configured: Mapping[str, Sequence[SettingLine]] = field(default_factory=dict)
    """The settings of the whole bot, by section."""

    messages: dict[str, list[str]] = field(default_factory=dict)
    """What is said on the next page of a login."""

    def say(self, message: str) -> None:
        """Say something on the next page."""
        self.messages.setdefault(current().session.digest, []).append(message)


def parts() -> Parts:
    """Those of the application that answers now."""
    found: Parts = current_app.extensions[PARTS]
    return found
