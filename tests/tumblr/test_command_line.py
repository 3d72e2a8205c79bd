"""``python -m tumblr``, and the door's own answers to bad beginnings."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import tumbl
from bot_config import Config
from bot_lifecycle import FatalError, Shutdown
from bot_process import run_process
from mood.__main__ import main as mood_main
from mood.history import parse_history
from mood.named import mood_for_value
from mood.system import MoodInput
from tests.tumblr.fakes import FakeClock, World
from tumblr.__main__ import main
from tumblr.build import running_bot, settings_of
from tumblr.moods.current import mood_system
from tumblr.responding.post_log import explain
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import NewTurn, Turn

KEYS = {"consumer_key": "a", "consumer_secret": "b", "token": "c", "token_secret": "d"}


def write_config(folder: Path, **tumblr: Any) -> Path:
    path = folder / "config.json"
    settings = {"tumblr": {"database": str(folder / "tumbl.sqlite"), "base_keys": [KEYS], **tumblr}}
    path.write_text(json.dumps(settings))
    return path


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A configuration whose database holds one answered ask and one failed turn."""
    world = World(tmp_path)
    world.tumblr.ask("do you like\nsoup?")
    world.run()
    world.tumblr.ask("and tea?", "ann")
    (turn,) = world.find()
    world.store.close(turn, TurnState.FAILED, "no generator")
    world.stop()
    return str(write_config(tmp_path))


def test_why(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "1002", "--config", config]) == 0
    told = capsys.readouterr().out
    for words in (
        "post 1002, posted at 2021-02-06",
        "input: ask 1001 from bob",
        "question: do you like\\nsoup?",
        "its sentiment: +1.250",
        "candidate 0: selector 0.700, positive 0.600  <- chosen: Soup is warm.\\nI like it.",
        "candidate 1: selector 0.400, positive 0.200: Cold soup is a salad.",
        "mood: meh, sentiment -3.892 to +0.405",
        "sent as: published, tags soup, bob",
        "nothing against it",
    ):
        assert words in told
    assert main(["why", "1001", "--config", config]) == 0
    with pytest.raises(FatalError, match="knows no post 5"):
        main(["why", "5", "--config", config])


def test_why_shows_what_was_asked_of_the_model(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["why", "1002", "--config", config])
    told = capsys.readouterr().out
    assert "prompt: \N{CJK UNIFIED IDEOGRAPH-53CB}bob" in told
    assert f", asking_name bob, mood {mood_for_value(0.37).name}" in told  # the base of that day
    assert "v10_timestamp 4 AM February 2021" in told
    assert "tumblr answered: {" in told


def test_why_can_show_whole_candidates(world: World) -> None:
    world.tumblr.ask("soup?")
    world.run()
    (logged,) = world.store.log_entries()
    long = "soup " * 100
    result = {"all_posts": [long, "tea"], "all_mirotarg": [2.1, 3.0], "all_tags": [["warm", "cold"], []]}
    entry = replace(logged, entry={**logged.entry, "result": {**logged.entry["result"], **result}})
    assert f": {long[:100]} #warm #cold" in explain(entry)
    assert f": {long} #warm #cold" in explain(entry, shown=None)
    assert "candidate 1: selector 0.400, positive 0.200, surprise 3.000: tea" in explain(entry)


