r"""The mood that people's words move.

The mood's offset m (in logits, on top of the day's base mood) and its rate v follow, with time counted in
steps of h = 30 s,

    dm/dt = -(h/tau) m + v          dv/dt = -(h/rise) v + R U          R = 0.15 h/rise

where U is the sum of the kicks of each step, held constant over it (zero-order hold). So a kick is felt
within the hour (`rise`) and forgotten over half a day (`tau`). Between changes of U both equations have an
exact solution in two exponentials, which is used here: a state is moved over any number of steps at once,
and a kick's share in a state is known in closed form. With a = h/tau and b = h/rise, a unit kick during one
step leaves

    v0 = (R/b) (1 - e^-b)           m0 = (R/b) ((1 - e^-a)/a - c(1))

at the end of that step, and j steps later  v = v0 e^-bj,  m = m0 e^-aj + v0 c(j),  where
c(j) = (e^-bj - e^-aj)/(a - b), or j e^-aj if a = b.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from mood.daily import daily_offset
from mood.logits import pos_sent
from mood.system import Floats, MoodInput, MoodSystem, TimeConstants, kicks

__all__ = [
    "DEFAULT",
    "REST",
    "Course",
    "Kick",
    "MoodCurve",
    "MoodInput",
    "MoodSystem",
    "Motion",
    "State",
    "mood_at",
    "mood_value",
]

DEFAULT = MoodSystem()

LEAST_VALUE, GREATEST_VALUE = sys.float_info.min, 1.0 - sys.float_info.epsilon
"""A mood value lies strictly between 0 and 1, however far the offset is driven."""


class State(NamedTuple):
    """The mood's offset in logits, and its rate in logits per step."""

    offset: float = 0.0
    rate: float = 0.0


REST = State()

MANY = 8
"""Kicks from which on it is faster to add them up as arrays."""


class Kick(NamedTuple):
    """A push to the mood: its moment in unix seconds, the step that holds it, and its size."""

    moment: float
    step: int
    size: float


@dataclass(frozen=True)
class Motion:
    """The exact motion under one set of time constants, over whole steps."""

    decay: float  # a = h/tau
    rate_decay: float  # b = h/rise
    impulse: State  # what a unit kick, held over one step, has added at the end of that step

    @classmethod
    def of(cls, constants: TimeConstants, system: MoodSystem) -> Motion:
        """The motion of a system while these time constants are in force."""
        h = system.step_seconds
        a, b = h / constants.tau_seconds, h / constants.rise_seconds
        held = system.response_base  # R/b
        offset = held * (-math.expm1(-a) / a - _coupling(a, b, 1))
        return cls(a, b, State(offset, held * -math.expm1(-b)))

    def moved(self, state: State, steps: int) -> State:
        """The state after some steps without any kick."""
        taken_up = state.rate * _coupling(self.decay, self.rate_decay, steps)
        return State(
            state.offset * math.exp(-self.decay * steps) + taken_up,
            state.rate * math.exp(-self.rate_decay * steps),
        )

    def responses(self, sizes: Floats, steps: Floats) -> State:
        """What kicks of these sizes, each so many steps ago, have added to the state, all together."""
        a, b, gap = self.decay, self.rate_decay, abs(self.decay - self.rate_decay)
        coupling = np.exp(-min(a, b) * steps) * (-np.expm1(-gap * steps) / gap if gap else steps)
        offsets = self.impulse.offset * np.exp(-a * steps) + self.impulse.rate * coupling
        return State(float(sizes @ offsets), float(sizes @ np.exp(-b * steps)) * self.impulse.rate)


def _coupling(a: float, b: float, steps: float) -> float:
    """c(steps): the offset that a unit of rate has added after some steps."""
    gap = abs(a - b)
    grown = -math.expm1(-gap * steps) / gap if gap else steps  # keeps its digits when a is close to b
    return math.exp(-min(a, b) * steps) * grown


class Course:
    """The motion over dated time constants: the state at the end of one segment starts the next.

    A change of constants takes effect at the first step that begins at or after its moment.
    """

    def __init__(self, system: MoodSystem) -> None:
        dated = system.time_constants
        self._starts = [math.ceil(moment / system.step_seconds) for moment in dated.moments]
        self._motions = [Motion.of(constants, system) for constants in dated.values]

    def moved(self, state: State, start: int, end: int) -> State:
        """The state at the start of step `end`, from the one at the start of step `start`, without kicks."""
        segment = bisect_right(self._starts, start)
        while segment < len(self._starts) and self._starts[segment] < end:
            state = self._motions[segment].moved(state, self._starts[segment] - start)
            start = self._starts[segment]
            segment += 1
        return self._motions[segment].moved(state, end - start)

    def response(self, kick: Kick, end: int) -> State:
        """What a kick has added to the state at the start of step `end`, which comes after the kick's."""
        unit = self._motions[bisect_right(self._starts, kick.step)].impulse
        added = State(kick.size * unit.offset, kick.size * unit.rate)
        return added if end == kick.step + 1 else self.moved(added, kick.step + 1, end)

    def responses(self, kicks: Sequence[Kick], end: int) -> State:
        """What many kicks have added to the state at the start of step `end`, which comes after theirs."""
        sizes, ends = np.array([k.size for k in kicks]), np.array([k.step + 1.0 for k in kicks])
        segments = np.searchsorted(self._starts, ends - 1, side="right")
        total, stop = REST, int(ends.min())
        for segment in range(int(segments.min()), bisect_right(self._starts, end - 1) + 1):
            start, stop = stop, min([end, *self._starts[segment : segment + 1]])
            own = segments == segment
            added = self._motions[segment].responses(sizes[own], stop - ends[own])
            total = _sum(self._motions[segment].moved(total, stop - start), added)
        return total


