from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mood.daily import DailyEra, DailyRule
from mood.dynamics import (
    DEFAULT,
    REST,
    Course,
    Kick,
    MoodCurve,
    MoodInput,
    Motion,
    State,
    mood_at,
    mood_value,
)
from mood.logits import logit, pos_sent
from mood.named import mood_for_value
from mood.system import DAY, Dated, MoodSystem, TimeConstants

Reference = Callable[[Sequence[tuple[float, float]], float, MoodSystem], float]

PACIFIC = ZoneInfo("US/Pacific")
NOON = datetime(2021, 2, 6, 12, tzinfo=PACIFIC)
T0 = NOON.timestamp()
HOUR = 3600.0

CONSTANTS = st.builds(
    TimeConstants,
    tau_seconds=st.sampled_from([1800.0, 3600.0, 4 * HOUR, 12 * HOUR, 48 * HOUR]),
    rise_seconds=st.sampled_from([300.0, 1200.0, 3600.0, 3600.000001, 24 * HOUR]),
)
KICKS = st.lists(st.tuples(st.floats(T0 - 4 * DAY, T0 + HOUR), st.floats(-10, 10)), max_size=12)


def curve_of(
    kicks: Sequence[tuple[float, float]], system: MoodSystem = DEFAULT, window: float | None = None
) -> MoodCurve:
    curve = MoodCurve(system, window)
    for moment, size in kicks:
        curve.add(moment, size)
    return curve


@pytest.mark.parametrize(
    ("hours", "offset"),
    [(0.0, 0.0), (1, 0.0902), (2.72, 0.1197), (6, 0.0989), (12, 0.0602), (24, 0.0222), (60, 0.0011)],
)
def test_a_single_kick_of_one(hours: float, offset: float) -> None:
    assert curve_of([(T0, 1.0)]).offset(T0 + hours * HOUR) == pytest.approx(offset, abs=5e-5)


def test_a_kick_peaks_after_about_two_and_three_quarter_hours() -> None:
    curve = curve_of([(T0, 1.0)], window=math.inf)
    offsets = {minute: curve.offset(T0 + 60 * minute) for minute in range(600)}
    assert max(offsets, key=lambda minute: offsets[minute]) == pytest.approx(2.72 * 60, abs=2)


@settings(max_examples=40, deadline=None)
@given(KICKS, CONSTANTS, st.sampled_from([30, 60, 300]), st.floats(0, HOUR))
def test_agrees_with_lsim(
    lsim_offset: Reference,
    kicks: list[tuple[float, float]],
    constants: TimeConstants,
    step: int,
    later: float,
) -> None:
    system = MoodSystem(time_constants=Dated(constants), step_seconds=step)
    expected = lsim_offset(kicks, T0 + later, system)
    assert curve_of(kicks, system).offset(T0 + later) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(KICKS, KICKS, st.lists(st.floats(T0 - 5 * DAY, T0 + 5 * DAY), min_size=1, max_size=8))
