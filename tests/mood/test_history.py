from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mood.history import HistoryError, parse_history
from mood.logits import pos_sent
from mood.system import MoodInput

PACIFIC = ZoneInfo("US/Pacific")
NOON = "2021-06-12T12:00:00"
ANSWERED = datetime(2021, 6, 12, 12, 3, tzinfo=PACIFIC)


def read(**fields: Any) -> list[MoodInput]:
    row = {"time": NOON, "logit_diff": 1.0, "generated_ts": "2021-06-12T12:03:00", **fields}
    return parse_history([json.dumps(row)], PACIFIC)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [MoodInput(ANSWERED, 1.0)]),
        ({"generated_p75": 2.5}, [MoodInput(ANSWERED, 1.0, 2.5)]),
        ({"generated_ts": "2021-06-12T19:03:00Z"}, [MoodInput(ANSWERED, 1.0)]),
        ({"generated_ts": None}, []),
        ({"asker": "someone"}, [MoodInput(ANSWERED, 1.0)]),
        (
            {"time": "2020-05-26T18:59:00", "generated_ts": None, "generated_pos_sent": [0.9]},
            [MoodInput(datetime(2020, 5, 26, 18, 59, tzinfo=PACIFIC), 1.0)],
        ),
        ({"time": "2020-05-26T19:01:00", "generated_ts": None}, []),
    ],
)
def test_which_inputs_count(fields: dict[str, Any], expected: list[MoodInput]) -> None:
    assert read(**fields) == expected


def test_candidates_count_by_their_upper_quartile() -> None:
    (found,) = read(generated_pos_sent=[pos_sent(2.0), pos_sent(3.0), 1.0])
    assert found.generated_p75 == pytest.approx((3.0 + 9.2102403) / 2)
    assert found.moment == ANSWERED.astimezone(UTC).timestamp()


@pytest.mark.parametrize("fields", [{"logit_diff": "nan"}, {"generated_pos_sent": [1.5]}, {"time": "noon"}])
def test_errors_name_the_line(fields: dict[str, Any]) -> None:
    with pytest.raises(HistoryError, match="line 1: "):
        read(**fields)
