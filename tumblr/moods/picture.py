"""What readers are shown of the mood: the graph of the last days, and a caption that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mood.caption import KickLine, mood_caption
from mood.series import LEAD_SECONDS, Stretch, mood_series, strongest_kicks
from mood.settings import DatedNote
from mood.system import MoodInput, MoodSystem
from tumblr.api.models import ANONYMOUS
from tumblr.store.turns import TurnStore
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import StoredMoodInput


@dataclass(frozen=True)
class MoodPicture:
    """What is shown of the mood: a PNG, and the caption below it as HTML."""

    png: bytes
    caption: str


@dataclass(frozen=True)
class MoodPictures:
    """Draws the mood from the inputs in the store."""

    store: TurnStore
    blog: str
    timezone: ZoneInfo
    system: MoodSystem
    notes: tuple[DatedNote, ...] = ()
    """Texts that belong under the graphs of certain times."""

    def draw(self, days: float, asker: str, until: datetime) -> MoodPicture:
        """The mood of so many days up to a moment. Without any input it is the base of each day."""
        from mood.graph import draw_mood  # matplotlib takes 40 MB and a second, and most bots never draw

        end = until.astimezone(UTC)
        stretch = Stretch(end - timedelta(days=days), end, self.timezone, every_seconds=_spacing(days))
        since = stretch.start - timedelta(seconds=LEAD_SECONDS)
        known = [(_input(stored), stored) for stored in self.store.mood_inputs(since)]
        series = mood_series([moved for moved, _ in known], stretch, self.system)
        raised, lowered = strongest_kicks(known, stretch, self.system)
        return MoodPicture(
            png=draw_mood(series, self.timezone, self.notes),
            caption=mood_caption(
                days,
                "" if asker == ANONYMOUS else asker,
                raised=self._lines(raised),
                lowered=self._lines(lowered),
            ),
        )

    def _lines(self, kicks: Sequence[tuple[float, StoredMoodInput]]) -> list[KickLine]:
        """The kicks whose answers anybody can read."""
        lines = []
        for size, stored in kicks:
            turn = self.store.turn_of([stored.kind, TurnKind.MENTION], stored.input_id)
            if turn is not None and turn.state is TurnState.POSTED and turn.post_id:
                link = f"https://{self.blog}.tumblr.com/post/{turn.post_id}"
                lines.append(KickLine(size, stored.who, link))
        return lines


def _spacing(days: float) -> float:
    """Seconds between two points: half a minute for a day, never more than some thousand points in all."""
    return max(30.0, days * 30.0)


def _input(stored: StoredMoodInput) -> MoodInput:
    return MoodInput(stored.time, stored.logit_diff, stored.generated_p75)
