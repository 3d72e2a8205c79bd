"""One scripted night of the ten; ``python -m tests.system.night`` lives them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.system.night import LONGEST_THREAD, MOST_CALLS, MOST_LINES, bad, live_a_night

SEED = 1
WELL: dict[str, Any] = {
    "lost": [],
    "twice": [],
    "fatal": [],
    "mistakes": [],
    "calls_per_minute": [5.0, MOST_CALLS],
    "lines_per_minute": [5.0, MOST_LINES],
    "robots_answered": LONGEST_THREAD,
}


def test_in_a_night_of_failures_every_ask_is_answered_once_or_left_with_a_reason(tmp_path: Path) -> None:
    account = live_a_night(tmp_path, SEED)
    assert bad(account) == [], account
    assert account["answered"] + account["left_with_reason"] == account["asks"]
    assert account["answered"] > 90
    assert {"kills", "restores", "clock set", "lost", "late", "cut", "unreachable"} <= set(account["mishaps"])
    assert account["robots_answered"] == LONGEST_THREAD


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lost", ["an ask"]),
        ("twice", ["an ask"]),
        ("fatal", ["it ended"]),
        ("mistakes", ["a traceback"]),
        ("calls_per_minute", [5.0, MOST_CALLS + 1]),
        ("lines_per_minute", [5.0, MOST_LINES + 1]),
        ("robots_answered", LONGEST_THREAD + 1),
    ],
)
def test_what_must_not_happen_in_a_night(name: str, value: object) -> None:
    assert bad(WELL) == []
    assert bad({**WELL, name: value}) == [name]