def test_the_running_state_is_what_a_fresh_start_gives(
    early: list[tuple[float, float]], late: list[tuple[float, float]], questions: list[float]
) -> None:
    """Whatever came before: late kicks, jumps ahead, questions about the past."""
    running = curve_of(early)
    for number, moment in enumerate(questions):
        for kick in late[number :: len(questions)]:
            running.add(*kick)
        known = early + [k for n in range(number + 1) for k in late[n :: len(questions)]]
        assert running.offset(moment) == pytest.approx(curve_of(known).offset(moment), abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(KICKS, st.floats(-3, 3))
def test_the_mood_is_linear_in_the_kicks(kicks: list[tuple[float, float]], factor: float) -> None:
    scaled = [(moment, factor * size) for moment, size in kicks]
    whole = curve_of(kicks).offset(T0)
    parts = sum(curve_of([kick]).offset(T0) for kick in kicks)
    assert curve_of(scaled).offset(T0) == pytest.approx(factor * whole, abs=1e-9)
    assert whole == pytest.approx(parts, abs=1e-9)


def test_a_kick_acts_from_the_next_step_on() -> None:
    curve = curve_of([(T0 + 29.9, 1.0)])
    assert curve.offset(T0 + 29.95) == pytest.approx(0.000623, abs=1e-6)  # nearest step: the one at 30 s
    assert curve.offset(T0 + 14.0) == 0
    assert curve.offset(T0 + 29.0) == 0  # the kick lies after the moment that is asked about


def test_kicks_of_one_step_add_up() -> None:
    together = curve_of([(T0 + 1, 1.0), (T0 + 5, 2.0), (T0 + 29, -0.5)])
    assert together.offset(T0 + HOUR) == pytest.approx(curve_of([(T0, 2.5)]).offset(T0 + HOUR), abs=1e-15)


def test_a_kick_leaves_with_the_window() -> None:
    curve = curve_of([(T0, 1.0)])
    assert curve.offset(T0 + 2.5 * DAY) == pytest.approx(0.0011, abs=5e-5)
    assert curve.offset(T0 + 2.5 * DAY + 1) == 0
    assert curve_of([(T0, 1.0)], window=math.inf).offset(T0 + 2.5 * DAY + 1) > 0.001


def test_equal_time_constants_have_a_motion_too() -> None:
    h = 30 / HOUR
    motion = Motion.of(TimeConstants(HOUR, HOUR), DEFAULT)
    near = Motion.of(TimeConstants(HOUR, HOUR * (1 + 1e-12)), DEFAULT)
    state = motion.moved(State(0.0, 1.0), 120)
    assert state.offset == pytest.approx(120 * math.exp(-120 * h))
    assert near.moved(State(0.0, 1.0), 120).offset == pytest.approx(state.offset, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(CONSTANTS, st.integers(0, 5000), st.integers(0, 5000), st.floats(-5, 5), st.floats(-1, 1))
def test_moving_twice_is_moving_once(
    constants: TimeConstants, one: int, other: int, offset: float, rate: float
) -> None:
    motion = Motion.of(constants, DEFAULT)
    twice = motion.moved(motion.moved(State(offset, rate), one), other)
    once = motion.moved(State(offset, rate), one + other)
    assert twice.offset == pytest.approx(once.offset, abs=1e-9)
    assert twice.rate == pytest.approx(once.rate, abs=1e-12)


def test_a_first_question_about_ages_ago_is_answered() -> None:
    assert curve_of([(T0, 1.0)]).offset(-60_000_000_000.0) == 0.0


def test_far_moves_do_not_overflow() -> None:
    course = Course(DEFAULT)
    assert course.moved(State(1.0, 1.0), 0, 10**9) == pytest.approx(REST)


def test_time_constants_change_and_the_state_goes_on() -> None:
    slow, fast = TimeConstants(12 * HOUR, HOUR), TimeConstants(HOUR, HOUR / 3)
    change = T0 + 3 * HOUR
    system = MoodSystem(time_constants=Dated(slow, ((change, fast),)))
    curve = curve_of([(T0, 1.0)], system)
    plain = curve_of([(T0, 1.0)])
    assert curve.offset(change) == pytest.approx(plain.offset(change), abs=1e-15)
    course = Course(MoodSystem(time_constants=Dated(slow)))
    at_change = course.response(Kick(T0, system.bin_of(T0), 1.0), system.point_of(change))
    expected = Motion.of(fast, system).moved(at_change, 120).offset
    assert curve.offset(change + HOUR) == pytest.approx(expected, abs=1e-15)
    assert curve.offset(change + HOUR) < plain.offset(change + HOUR)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 700), st.floats(-10, 10)), min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(1, 900), CONSTANTS), max_size=3, unique_by=lambda change: change[0]),
    st.integers(701, 1200),
)
def test_many_kicks_together_add_what_each_adds_alone(
    kicks: list[tuple[int, float]], changes: list[tuple[int, TimeConstants]], end: int
) -> None:
    """Also when the time constants change on the way."""
    updates = tuple(sorted(((30.0 * step, constants) for step, constants in changes), key=lambda u: u[0]))
    course = Course(MoodSystem(time_constants=Dated(TimeConstants(), updates)))
    many = [Kick(30.0 * step, step, size) for step, size in kicks]
    alone = [course.response(kick, end) for kick in many]
    together = course.responses(many, end)
    assert together.offset == pytest.approx(sum(state.offset for state in alone), abs=1e-12)
    assert together.rate == pytest.approx(sum(state.rate for state in alone), abs=1e-12)


