from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import mood
from mood.daily import daily_mood
from mood.dated_settings import UpdatesError, build_system, parse_updates, with_updates
from mood.settings import MoodConfig
from mood.system import HOUR, MoodSystem, TimeConstants

DATA = Path(mood.__file__).parent / "data"
PACIFIC = ZoneInfo("US/Pacific")


def pacific(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC).timestamp()


def system_of(content: dict[str, Any]) -> MoodSystem:
    return with_updates(MoodSystem(), parse_updates(json.dumps(content)))


def test_an_empty_file_changes_nothing() -> None:
    assert system_of({}) == MoodSystem()


def test_a_part_replaces_that_part() -> None:
    system = system_of({"centre": {"initial": -1, "updates": [{"from": "2021-03-01 09:30", "value": 0.5}]}})
    assert system.centre.at(pacific("2021-03-01 09:29")) == -1
    assert system.centre.at(pacific("2021-03-01 09:30")) == 0.5
    assert system.scale == MoodSystem().scale


def test_times_are_local_to_the_files_zone() -> None:
    updates = [{"from": "2021-07-01 00:00", "value": 1.0}]
    system = system_of({"timezone": "Asia/Tokyo", "scale": {"initial": 0.1, "updates": updates}})
    assert system.scale.moments == (datetime(2021, 7, 1, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp(),)


def test_time_constants_and_days() -> None:
    system = system_of(
        {
            "time_constants": {
                "initial": {"tau_hours": 6},
                "updates": [{"from": "2023-01-15 07:40", "value": {"tau_hours": 1, "rise_hours": 0.5}}],
            },
            "daily": [{"first_day": "2022-07-05", "moods": ["only_happy"]}],
        }
    )
    assert system.time_constants.initial == TimeConstants(6 * HOUR, HOUR)
    assert system.time_constants.at(pacific("2023-02-01")) == TimeConstants(HOUR, HOUR / 2)
    assert daily_mood(date(2022, 7, 5), system.daily) == "only_happy"
    assert daily_mood(date(2021, 2, 6), system.daily) == "only_non_happy"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"center": {"initial": 0}}, "center: Extra inputs"),
        ({"centre": {"initial": "much"}}, "centre.initial"),
        ({"scale": {"initial": 0}}, "scale.initial"),
        ({"scale": {"initial": 0.1, "updates": [{"from": "soon", "value": 1}]}}, "scale.updates.0.from"),
        (
            {"scale": {"initial": 0.1, "updates": [{"from": "2021-01-01T00:00:00Z", "value": 1}]}},
            "without a zone",
        ),
        (
            {
                "centre": {
                    "initial": 0.1,
                    "updates": [
                        {"from": "2021-01-04 09:10", "value": 0},
                        {"from": "2020-01-20 18:20", "value": 0.2},
                    ],
                }
            },
            "2020-01-20 18:20:00 stands after 2021-01-04 09:10:00: expected rising order",
        ),
        ({"timezone": "Mars/Olympus"}, "no time zone is called 'Mars/Olympus'"),
        ({"daily": [{"first_day": "2022-07-05", "moods": ["gleeful"]}]}, "no mood is called 'gleeful'"),
        ({"daily": [{"first_day": "2022-07-05", "moods": []}]}, "daily.0.moods"),
        ({"time_constants": {"initial": {"tau_hours": -1}}}, "time_constants.initial.tau_hours"),
    ],
)
def test_what_is_wrong_is_named(content: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UpdatesError, match=complaint):
        parse_updates(json.dumps(content))


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(UpdatesError, match="Invalid JSON"):
        parse_updates("centre: 0.1")


@pytest.mark.parametrize("path", sorted(DATA.glob("*.json")), ids=lambda path: path.name)
def test_the_files_that_come_along_are_valid(path: Path) -> None:
    assert parse_updates(path.read_text(encoding="utf-8")).about


def test_the_history_until_2021_ends_in_the_defaults() -> None:
    system = with_updates(MoodSystem(), parse_updates((DATA / "until_2021.json").read_text(encoding="utf-8")))
    february = pacific("2021-02-06 12:00")
    assert system.centre.at(february) == MoodSystem().centre.initial
    assert system.scale.at(february) == MoodSystem().scale.initial
    assert system.centre.at(pacific("2020-08-19 12:00")) == -3.1
    assert system.scale.at(pacific("2021-01-14 12:00")) == 0.2


def test_settings_make_a_system() -> None:
    assert build_system(MoodConfig()) == MoodSystem()
    system = build_system(
        MoodConfig(tau_hours=4, rise_hours=0.5, window_days=1, centre=0.2, scale=0.3, step_seconds=60)
    )
    assert system.time_constants.initial == TimeConstants(4 * HOUR, HOUR / 2)
    assert (system.window_seconds, system.step_seconds) == (86_400, 60)
    assert (system.centre.initial, system.scale.initial) == (0.2, 0.3)


def test_the_file_goes_before_the_settings() -> None:
    updates = parse_updates('{"centre": {"initial": -2.0}}')
    system = build_system(MoodConfig(centre=0.2, scale=0.3), updates)
    assert (system.centre.initial, system.scale.initial) == (-2.0, 0.3)
