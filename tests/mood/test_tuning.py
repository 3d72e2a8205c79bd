from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from mood.commands.report import Setting, propose, tuning_report
from mood.commands.tuning import NothingToTune, Responses, summarize
from mood.named import LADDER
from mood.series import Stretch, mood_series, with_trial
from mood.system import MoodInput, MoodSystem

PACIFIC = ZoneInfo("US/Pacific")
END = datetime(2021, 2, 7, 12, tzinfo=PACIFIC)
WEEKS = Stretch(END - timedelta(weeks=2), END, PACIFIC, 1800)
SYSTEM = MoodSystem()


@pytest.fixture(scope="module")
def inputs() -> list[MoodInput]:
    """People who are rather kind."""
    rng = random.Random(4)
    times = sorted(END - timedelta(days=17 * rng.random()) for _ in range(600))
    return [MoodInput(time, rng.gauss(0.8, 2.5)) for time in times]


@pytest.fixture(scope="module")
def responses(inputs: list[MoodInput]) -> Responses:
    return Responses(inputs, WEEKS, SYSTEM)


@pytest.mark.parametrize(("centre", "scale"), [(0.0, 0.1), (0.7, 0.15), (-0.4, 0.05)])
def test_a_trial_is_what_the_dynamics_give(
    inputs: list[MoodInput], responses: Responses, centre: float, scale: float
) -> None:
    series = mood_series(inputs, WEEKS, with_trial(SYSTEM, WEEKS, centre, scale))
    assert responses.series(centre, scale).logits == pytest.approx(series.logits, abs=1e-9)


def test_the_balanced_centre_balances(responses: Responses) -> None:
    before = responses.balance(0.0, 0.1)
    assert before.high > before.low + 0.1
    centre = responses.balanced_centre(0.1)
    after = responses.balance(centre, 0.1)
    assert centre > 0
    assert after.low == pytest.approx(after.high, abs=0.01)


def test_the_surplus_falls_with_the_centre(responses: Responses) -> None:
    balances = [responses.balance(centre, 0.15) for centre in np.linspace(-2, 2, 9)]
    differences = [b.high - b.low for b in balances]
    assert differences == sorted(differences, reverse=True)


def test_the_fitted_scale_keeps_extremes_rare(responses: Responses) -> None:
    scale = responses.scale_for(0.1)
    assert responses.balance(responses.balanced_centre(scale), scale).extreme == pytest.approx(0.1, abs=0.01)
    assert responses.scale_for(0.02) < scale


def test_a_flat_history_is_balanced_at_what_people_say() -> None:
    """When all say the same, the centre that leaves the mood alone is what they say."""
    same = [MoodInput(END - timedelta(hours=3 * n), 1.5) for n in range(150)]
    assert Responses(same, WEEKS, SYSTEM).balanced_centre(0.1) == pytest.approx(1.5, abs=0.02)


def test_summary(inputs: list[MoodInput]) -> None:
    summary = summarize(mood_series(inputs, WEEKS, SYSTEM))
    assert 0 < summary.lowest < summary.middle < summary.highest < 1
    assert list(summary.shares) == list(LADDER)
    assert sum(summary.shares.values()) == pytest.approx(1)


def test_the_proposal_keeps_the_scale_unless_told_otherwise(responses: Responses) -> None:
    present = Setting(0.0, 0.1)
    assert propose(responses, present, None).scale == 0.1
    assert propose(responses, present, 0.05).scale != 0.1


def test_the_report_ends_with_the_update(inputs: list[MoodInput]) -> None:
    text = tuning_report(inputs, WEEKS, SYSTEM)
    assert text.splitlines()[-1].startswith('  centre: {"from": "2021-02-07 12:00", "value": ')
    assert "extreme" in text


def test_a_balanced_bot_needs_no_update(inputs: list[MoodInput], responses: Responses) -> None:
    balanced = round(responses.balanced_centre(0.1), 3)
    system = with_trial(SYSTEM, WEEKS, centre=balanced)
    assert tuning_report(inputs, WEEKS, system).endswith("No change is proposed.")


def test_nothing_to_tune() -> None:
    with pytest.raises(NothingToTune):
        Responses([MoodInput(END + timedelta(days=1), 1.0)], WEEKS, SYSTEM)
