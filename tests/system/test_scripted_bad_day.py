"""The day among hundreds of people, while tumblr fails in all its ways and every process is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.day_script import FAULTS
from tests.system.harness import FOUR
from tests.system.scripted_day import Plan, live_a_day

SEED = 1


@pytest.mark.timeout(1800)
def test_a_day_of_faults_and_kills_adds_up_as_well(tmp_path: Path) -> None:
    lived = live_a_day(
        tmp_path, Plan(SEED, 0.4, sleep_seconds=180.0, calls_per_day=2000, faults=FAULTS, kills=24)
    )
    assert lived.complaints() == []
    assert lived.kills == dict.fromkeys(FOUR, 6)
    assert len(lived.faults) > 5
