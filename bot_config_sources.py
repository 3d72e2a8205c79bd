"""Where each setting comes from: the environment, the file, the preset, or nowhere but its default."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot_config import ENVIRONMENT_PREFIX, Config, read_settings
from bot_config_help import holds_secret, sections_in
from bot_settings.presets import PRESETS
from operator_console.parts import SettingLine

LONGEST_VALUE = 500
"""Characters of a value that are shown."""


def setting_lines(config: Config, path: Path) -> dict[str, list[SettingLine]]:
    """Every setting by its section, for people. Of a secret it is only said where it comes from."""
    written = read_settings(path)
    lines: dict[str, list[SettingLine]] = {"": []}
    for name, field in Config.model_fields.items():
        section = getattr(config, name)
        if sections_in(field):
            lines[name] = list(_section(name, section, written, config.preset))
        else:
            meaning = field.description or ""
            lines[""].append(SettingLine(name, str(section), _source("", name, written, ""), meaning))
    return lines


def _section(
    section: str, values: BaseModel, written: Mapping[str, Any], preset: str
) -> Iterator[SettingLine]:
    for name, field in type(values).model_fields.items():
        source = _source(section, name, written, preset)
        if holds_secret(field):
            value = "not set" if source == "default" else "set; never shown"
        else:
            value = _printed(getattr(values, name))
        yield SettingLine(name, value, source, field.description or "")


def _source(section: str, name: str, written: Mapping[str, Any], preset: str) -> str:
    path = f"{section}__{name}" if section else name
    variables = {variable.upper() for variable in os.environ}
    named = (path, section) if section else (path,)
    if any(f"{ENVIRONMENT_PREFIX}{one}".upper() in variables for one in named if one):
        return "environment"
    inside = written.get(section, {}) if section else written
    if isinstance(inside, Mapping) and name in inside:
        return "file"
    return f"preset {preset}" if name in PRESETS.get(preset, {}).get(section, {}) else "default"


def _printed(value: Any) -> str:
    dumped = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    text = dumped if isinstance(dumped, str) else json.dumps(dumped, default=str, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
