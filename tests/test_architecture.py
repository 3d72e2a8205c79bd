"""The rooms keep to their floors: who may import whom, as docs/architecture.md says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GROUND = {"bot_config", "bot_config_help", "bot_network", "bot_process", "bot_settings"}
MAY_IMPORT = {
    "bot_config": {"bot_config_help", "bot_network", "bot_settings"},
    "bot_network": set[str](),
    "bot_config_help": set[str](),
    "bot_process": {"bot_config"},
    "bot_settings": set[str](),
    "munging": set[str](),
    "mood": set[str](),
    "selection": {"munging", "mood"},
    "switchboard": {"munging", "mood"},
    "images": {"munging"},
    "autoresponder": {"munging", "mood", "selection", "switchboard"},
    "tumblr": {"munging", "mood", "selection", "switchboard", "images"},
    "training": {"autoresponder", "tumblr", "munging", "mood", "selection", "switchboard"},
    "sandbox": {"munging"},
    "deploy": {"sandbox", "switchboard"},
}
DOORS = {"tumbl", "generator_service", "bridge_service", "selector"}
ROOMS = [room for room in MAY_IMPORT if (ROOT / room).is_dir() or (ROOT / f"{room}.py").is_file()]


def imported_by(room: str) -> set[str]:
    """The project's own top-level names that a room's code imports."""
    paths = [ROOT / f"{room}.py"] if (ROOT / f"{room}.py").is_file() else (ROOT / room).rglob("*.py")
    found: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return (found & (set(MAY_IMPORT) | DOORS)) - {room}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_floor_allows(room: str) -> None:
    ground = set() if room in {"munging", "mood", "selection", *GROUND} else GROUND
    assert imported_by(room) <= MAY_IMPORT[room] | ground


def test_every_room_is_on_the_list() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert rooms <= set(MAY_IMPORT)