def test_without_inputs_the_mood_is_the_daily_base() -> None:
    assert mood_value([], NOON, timezone=PACIFIC) == pytest.approx(0.37)
    assert mood_value([], NOON + timedelta(days=1), timezone=PACIFIC) == pytest.approx(0.9)


def test_the_base_changes_at_local_midnight() -> None:
    midnight = datetime(2021, 2, 7, tzinfo=PACIFIC)
    before, after = midnight - timedelta(seconds=31), midnight + timedelta(seconds=1)
    assert mood_value([], before, timezone=PACIFIC) == pytest.approx(0.37)
    assert mood_value([], after, timezone=PACIFIC) == pytest.approx(0.9)
    assert mood_value([], after, timezone=ZoneInfo("US/Hawaii")) == pytest.approx(0.37)


def test_people_move_the_mood() -> None:
    later = NOON + timedelta(hours=2)
    kind, rude = (mood_value([MoodInput(NOON, d)], later, timezone=PACIFIC) for d in (6.0, -6.0))
    assert rude < 0.37 < kind
    expected = curve_of([(T0, 6.0 * 0.1 / 0.15)]).offset(later.timestamp()) + logit(0.37)
    assert kind == pytest.approx(pos_sent(expected))


def test_a_projected_mood_fades_into_that_days_base() -> None:
    inputs = [MoodInput(NOON, 8.0)]
    tomorrow = mood_value(inputs, NOON + timedelta(days=1), timezone=PACIFIC)
    in_two_days = mood_value(inputs, NOON + timedelta(days=2), timezone=PACIFIC)
    assert 0.9 < tomorrow < 0.92
    assert in_two_days == pytest.approx(0.37, abs=0.01)


def test_inputs_after_the_moment_do_not_count() -> None:
    inputs = [MoodInput(NOON + timedelta(seconds=1), 9.0)]
    assert mood_value(inputs, NOON, timezone=PACIFIC) == pytest.approx(0.37)


def test_order_of_inputs_does_not_matter() -> None:
    inputs = [MoodInput(NOON - timedelta(minutes=17 * n), (-1.0) ** n * n) for n in range(20)]
    there, back = (mood_value(i, NOON, timezone=PACIFIC) for i in (inputs, inputs[::-1]))
    assert there == pytest.approx(back, abs=1e-12)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        MoodInput(datetime.fromisoformat("2021-02-06"), 0.0)
    with pytest.raises(ValueError, match="time zone"):
        mood_value([], datetime.fromisoformat("2021-02-06"), timezone=PACIFIC)


def test_summer_time_does_not_disturb_the_mood() -> None:
    """The night in which an hour is missing is simply an hour shorter."""
    before = datetime(2021, 3, 14, 1, 30, tzinfo=PACIFIC)
    after = datetime(2021, 3, 14, 3, 30, tzinfo=PACIFIC)
    curve = curve_of([(before.timestamp(), 1.0)])
    assert curve.offset(after.timestamp()) == pytest.approx(0.0902, abs=5e-5)


def test_the_base_of_a_moment_follows_the_systems_rule() -> None:
    always_sad = DailyRule(eras=(DailyEra(date.min, ("only_sad",)),))
    system = replace(DEFAULT, daily=always_sad)
    assert mood_at(0.0, T0, PACIFIC, system) == pytest.approx(0.094)


@pytest.mark.parametrize("kindness", [40.0, -40.0, 800.0, -800.0, 1e300, -1e300])
def test_a_mood_driven_to_its_end_is_still_a_mood(kindness: float) -> None:
    value = mood_at(kindness, T0, PACIFIC)
    assert 0.0 < value < 1.0
    assert mood_for_value(value).name == ("only_happy" if kindness > 0 else "only_sad")


@pytest.mark.parametrize("wrong", [math.inf, -math.inf, math.nan])
def test_an_input_without_a_finite_sentiment_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        MoodInput(NOON, wrong)
    with pytest.raises(ValueError, match="finite"):
        MoodInput(NOON, 0.5, wrong)
