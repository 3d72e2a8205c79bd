"""The rooms keep to their floors, and the folders inside a room to theirs, as docs/architecture.md says."""

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


FLOORS = {
    "tumblr": (
        "api",
        "turns",
        "store",
        "screening",
        "pacing",
        "moods",
        "responding.handlers",
        "responding",
        "finders",
    ),
    "autoresponder": ("model", "heads", "sampling", "generation", "jobs"),
}
"""The folders inside a room, from the ground up. A folder imports only from folders before it; the files that
stand beside the folders import from all of them, and are imported by none (``errors`` excepted)."""


def folder_of(module: str, floors: tuple[str, ...]) -> str | None:
    """The folder inside a room that a module lies in; None for one beside the folders."""
    inside = module.partition(".")[2]
    found = [floor for floor in floors if inside == floor or inside.startswith(f"{floor}.")]
    return max(found, key=len, default=None)


def is_module(name: str) -> bool:
    """Whether a dotted name is a file of the project."""
    return (ROOT / f"{name.replace('.', '/')}.py").is_file()


def modules_imported(path: Path) -> set[str]:
    """Every module that a file imports, by its dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("room", FLOORS)
def test_arrows_between_the_folders_of_a_room_go_down_only(room: str) -> None:
    floors = FLOORS[room]
    upward: list[str] = []
    for path in sorted((ROOT / room).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        here = folder_of(module, floors)
        for target in sorted(modules_imported(path)):
            there = folder_of(target, floors) if target.startswith(f"{room}.") else None
            above = there is not None and here is not None and floors.index(there) > floors.index(here)
            beside = target.startswith(f"{room}.") and there is None and is_module(target)
            if above or (here and beside and target != f"{room}.errors"):
                upward.append(f"{module} imports {target}")
    assert not upward


@pytest.mark.parametrize("room", FLOORS)
def test_every_folder_of_a_room_has_its_floor(room: str) -> None:
    found = (path.parent.relative_to(ROOT / room) for path in (ROOT / room).glob("**/__init__.py"))
    assert {".".join(folder.parts) for folder in found} - {""} == set(FLOORS[room])
