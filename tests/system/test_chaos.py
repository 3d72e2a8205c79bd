"""Every process killed again and again while asks come in: each ask answered once, nothing damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.chaos import POINTS, ChaosPlan, check_account, run_chaos
from tests.system.harness import FOUR, RunningDemo


@pytest.mark.timeout(600)
def test_kills_of_every_process_lose_and_double_nothing(tmp_path: Path) -> None:
    plan = ChaosPlan(rounds=8, points=POINTS[::3], asks=16, settle_seconds=300)
    with RunningDemo(tmp_path, candidates=4) as bot:
        account = run_chaos(bot, plan)
        assert account.kills == dict.fromkeys(FOUR, plan.rounds)
        assert account.points, "none of the named points was come by"
        assert check_account(bot, account) == []