def test_why_there_is_no_post(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    (ask,) = (turn.input_id for turn in turns_of(config) if turn.state is TurnState.FAILED)
    assert main(["why", ask, "--config", config]) == 0
    told = capsys.readouterr().out
    assert "no post; failed at 2021-02-06" in told
    assert "no generator" in told
    assert f"input: ask {ask} from ann" in told
    assert "question: and tea?" in told
    assert "tumblr answered" not in told


def turns_of(config: str) -> list[Turn]:
    with Database.read(Path(config).parent / "tumbl.sqlite") as database:
        return [turn for state in TurnState for turn in TurnStore(database, FakeClock()).in_state(state)]


def test_why_with_a_head_that_reviews(world: World) -> None:
    world.tumblr.ask("soup?")
    world.run()
    (logged,) = world.store.log_entries()
    entry = dict(logged.entry)
    entry["result"] = {**entry["result"], "all_autoreview": [0.25, None]}
    told = explain(replace(logged, entry=entry))
    assert "candidate 0: selector 0.700, positive 0.600, rejection 0.250  <- chosen" in told
    assert "candidate 1: selector 0.400, positive 0.200, rejection -:" in told


def test_export(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--config", config]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert record["api__id"] == "1002"
    assert record["post_type"] == "ask"
    assert record["input_ident"] == ["bob", "1001", 1612612800]
    assert record["requested__state"] == "published"
    assert record["all_proba"] == [0.7, 0.4]
    assert record["asking_name"] == "bob"


def test_export_of_the_mood(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--mood", "--config", config]) == 0
    exported = capsys.readouterr().out
    (record,) = map(json.loads, exported.splitlines())
    assert record["time"] == "2021-02-06T12:00:00+00:00"
    assert record["generated_ts"] >= record["time"]
    assert (record["logit_diff"], record["who"], record["input_id"]) == (1.25, "bob", "1001")
    with Database.open(Path(config).parent / "tumbl.sqlite") as database:
        (stored,) = TurnStore(database, FakeClock()).mood_inputs()
    read = parse_history(exported.splitlines(), ZoneInfo("US/Pacific"))
    assert read == [MoodInput(stored.time, stored.logit_diff, stored.generated_p75)]


def test_the_exported_mood_feeds_the_mood_s_tools(
    config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert main(["export", "--mood", "--config", config]) == 0
    exported = capsys.readouterr().out
    for command in (["now"], ["graph", "--out", str(tmp_path / "mood.png")], ["tune", "--weeks", "0.1"]):
        monkeypatch.setattr("sys.stdin", io.StringIO(exported))
        assert mood_main([*command, "--history", "-", "--at", "2021-02-06T08:00"]) == 0
    assert "mood 0." in capsys.readouterr().out
    assert (tmp_path / "mood.png").exists()


def test_turns(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["turns", "--config", config]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "failed     1",
        "posted     1",
        "failed: ask:1003 of ann: no generator",
    ]


def test_skipped_turns_say_why(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Database.open(Path(config).parent / "tumbl.sqlite") as database:
        skipped = NewTurn(TurnKind.REPLY, "cat:5:9", "cat", skip_reason="it is addressed to somebody else")
        TurnStore(database, FakeClock()).add([skipped])
    assert main(["turns", "--skipped", "--config", config]) == 0
    assert "skipped: reply:cat:5:9 of cat: it is addressed to somebody else" in capsys.readouterr().out


def test_it_can_be_asked_while_the_bot_works(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Database.open(Path(config).parent / "tumbl.sqlite") as database:
        TurnStore(database, FakeClock()).open_turns()
        assert main(["turns", "--config", config]) == 0
    assert "posted" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["why", "1"], ["export"], ["turns"]])
def test_without_a_database_it_says_so(tmp_path: Path, command: list[str]) -> None:
    with pytest.raises(FatalError, match="there is no database"):
        main([*command, "--config", str(write_config(tmp_path))])
    (tmp_path / "tumbl.sqlite").write_bytes(b"no database at all, no database at all" * 100)
    with pytest.raises(FatalError, match="not a database"):
        main([*command, "--config", str(write_config(tmp_path))])


def test_screening_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    line = {
        "id": 1,
        "config": {"bad_strings": ["zorpful"], "SCREENED_USERS": ["pepperpot"]},
        "asking_name": "bob",
        "question": "",
        "answer": "zorpful",
        "tags": ["soup"],
    }
    lines = [line, {**line, "id": 2, "answer": "fine"}, {**line, "id": 3, "tags": 7}, {**line, "id": 4}]
    text = "\n".join(json.dumps(row) for row in lines).replace('"id": 4', '"id": 4 broken') + "\n\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["screening"]) == 1
    first, second, third, fourth = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"id": 1, "ok": False, "reasons": ["listed text 'zorpful' in 'bob zorpful soup'"]}
    assert second == {"id": 2, "ok": True, "reasons": []}
    assert third["error"].startswith("tags:")
    assert "not a JSON object" in fourth["error"]


def test_the_door_says_what_is_wrong_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    assert run_process(lambda: tumbl.main(["--config", str(path)])) == 2
    path.write_text('{"tumblr": {"base_keyz": []}}')
    assert run_process(lambda: tumbl.main(["--config", str(path)])) == 2
    first, second = capsys.readouterr().err.strip().splitlines()
    assert first.startswith("error: ")
    assert "cannot be read" in first
    assert "did you mean 'base_keys'" in second


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tumblr": {"base_keys": ()}}, r"tumblr\.base_keys is empty"),
        ({"tumblr": {"base_keys": (KEYS,), "database": "/dev/null/x.sqlite"}}, r"set tumblr\.database"),
        (
            {"tumblr": {"base_keys": (KEYS,)}, "mood": {"updates_file": "/nowhere.json"}},
            r"updates_file /nowhere\.json",
        ),
    ],
)
def test_bad_settings_are_named_before_anything_starts(
    tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    settings["tumblr"].setdefault("database", tmp_path / "tumbl.sqlite")
    with (
        pytest.raises(FatalError, match=words),
        running_bot(Config(**settings), Shutdown(), dry_run=False),
    ):
        pass


def test_the_configuration_reaches_the_rules() -> None:
    config = Config(
        blog={"operator_name": "boss"},
        screening={"bad_strings": ["x"], "user_avoid_list": ["Y"], "screen_operator": False},
        mood={"tau_hours": 4.0, "window_days": 1.0},
    )
    settings = settings_of(config)
    assert settings.avoided_blogs == {"y"}
    assert settings.avoided_tags == ("Y",)
    assert (settings.is_operator("Boss"), settings.is_operator("y")) == (True, False)
    system = mood_system(settings.mood)
    assert system.time_constants.at(0.0).tau_seconds == 4 * 3600
    assert system.window_seconds == 86_400
