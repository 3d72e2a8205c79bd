"""Presets: a year's numbers as defaults, which whatever is written goes before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot_config import Config, ConfigError, example, load_config
from bot_settings.presets import PRESETS, with_preset


def write(folder: Path, content: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def settings() -> Iterator[tuple[str, str, str, Any]]:
    """Every setting of every preset: preset, section, setting, value."""
    for preset, sections in PRESETS.items():
        for section, values in sections.items():
            yield from ((preset, section, setting, value) for setting, value in values.items())


@pytest.mark.parametrize(("preset", "section", "setting", "value"), list(settings()))
def test_every_setting_of_a_preset_exists_and_differs_from_the_default(
    preset: str, section: str, setting: str, value: Any
) -> None:
    chosen, usual = Config(preset=preset), Config()
    assert getattr(getattr(chosen, section), setting) == value
    assert getattr(getattr(usual, section), setting) != value
    one_by_one = Config.model_validate({section: {setting: value}})
    assert getattr(getattr(one_by_one, section), setting) == value


def test_nothing_else_changes() -> None:
    later, usual = Config(preset="2023"), Config()
    for section in type(usual).model_fields:
        old, new = getattr(usual, section), getattr(later, section)
        if isinstance(old, BaseModel):
            changed = {name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)}
            assert changed == set(PRESETS["2023"].get(section, {}))


def test_what_is_written_goes_before_the_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTORESPONDER__CANDIDATES__TEXTPOST", "6")
    written = {"preset": "2023", "candidates": {"answer": 7}}
    candidates = load_config(write(tmp_path, written)).candidates
    assert (candidates.answer, candidates.fiction_or_review, candidates.textpost) == (7, 2, 6)


def test_the_environment_may_name_the_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTORESPONDER__PRESET", "2023")
    assert load_config(write(tmp_path, {})).candidates.answer == 5


def test_an_unknown_preset_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"preset: Input should be '2021' or '2023'"):
        load_config(write(tmp_path, {"preset": "1999"}))


def test_a_mistake_in_a_section_is_still_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="candidates: expected a section in braces"):
        load_config(write(tmp_path, {"preset": "2023", "candidates": 5}))


def test_what_was_written_is_left_as_it_is() -> None:
    written: dict[str, Any] = {"preset": "2023", "mood": {"centre": 0.4}}
    completed = with_preset(written)
    assert completed["mood"] == {"ranges": "2023", "tau_hours": 4.0, "centre": 0.4}
    assert written == {"preset": "2023", "mood": {"centre": 0.4}}


def test_the_example_can_show_the_numbers_of_a_preset() -> None:
    shown = json.loads(example("2023"))
    assert (shown["preset"], shown["candidates"]["answer"]) == ("2023", 5)
    assert json.loads(example())["candidates"]["answer"] == 13
