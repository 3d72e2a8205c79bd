"""The rooms keep to their floors, and the folders inside a room to theirs, as docs/architecture.md says."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GROUND = {"bot_http", "bot_lifecycle", "bot_network", "bot_parent", "bot_settings", "bot_sqlite"}
TOP = {"bot_config", "bot_process"}
"""Imported by processes and by ``__main__`` alone: a room is handed the sections that it needs."""
MAY_IMPORT = {
    "bot_config": {"bot_config_check", "bot_config_help"},
    "bot_config_check": {"autoresponder", "mood", "switchboard", "tumblr"},
    "bot_config_help": set[str](),
    "bot_config_sources": {"bot_config", "bot_config_help", "operator_console"},
    "bot_http": {"bot_network"},
    "bot_lifecycle": set[str](),
    "bot_network": set[str](),
    "bot_parent": set[str](),
    "bot_process": {"bot_config"},
    "bot_settings": set[str](),
    "bot_sqlite": set[str](),
    "munging": set[str](),
    "mood": set[str](),
    "selection": {"munging", "mood"},
    "switchboard": {"munging", "mood"},
    "images": {"munging"},
    "operator_console": {"switchboard"},
    "autoresponder": {"munging", "mood", "selection", "switchboard"},
    "tumblr": {"munging", "mood", "selection", "switchboard", "images"},
    "training": {"autoresponder", "tumblr", "munging", "mood", "selection", "switchboard"},
    "demo": {
        *("bot_config", "bot_process", "autoresponder", "training", "munging", "operator_console"),
        "switchboard",
        "tumblr_sandbox",
    },
    "tumblr_sandbox": set[str](),
}
APART = {"tumblr_sandbox": ROOT / "sandbox"}
"""Packages of a distribution of their own, each with the folder that its distribution lies in."""
PROCESSES = {"tumbl", "generator_service", "bridge_service", "selector", "console_service"}
ROOMS = [
    room for room in MAY_IMPORT if room in APART or (ROOT / room).is_dir() or (ROOT / f"{room}.py").is_file()
]


SETTINGS = sorted(ROOT.glob("*/settings.py"))
SETTINGS_MODULES = {f"{path.parent.name}.{path.stem}" for path in SETTINGS}

HANDED_THE_WHOLE = {
    "tumblr/build.py",
}
"""Files that still take the whole configuration. The list only gets shorter."""


def files_of(room: str) -> list[Path]:
    """The code of a room."""
    home = APART.get(room, ROOT)
    return [home / f"{room}.py"] if (home / f"{room}.py").is_file() else sorted((home / room).rglob("*.py"))


def imported_by(room: str) -> set[str]:
    """The project's own top-level names that a room's code imports; ``__main__`` may import more."""
    found: set[str] = set()
    for path in files_of(room):
        found |= imports_of(path) - (TOP | GROUND if may_load_the_configuration(path) else set())
    return (found & (set(MAY_IMPORT) | PROCESSES)) - {room}


def may_load_the_configuration(path: Path) -> bool:
    """Whether a room's file is an entry point, or one of those that still take the whole configuration."""
    return path.name == "__main__.py" or str(path.relative_to(ROOT)) in HANDED_THE_WHOLE


