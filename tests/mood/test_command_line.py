from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mood.__main__ import main
from mood.dated_settings import build_system
from mood.dynamics import mood_value
from mood.history import parse_history
from mood.named import mood_for_value
from mood.settings import MoodConfig

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Sends lines through a command; gives the answers."""

    def run(command: str, *rows: object, status: int = 0) -> list[dict[str, Any]]:
        text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
        monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))
        assert main([command]) == status
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A few weeks of kind words at noon and rude ones in the evening."""
    lines = []
    for day in range(1, 29):
        for hour, score in ((12, 3.0), (20, -2.0)):
            moment = datetime.fromisoformat(f"2021-01-{day:02} {hour}:00").isoformat()
            lines.append(json.dumps({"time": moment, "logit_diff": score, "generated_ts": moment}))
    path = tmp_path / "history.jsonl"
    path.write_text("\n".join(lines) + "\n\n")
    return path


def test_daily(ask: Ask) -> None:
    assert ask("daily", {"id": "a", "date": "2021-02-06"}) == [{"id": "a", "mood": "only_non_happy"}]


def test_a_line_that_no_other_program_could_read_stops_nobody(ask: Ask) -> None:
    """Nested beyond what is read, or named by half a character."""
    good = {"id": "a", "date": "2021-02-06"}
    nested, named, after = ask("daily", '{"id": ' + "[" * 50_000, {**good, "id": "\ud83d"}, good, status=1)
    assert "recursion" in nested["error"]
    assert (named["id"], named["mood"]) == ("\ud83d", "only_non_happy")
    assert after == {"id": "a", "mood": "only_non_happy"}


def test_range(ask: Ask) -> None:
    (answer,) = ask("range", {"id": 1, "value": 0.3})
    assert answer["name"] == "interp_only_sad__only_non_happy__0.25__0.75"
    assert answer["max_allowed_score"] == pytest.approx(-1.5890269151739727)


SERIES = {
    "id": "one",
    "events": [
        {"time": "2021-06-12T08:00:00", "logit_diff": 4.0, "generated_ts": "2021-06-12T08:00:20"},
        {"time": "2021-06-12T08:00:00", "logit_diff": -9.0, "generated_ts": None},
        {"time": "2021-06-12T05:00:00", "logit_diff": -9.0, "generated_ts": "2021-06-12T05:00:00"},
    ],
    "start": "2021-06-12T06:00:00",
    "end": "2021-06-12T23:00:00",
    "system": {"step_sec": 60},
    "times": ["2021-06-12T07:00:00", "2021-06-12T08:00:00", "2021-06-12T08:01:00", "2021-06-12T08:25:00"],
}


def test_series(ask: Ask) -> None:
    """Unanswered inputs and those before the start do not count."""
    (answer,) = ask("series", SERIES)
    assert answer["values"] == pytest.approx([0.7, 0.7, 0.7010426684016531, 0.7397801979430482])


def test_series_without_the_daily_base(ask: Ask) -> None:
    (answer,) = ask("series", {**SERIES, "apply_daily_offset": False})
    assert answer["values"][:2] == [0.5, 0.5]


def test_two_people_in_the_same_second_both_count(ask: Ask) -> None:
    event = {"time": "2021-06-12T08:00:00", "logit_diff": 4.0, "generated_ts": "2021-06-12T08:00:20"}
    (one,) = ask("series", {**SERIES, "events": [event]})
    (two,) = ask("series", {**SERIES, "events": [event, event]})
    assert two["values"][-1] > one["values"][-1]


def test_no_input_at_all_gives_the_base(ask: Ask) -> None:
    (answer,) = ask("series", {**SERIES, "events": []})
    assert answer["values"] == pytest.approx([0.7] * 4)


def test_updates_replace_constants(ask: Ask) -> None:
    system = {
        "step_sec": 60,
        "determiner_center": 4.0,
        "determiner_center_updates": {"2021-06-12T08:00:20": 0.0},
        "multiplier": 0.0,
        "determiner_multiplier_updates": {"2021-06-12T08:00:00": 1.0},
    }
    assert ask("series", {**SERIES, "system": system})[0]["values"] == ask("series", SERIES)[0]["values"]


def test_a_bad_line_is_answered_and_the_rest_go_on(ask: Ask) -> None:
    good = {"id": "b", "date": "2021-02-06"}
    answers = ask("daily", {"id": "a"}, "not json", "", {"id": "c", "date": "soon"}, "[]", good, status=1)
    assert [answer.get("id") for answer in answers] == ["a", None, "c", None, "b"]
    assert answers[0]["error"] == "date: Field required"
    assert all("error" in answer for answer in answers[:4])
    assert answers[4]["mood"] == "only_non_happy"


@pytest.mark.parametrize("value", [0, 1, "x", None, 2])
def test_values_outside_are_errors(ask: Ask, value: object) -> None:
    assert "value" in ask("range", {"id": 1, "value": value}, status=1)[0]["error"]


def test_a_step_that_does_not_fit_is_an_error(ask: Ask) -> None:
    (answer,) = ask("series", {**SERIES, "system": {"step_sec": 7}}, status=1)
    assert "divide" in answer["error"]


