"""What the bot is doing at the moment, for the console."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from mood.dynamics import MoodCurve, mood_at
from mood.named import mood_for_value
from mood.system import MoodInput, MoodSystem
from switchboard.console_talk import LimitLine, Live, MoodKick, MoodPoint, PostingLine, TurnLine
from tumblr.api.key_pool import KeySet
from tumblr.bot import Bot
from tumblr.bot_settings import BotSettings
from tumblr.pacing.throttle import last_reset
from tumblr.turns.kinds import TurnState
from tumblr.turns.turn import StoredMoodInput, Turn

DAYS = 3.0
POINTS = 144
"""Of the mood's line."""

KICKS, ERRORS, TURNS = 60, 20, 100
"""Most that are shown."""

DAY = 86_400.0


class LiveView:
    """Looks at the bot from beside the loop."""

    def __init__(self, bot: Bot, settings: BotSettings, system: MoodSystem) -> None:
        self._bot = bot
        self._settings = settings
        self._system = system

    def look(self) -> Live:
        """What the bot is doing."""
        now = self._bot.clock()
        counts = self._bot.turns.counts()
        inputs = self._bot.turns.mood_inputs(datetime.fromtimestamp(now - (DAYS + 3) * DAY, UTC))
        value = self._mood(inputs, [now])[0]
        failed = self._bot.turns.latest(TurnState.FAILED, ERRORS)
        return Live(
            posting=self.posting(),
            waiting=self._bot.reviews.number_held(),
            states={str(state): number for state, number in counts.items()},
            turns=[turn_line(turn, now) for turn in self._bot.turns.open_turns()[:TURNS]],
            limits=[_limit(one) for one in self._bot.tumblr.pool.applications()],
            posts_today=self._bot.turns.posted_since(last_reset(now)),
            posts_limit=self._settings.loop.posts_per_day,
            mood=value.value,
            mood_name=mood_for_value(value.value).name,
            curve=self._curve(inputs, now),
            kicks=[_kick(one) for one in inputs if one.time.timestamp() >= now - DAYS * DAY][-KICKS:],
            errors=[turn_line(turn, now) for turn in failed],
            now=now,
        )

    def posting(self) -> PostingLine:
        """Whether the bot posts."""
        told = self._bot.cursors.cursor("posting") or {}
        return PostingLine(
            mode=self._bot.posting.mode,
            under_way=self._bot.posting.under_way(),
            since=told.get("at"),
            who=told.get("who", ""),
        )

    def _curve(self, inputs: Sequence[StoredMoodInput], now: float) -> list[MoodPoint]:
        start = now - DAYS * DAY
        return self._mood(inputs, [start + step * (now - start) / POINTS for step in range(POINTS + 1)])

    def _mood(self, inputs: Sequence[StoredMoodInput], moments: Sequence[float]) -> list[MoodPoint]:
        curve = MoodCurve(self._system)
        curve.add_inputs([MoodInput(one.time, one.logit_diff, one.generated_p75) for one in inputs])
        zone = self._settings.zone
        return [MoodPoint(at=at, value=mood_at(curve.offset(at), at, zone, self._system)) for at in moments]


def turn_line(turn: Turn, now: float) -> TurnLine:
    """A turn in a list."""
    return TurnLine(
        turn=turn.id,
        kind=turn.kind,
        who=turn.who[:200],
        state=turn.state,
        seconds=max(0.0, now - turn.updated_at),
        reason=(turn.reason or "").replace("\x00", ""),
        attempts=turn.attempts,
    )


def _limit(one: KeySet) -> LimitLine:
    limits = one.budget.limits
    if limits is None:
        return LimitLine(name=one.name, calls=one.budget.calls)
    clock = one.budget.now()
    return LimitLine(
        name=one.name,
        hour_left=limits.hour.remaining,
        hour_limit=limits.hour.limit,
        hour_resets_in=limits.hour.resets_at - clock,
        day_left=limits.day.remaining,
        day_limit=limits.day.limit,
        day_resets_in=limits.day.resets_at - clock,
        calls=one.budget.calls,
    )


def _kick(one: StoredMoodInput) -> MoodKick:
    return MoodKick(
        at=one.time.timestamp(),
        who=one.who[:200],
        input_id=one.input_id[:200],
        kind=one.kind,
        logit_diff=one.logit_diff,
    )
