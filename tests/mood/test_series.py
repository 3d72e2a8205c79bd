from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from mood.dynamics import mood_value
from mood.logits import pos_sent
from mood.series import Stretch, mood_series, strongest_kicks, with_trial
from mood.system import Dated, MoodInput, MoodSystem

PACIFIC = ZoneInfo("US/Pacific")
NOON = datetime(2021, 2, 6, 12, tzinfo=PACIFIC)
DAY = Stretch(NOON, NOON + timedelta(days=1), PACIFIC)
SYSTEM = MoodSystem()


def test_points_cover_the_stretch() -> None:
    moments = DAY.moments
    assert len(moments) == 2881
    assert (moments[0], moments[-1]) == (DAY.start.timestamp(), DAY.end.timestamp())


def test_a_stretch_needs_an_order_and_a_zone() -> None:
    for start, end in ((NOON, NOON), (NOON.replace(tzinfo=None), NOON.replace(tzinfo=None))):
        with pytest.raises(ValueError, match="stretch"):
            Stretch(start, end, PACIFIC)


def test_a_series_agrees_with_single_values() -> None:
    inputs = [MoodInput(NOON + timedelta(hours=h), (-1.0) ** h * h) for h in range(-30, 24, 5)]
    series = mood_series(inputs, Stretch(NOON, NOON + timedelta(hours=20), PACIFIC, 3600), SYSTEM)
    for moment, found in zip(series.moments.tolist(), series.logits.tolist(), strict=True):
        at = datetime.fromtimestamp(moment, PACIFIC)
        assert pos_sent(found) == pytest.approx(mood_value(inputs, at, timezone=PACIFIC, system=SYSTEM))


def test_inputs_reach_from_the_lead_to_the_end() -> None:
    early = MoodInput(DAY.start - timedelta(days=2.4), 5.0)
    too_early = MoodInput(DAY.start - timedelta(days=2.6), 5.0)
    too_late = MoodInput(DAY.end + timedelta(seconds=1), 5.0)
    assert mood_series([early], DAY, SYSTEM).offsets[0] > 0
    assert not mood_series([too_early, too_late], DAY, SYSTEM).offsets.any()


def test_without_inputs_a_series_is_the_base() -> None:
    series = mood_series([], DAY, SYSTEM)
    assert sorted(set(np.round(series.logits, 4))) == [-0.5322, 2.1972]


def test_a_trial_replaces_what_was_in_force_from_the_lead_on() -> None:
    before = DAY.start.timestamp() - 3 * 86_400
    inside = DAY.start.timestamp() + 60
    system = MoodSystem(centre=Dated(-1.0, ((before, -2.0), (inside, -3.0))))
    trial = with_trial(system, DAY, centre=0.5)
    assert trial.centre.at(before) == -2.0
    assert trial.centre.at(DAY.start.timestamp() - 2.5 * 86_400) == 0.5
    assert trial.centre.at(inside + 1) == 0.5
    assert trial.scale == system.scale
    assert with_trial(system, DAY, scale=0.3).scale.at(inside) == 0.3


def test_the_strongest_kicks_come_first() -> None:
    scores = {"a": 3.0, "b": -1.0, "c": 5.0, "d": -4.0, "e": 0.0, "f": 1.0}
    known = [(MoodInput(NOON + timedelta(hours=1), score), name) for name, score in scores.items()]
    outside = [(MoodInput(NOON - timedelta(hours=1), 99.0), "outside")]
    raised, lowered = strongest_kicks([*known, *outside], DAY, SYSTEM, count=2)
    assert [name for _, name in raised] == ["c", "a"]
    assert [name for _, name in lowered] == ["d", "b"]
    assert raised[0][0] == pytest.approx(5.0 * 0.1 / 0.15)
    assert lowered[0][0] < 0


def test_no_kicks() -> None:
    assert strongest_kicks([], DAY, SYSTEM) == ([], [])
