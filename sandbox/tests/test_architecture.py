"""The folders of the package stand on floors: what may import what, from the ground up."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

import tumblr_sandbox
from bench import ROOT

PACKAGE = Path(tumblr_sandbox.__file__).parent
MOST_FILES = 24
"""In one folder."""
FLOORS = (
    *("errors", "ids", "clock", "loopback", "records", "media", "faults", "process", "demo_accounts"),
    *("markup", "store", "services", "rendering", "world"),
    *("language", "people", "driver", "demo_seed"),
    *("api.envelope", "api.params", "api.links", "api.refusals", "api.authentication", "api.support"),
    *("api.communities", "api.oembed"),
    *("api.distortions", "api.upload_forms", "api.legacy_form", "api.routes", "api.fault_injection"),
    *("api.token_exchange", "api"),
    *("control", "pages", "media_files", "app", "server", "tls", "__main__"),
)
"""A folder or file imports only from those before it. The faces (API, control, pages) come last: what they
share is below them, and only ``app`` puts them together."""
DISTRIBUTIONS = {"PIL": "pillow", "pydantic_core": "pydantic", "werkzeug": "flask", "markupsafe": "flask"}
"""Whose name is not that of what is imported, or that come with another."""

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
    if path != PACKAGE / "__init__.py"
}


def imported_by(path: Path) -> set[str]:
    """Every name that a file imports from elsewhere, dotted."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path} imports by a relative name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def floor_of(name: str) -> str:
    """The floor that a module, or a name in one, stands on."""
    fitting = [floor for floor in FLOORS if name == floor or name.startswith(f"{floor}.")]
    assert fitting, f"{name} is on no floor"
    return max(fitting, key=len)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_from_the_floors_below_its_own(module: str) -> None:
    here = FLOORS.index(floor_of(module))
    for name in imported_by(MODULES[module]):
        package, _, inside = name.partition(".")
        if package == "tumblr_sandbox":
            assert FLOORS.index(floor_of(inside)) <= here, f"{module} imports {name}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_is_imported_but_what_is_declared(module: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["tls"]
    declared = {re.split(r"[<>=]", one)[0].lower() for one in wanted}
    for name in imported_by(MODULES[module]):
        top = name.partition(".")[0]
        if top != "tumblr_sandbox" and top not in sys.stdlib_module_names and not top.startswith("_"):
            assert DISTRIBUTIONS.get(top, top).lower() in declared, f"{module} imports {name}"


def test_no_folder_is_a_hall() -> None:
    for folder in {path.parent for path in MODULES.values()}:
        assert len(list(folder.glob("*.py"))) <= MOST_FILES, folder


def test_every_floor_is_there() -> None:
    assert {floor_of(module) for module in MODULES} == set(FLOORS)