def _sum(first: State, second: State) -> State:
    return State(first.offset + second.offset, first.rate + second.rate)


class MoodCurve:
    """The running state of the mood: kicks go in, the offset at a moment comes out.

    The state is advanced from question to question and never computed again from the start. Kicks older than
    the window are taken out of it by subtracting what is left of them, so that the value is at every moment
    the one that the kicks of the window alone give. Kicks may come in any order, also late ones. A question
    about an earlier moment than the last one is answered too; that costs one pass over the window.
    """

    def __init__(self, system: MoodSystem = DEFAULT, window_seconds: float | None = None) -> None:
        self._system = system
        self._course = Course(system)
        self._window = system.window_seconds if window_seconds is None else window_seconds
        self._kicks: list[Kick] = []  # by rising moment
        self._first = self._last = 0  # the kicks inside the state are self._kicks[first:last]
        self._step = 0  # the state is that at the start of this step
        self._asked = math.inf  # so that the first question starts the state at its own time
        self._state = REST

    def add(self, moment: float, size: float) -> None:
        """Take in a kick of some size at a moment in unix seconds."""
        kick = Kick(moment, self._system.bin_of(moment), size)
        if not self._kicks or self._kicks[-1].moment <= moment:
            self._kicks.append(kick)
            return
        place = bisect_right(self._kicks, moment, key=_moment_of)
        self._kicks.insert(place, kick)
        if place < self._last:
            self._last += 1
            if place < self._first:
                self._first += 1
            else:
                self._enter(kick)

    def add_inputs(self, inputs: Sequence[MoodInput]) -> None:
        """Take in what people said; each input is centred and scaled by what is in force at its time."""
        moments, sizes = kicks(inputs, self._system)
        for moment, size in sorted(zip(moments.tolist(), sizes.tolist(), strict=True)):
            self.add(moment, size)

    def offset(self, moment: float) -> float:
        """The mood's offset in logits at the step nearest to a moment (unix seconds).

        Kicks after the moment do not count, nor do those more than the window before it.
        """
        if moment < self._asked:
            self._first = self._last = 0
            self._state, self._step = REST, self._system.bin_of(moment)
        self._asked = moment
        self._forget(moment - self._window)
        step = self._system.point_of(moment)
        came = self._last
        while (
            came < len(self._kicks) and self._kicks[came].moment <= moment and self._kicks[came].step < step
        ):
            came += 1
        new, self._last = self._kicks[self._last : came], came
        self._move(step)
        if len(new) > MANY:
            self._state = _sum(self._state, self._course.responses(new, step))
        else:
            for kick in new:
                self._state = _sum(self._state, self._course.response(kick, step))
        return self._state.offset

    def _forget(self, oldest: float) -> None:
        """Take out of the state the kicks before a moment, and pass over those that never came into it."""
        while self._first < self._last and self._kicks[self._first].moment < oldest:
            left = self._course.response(self._kicks[self._first], self._step)
            self._state = State(self._state.offset - left.offset, self._state.rate - left.rate)
            self._first += 1
        if self._first == self._last:  # also clears what rounding has left
            self._state = REST
            self._first = self._last = bisect_left(self._kicks, oldest, key=_moment_of)

    def _enter(self, kick: Kick) -> None:
        """Add a late kick to the state, which is first moved to the end of the kick's step if not beyond."""
        if self._step <= kick.step:
            self._move(kick.step + 1)
        added = self._course.response(kick, self._step)
        self._state = _sum(self._state, added)

    def _move(self, step: int) -> None:
        self._state = self._course.moved(self._state, self._step, step)
        self._step = step


def _moment_of(kick: Kick) -> float:
    return kick.moment


def mood_at(offset: float, moment: float, timezone: ZoneInfo, system: MoodSystem = DEFAULT) -> float:
    """The mood value in (0, 1): an offset on top of the daily base of the local date of the nearest step."""
    point = system.point_of(moment) * system.step_seconds
    day = datetime.fromtimestamp(point, timezone).date()
    value = pos_sent(offset + daily_offset(day, system.daily))
    # Beyond an offset of 36.7 the sigmoid is exactly 1.0 in floating point, and below -745 exactly 0.0.
    return min(max(value, LEAST_VALUE), GREATEST_VALUE)


def mood_value(
    inputs: Iterable[MoodInput], at: datetime, *, timezone: ZoneInfo, system: MoodSystem = DEFAULT
) -> float:
    """The mood, a probability in (0, 1), at a moment: now, or later for a post that is to appear then.

    Only inputs of the window before `at` count (2.5 days), inputs after it do not; without any the mood is
    the daily base of that date. For many questions in a row keep a `MoodCurve` instead.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of a mood needs a time zone")
    moment = at.timestamp()
    oldest = moment - system.window_seconds
    curve = MoodCurve(system)
    curve.add_inputs([i for i in inputs if oldest <= i.moment <= moment])
    return mood_at(curve.offset(moment), moment, timezone, system)
