from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.system import (
    WEIGHTED_FROM,
    Dated,
    MoodInput,
    MoodSystem,
    TimeConstants,
    along,
    determiners,
    kicks,
    p75,
)

NAN = float("nan")


def test_the_last_update_at_or_before_a_moment_is_in_force() -> None:
    steps = Dated(1.0, ((10.0, 2.0), (20.0, 3.0)))
    assert [steps.at(t) for t in (-5.0, 9.9, 10.0, 19.9, 20.0, 1e9)] == [1, 1, 2, 2, 3, 3]


@given(st.lists(st.floats(-100, 100), unique=True, max_size=8), st.lists(st.floats(-150, 150), max_size=20))
def test_many_moments_at_once_give_the_same(moments: list[float], asked: list[float]) -> None:
    steps = Dated(-1.0, tuple((moment, float(n)) for n, moment in enumerate(sorted(moments))))
    assert along(steps, np.array(asked)).tolist() == [steps.at(t) for t in asked]


@pytest.mark.parametrize("moments", [(2.0, 1.0), (1.0, 1.0)])
def test_updates_must_rise(moments: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="rising"):
        Dated(0.0, tuple((moment, 0.0) for moment in moments))


@pytest.mark.parametrize("step", [0, -30, 7, 7200])
def test_a_step_must_divide_the_hour(step: int) -> None:
    with pytest.raises(ValueError, match="divide"):
        MoodSystem(step_seconds=step)


@pytest.mark.parametrize("seconds", [0.0, -1.0, NAN])
def test_time_constants_must_be_positive(seconds: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        TimeConstants(tau_seconds=seconds)


@pytest.mark.parametrize(
    ("moment", "step", "point"),
    [(0.0, 0, 0), (14.9, 0, 0), (15.0, 0, 0), (15.1, 0, 1), (30.0, 1, 1), (45.0, 1, 2), (59.9, 1, 2)],
)
def test_steps(moment: float, step: int, point: int) -> None:
    system = MoodSystem()
    assert (system.bin_of(moment), system.point_of(moment)) == (step, point)


@pytest.mark.parametrize(
    ("moment", "diff", "quartile", "expected"),
    [
        (WEIGHTED_FROM, 3.0, 1.5, 1.798417981052567),
        (WEIGHTED_FROM, -4.0, 2.75, 0.043812754802567355),
        (WEIGHTED_FROM, 1.0, NAN, 1.0),
        (WEIGHTED_FROM - 1, 3.0, 1.5, 0.3703807866166967),
        (WEIGHTED_FROM - 1, -3.0, NAN, -3.0),
    ],
)
def test_determiners(moment: float, diff: float, quartile: float, expected: float) -> None:
    found = determiners(np.array([moment]), np.array([diff]), np.array([quartile]), WEIGHTED_FROM)
    assert found[0] == pytest.approx(expected)


def test_kicks_use_what_is_in_force_at_each_time() -> None:
    start = datetime(2021, 6, 12, tzinfo=UTC)
    change = (start + timedelta(hours=1)).timestamp()
    system = MoodSystem(centre=Dated(0.5, ((change, -1.0),)), scale=Dated(0.15, ((change, 0.3),)))
    inputs = [MoodInput(start, 2.0), MoodInput(start + timedelta(hours=2), 2.0)]
    moments, sizes = kicks(inputs, system)
    assert moments.tolist() == [i.time.timestamp() for i in inputs]
    assert sizes.tolist() == pytest.approx([1.5, 6.0])


def test_no_inputs_no_kicks() -> None:
    moments, sizes = kicks([], MoodSystem())
    assert len(moments) == len(sizes) == 0


@pytest.mark.parametrize(
    ("scores", "expected"), [([], None), ([1.0], 1.0), ([2.0, 3.0], 2.75), ([-2, -1, 0.5, 1.5, 4.0], 1.5)]
)
def test_quartile(scores: list[float], expected: float | None) -> None:
    assert p75(scores) == expected
