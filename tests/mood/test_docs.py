"""The page about the mood tells the truth: its commands run, its numbers are those of the code."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from mood.__main__ import main, parser
from mood.dated_settings import parse_updates
from mood.named import BASE_MOODS, LADDER, RANGES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "mood.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python -m mood (.+)$", PAGE, re.MULTILINE)


def test_there_are_commands() -> None:
    assert {command.split()[0] for command in COMMANDS} == {"now", "graph", "tune"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = shlex.split(command)
    arguments = [str(ROOT / part) if part.startswith("mood/") else part for part in arguments]
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 0
    if "--out" in arguments:
        assert (tmp_path / arguments[-1]).stat().st_size > 10_000


def test_every_command_is_named() -> None:
    help_text = parser().format_help()
    for command in ("daily", "range", "series", "now", "graph", "tune"):
        assert command in help_text
        assert f"`{command}" in PAGE or f"mood {command}" in PAGE


def test_the_table_of_moods_is_right() -> None:
    number = r"([\d.]+)"
    row = rf"^\| (\w+) \| {number} \| {number} to {number} \| {number} to {number} \|$"
    found = {name: [*map(float, numbers)] for name, *numbers in re.findall(row, PAGE, re.MULTILINE)}
    assert found == {name: [BASE_MOODS[name].value, *bounds(name)] for name in LADDER}


def bounds(name: str) -> list[float]:
    return [bound for moods in RANGES.values() for bound in (moods[name].lowest, moods[name].highest)]


def test_the_bots_own_history_can_be_had_as_the_page_says() -> None:
    exports = re.findall(r"^python -m tumblr (.+?) [>|] ", PAGE, re.MULTILINE)
    assert set(exports) == {"export --mood --config config.json"}
    (piped,) = re.findall(r"\| python -m mood (.+)$", PAGE, re.MULTILINE)
    assert parser().parse_args(shlex.split(piped)).history == Path("-")


def test_the_example_of_updates_is_valid() -> None:
    (example,) = re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL)
    assert parse_updates(example).centre is not None
    assert json.loads(example)["timezone"] == "US/Pacific"


@pytest.mark.parametrize("picture", re.findall(r"\((images/[\w-]+\.png)\)", PAGE))
def test_the_pictures_are_there(picture: str) -> None:
    assert (ROOT / "docs" / picture).read_bytes().startswith(b"\x89PNG")