def test_now(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["now", "--history", str(history), "--at", "2021-01-20T15:00"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2021-01-20 15:00 PST: mood 0.")
    assert "accepts sentiment logit differences from" in said


def test_now_with_the_later_ranges(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["now", "--history", str(history), "--at", "2021-01-20T15:00"]
    said = []
    for ranges in ("2021", "2023"):
        assert main([*options, "--ranges", ranges]) == 0
        said.append(capsys.readouterr().out)
    assert said[0].split("(")[1] == said[1].split("(")[1]  # the name is the same
    assert said[0] != said[1]


def test_the_mood_is_the_bots_own(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what the configuration says of the mood, unless the command line says otherwise."""
    config = tmp_path / "config.json"
    mood = {"centre": 2.5, "scale": 0.2, "ranges": "2023", "stale_seconds": 60}
    config.write_text(json.dumps({"blog": {"blog_name": "frank", "timezone": "UTC"}, "mood": mood}))
    options = ["now", "--history", str(history), "--config", str(config), "--at", "2021-01-20T15:00+00:00"]
    system = build_system(MoodConfig(centre=2.5, scale=0.2))
    moment = datetime.fromisoformat("2021-01-20T15:00+00:00")
    inputs = parse_history(history.read_text().splitlines(), ZoneInfo("UTC"))
    value = mood_value(inputs, moment, timezone=ZoneInfo("UTC"), system=system)
    bounds = mood_for_value(value, "2023")
    assert main(options) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"2021-01-20 15:00 UTC: mood {value:.4f}")
    assert f"{bounds.min_allowed_score:+.3f} to {bounds.max_allowed_score:+.3f}" in said
    updates = tmp_path / "updates.json"
    updates.write_text('{"centre": {"initial": 0.0}}')
    assert main([*options, "--timezone", "Asia/Kolkata", "--updates", str(updates), "--ranges", "2021"]) == 0
    other = capsys.readouterr().out
    assert other.startswith("2021-01-20 20:30 IST")
    assert f"mood {value:.4f}" not in other


def test_a_preset_counts_as_it_does_for_the_bot(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for settings in ({"preset": "2023"}, {"mood": {"tau_hours": 4.0, "ranges": "2023"}}):
        config = tmp_path / "config.json"
        config.write_text(json.dumps(settings))
        options = ["--config", str(config), "--at", "2021-01-20T15:00"]
        assert main(["now", "--history", str(history), *options]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_no_secret_is_asked_for(history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOWHERE_TOKEN", raising=False)
    config = tmp_path / "config.json"
    config.write_text('{"switchboard": {"client_token": {"env": "NOWHERE_TOKEN"}}}')
    assert main(["now", "--history", str(history), "--config", str(config), "--at", "2021-01-20T15:00"]) == 0


def test_now_from_standard_input(
    history: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(history.read_text()))
    assert main(["now", "--history", "-", "--at", "2021-01-20T15:00", "--timezone", "UTC"]) == 0
    assert "2021-01-20 15:00 UTC" in capsys.readouterr().out


def test_graph(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["graph", "--history", str(history), "--at", "2021-01-20T15:00", "--out", str(tmp_path)]
    assert main(arguments) == 0
    plain = tmp_path / "2021-01-20-15-00-00.png"
    assert capsys.readouterr().out.strip() == str(plain)
    compared = tmp_path / "compared.png"
    extra = ["--days", "3", "--centre", "-0.5", "0.5", "--scale", "0.2", "--milestone", "2021-01-19"]
    assert main([*arguments[:-1], str(compared), *extra]) == 0
    for path in (plain, compared):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_tune(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["tune", "--history", str(history), "--at", "2021-01-29T00:00", "--weeks", "3"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "as it was" in said
    assert 'centre: {"from": "2021-01-29 00:00", "value": 0.5' in said
    assert main([*arguments, "--extreme", "0.05"]) == 0
    assert "scale: {" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "options", "complaint"),
    [
        ('{"time": "2021-01-01"}', [], "line 1: logit_diff: Field required"),
        ("nonsense", [], "line 1: line: Invalid JSON"),
        ("", ["--timezone", "Mars/Olympus"], "No time zone found"),
        ("", ["--updates", "missing.json"], "missing.json"),
        ("", ["--config", "history.jsonl"], "history.jsonl: not valid JSON"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, options: list[str], complaint: str
) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(content)
    options = [str(path) if option == path.name else option for option in options]
    assert main(["now", "--history", str(path), *options]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "options", [["graph", "--days", "1e9"], ["tune", "--weeks", "1e12"], ["now", "--at", "9999-12-31T23:59"]]
)
def test_what_no_calendar_holds_is_one_line(
    history: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    command, *rest = options
    assert main([command, "--history", str(history), *rest]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_series_may_lie_anywhere_in_time(ask: Ask) -> None:
    ages = {**SERIES, "start": "0001-01-01T00:00:00", "times": ["0001-01-02T00:00:00", "9999-12-31T00:00:00"]}
    (answer,) = ask("series", ages)
    assert len(answer["values"]) == 2


def test_nothing_to_tune(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text("")
    assert main(["tune", "--history", str(path)]) == 2
    assert "no answered input" in capsys.readouterr().err