def imports_of(path: Path) -> set[str]:
    """The top-level names that a file imports; of settings, which are data alone, any room may take any."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module not in SETTINGS_MODULES:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_floor_allows(room: str) -> None:
    pure = {"munging", "mood", "selection"}
    ground = {"bot_settings"} if room in pure else set() if room in {*GROUND, *APART} else GROUND
    assert imported_by(room) <= MAY_IMPORT[room] | ground


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.parent.name)
def test_settings_stand_on_base_types_alone(path: Path) -> None:
    rooms = set(MAY_IMPORT) | PROCESSES
    others = {name for name in modules_imported(path) if name.partition(".")[0] in rooms}
    # A table of phrases is a setting as it is: written a second time it could differ.
    allowed = ("bot_settings", "bot_network", "munging.prompts.format_table", *SETTINGS_MODULES)
    assert not {name for name in others if not name.startswith(allowed)}


def test_the_configuration_takes_only_the_settings_of_the_rooms() -> None:
    rooms = {path.parent.name for path in SETTINGS}
    taken = {name for name in modules_imported(ROOT / "bot_config.py") if name.partition(".")[0] in rooms}
    assert all(name.split(".")[1] == "settings" for name in taken)


def test_the_configuration_is_read_without_what_the_generator_needs() -> None:
    program = "import bot_config, sys; print({'torch', 'transformers', 'numpy'} & set(sys.modules))"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "set()\n"


def test_every_room_is_on_the_list() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert rooms <= set(MAY_IMPORT)


FLOORS = {
    "tumblr": (
        "bot_settings",
        "api",
        "turns",
        "turns.commands",
        "store",
        "bot",
        "screening",
        "pacing",
        "moods",
        "responding.handlers",
        "responding",
        "finders",
        "console",
    ),
    "autoresponder": ("model", "heads", "sampling", "generation", "completions", "jobs", "pictures"),
}
"""The folders inside a room, from the ground up. A folder imports only from folders before it; the files that
stand beside the folders import from all of them, and are imported by none but for those below. What all
folders share may be a file with a floor of its own."""

UNDER_ALL = {"errors", "settings"}
"""Files beside the folders on which these stand."""


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


def module_of(path: Path) -> str:
    """The dotted name by which a file is imported."""
    home = next((home for home in APART.values() if home in path.parents), ROOT)
    parts = path.relative_to(home).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for room in (*ROOMS, *sorted(PROCESSES)) for path in files_of(room)}
FOLDERS = {path.parent for path in MODULES.values()}


def folder_or_file(module: str) -> str:
    """The folder that a module lies in; in a folder that holds others each file stands for itself."""
    path = MODULES[module]
    holds_others = path.parent == ROOT or any(path.parent in folder.parents for folder in FOLDERS)
    return str(path if holds_others else path.parent)


def project_modules_imported(path: Path) -> set[str]:
    """The project's modules that a file imports; a package only where none of its modules is meant."""
    found = modules_imported(path) & set(MODULES)
    return {name for name in found if not any(other.startswith(f"{name}.") for other in found)}


@pytest.mark.parametrize("unit", [str, folder_or_file], ids=["modules", "folders"])
def test_nothing_imports_itself_by_a_detour(unit: Callable[[str], str]) -> None:
    graph: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        targets = {unit(name) for name in project_modules_imported(path)}
        graph.setdefault(unit(module), set()).update(targets - {unit(module)})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


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
            if above or (here and beside and target.removeprefix(f"{room}.") not in UNDER_ALL):
                upward.append(f"{module} imports {target}")
    assert not upward


@pytest.mark.parametrize("room", FLOORS)
def test_every_folder_of_a_room_has_its_floor(room: str) -> None:
    found = (path.parent.relative_to(ROOT / room) for path in (ROOT / room).glob("**/__init__.py"))
    folders = {floor for floor in FLOORS[room] if not is_module(f"{room}.{floor}")}
    assert {".".join(folder.parts) for folder in found} - {""} == folders


def test_nobody_imports_the_folder_of_a_distribution() -> None:
    """``sandbox`` is a folder on the path of whoever stands in the checkout; its package has another name."""
    folders = {folder.name for folder in APART.values()}
    for path in (path for path in ROOT.rglob("*.py") if ".venv" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.append(node.module)
            assert not {name.split(".")[0] for name in names} & folders, path


def test_the_wheel_holds_every_room_and_neither_the_demo_nor_a_model() -> None:
    """What is built for operators is the bot alone."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    wanted = {pattern.rstrip("*") for pattern in settings["packages"]["find"]["include"]}
    left_out = {"demo", "deploy", "benchmarks", "docs", "sandbox", "tumblr_sandbox", "tests", "environments"}
    assert wanted == {path.parent.name for path in ROOT.glob("*/__init__.py")} - left_out
    assert set(settings["py-modules"]) == {path.stem for path in ROOT.glob("*.py")}
    packaged = [path for room in wanted for path in (ROOT / room).rglob("*.safetensors")]
    assert not packaged
