"""The pages: links lead somewhere, commands exist, and nothing that can be run is left out."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), ROOT / "sandbox" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES_OF_WHAT_IS = [page for page in PAGES if page.name != "CONTRIBUTING.md"]
"""All but the recipes, which name files that are still to be made."""

TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
DEVELOPING = TEXTS[ROOT / "docs" / "developing.md"]
ARCHITECTURE = TEXTS[ROOT / "docs" / "architecture.md"]

STARTED_BY_TESTS = {
    "stub_worker",
    "creator",
    "judge",
    "redirected_backup",
    "crashing_selector",
    "stub_generator",
    "timed_bridge",
    "killing",
}


def anchors(page: Path) -> set[str]:
    """What links within a page may name: its headings, as they are named on the web."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in re.findall(r'\]\(([^)\s]+)\)|<img src="([^"]+)"', TEXTS[page]):
        path, _, anchor = "".join(target).partition("#")
        if path.startswith(("http://", "https://")):
            continue
        there = page.parent / path if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_every_picture_is_shown_somewhere() -> None:
    for picture in (ROOT / "docs" / "images").iterdir():
        assert any(picture.name in text for text in TEXTS.values()), picture.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_is_to_be_run_exists(page: Path) -> None:
    for name in re.findall(r"python\S* -m ([a-z_][\w.]*)", TEXTS[page]):
        assert find_spec(name) is not None, name


@pytest.mark.parametrize("page", PAGES_OF_WHAT_IS, ids=lambda page: page.name)
def test_every_file_that_is_named_with_its_folder_exists(page: Path) -> None:
    rooms = "|".join(
        path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in ("run", "build")
    )
    for name in re.findall(rf"`((?:{rooms})/[\w./-]*)`", TEXTS[page]):
        assert (ROOT / name).exists(), name


def test_every_target_of_the_makefile_is_on_the_developers_page() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    documented = re.findall(r"`make ([a-z]+)`", DEVELOPING)
    assert set(documented) == set(targets) - {"help"}


def test_every_benchmark_and_long_run_is_on_the_developers_page() -> None:
    """Whatever can be started by itself: its command, so that nobody has to find it by reading folders."""
    sources = [*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "tests").rglob("*.py")]
    sources = [path for path in sources if path.stem not in STARTED_BY_TESTS]
    runnable = [
        path for path in sources if '\nif __name__ == "__main__":' in path.read_text(encoding="utf-8")
    ]
    assert len(runnable) > 8
    for path in runnable:
        assert f"python -m {'.'.join(path.relative_to(ROOT).with_suffix('').parts)}" in DEVELOPING


def test_the_picture_of_the_house_names_files_that_are_there() -> None:
    """Under the heading of a room, what ends in .py or a slash is somewhere in that room."""
    for room, text in re.findall(r"^### (\w+)/\n(.*?)(?=^##)", ARCHITECTURE, re.MULTILINE | re.DOTALL):
        for name in re.findall(r"`([\w/]+(?:\.py|/))`", text):
            assert any((ROOT / room).rglob(name.rstrip("/"))), f"{room}/{name}"


def test_every_room_is_in_the_picture_of_the_house() -> None:
    table = "\n".join(line for line in ARCHITECTURE.splitlines() if line.startswith("| "))
    for room in (path.parent.name for path in ROOT.glob("*/__init__.py")):
        assert f"`{room}/`" in table


def test_the_tree_of_the_architecture_page_is_that_of_the_code() -> None:
    """Every folder with code is in the tree, under its parent, and every folder of the tree is there."""
    tree = ARCHITECTURE.partition("## The tree")[2].split("```")[1]
    drawn: list[str] = []
    path: list[str] = []
    for indent, name in re.findall(r"^( *)([\w/]+)/ ", tree, re.MULTILINE):
        path = [*path[: len(indent) // 2], name]
        drawn.append("/".join(path))
    code = {str(init.parent.relative_to(ROOT)) for init in ROOT.rglob("__init__.py")}
    apart = ("tests", "sandbox/tests", ".venv", "build", "run", "benchmarks", "environments")
    assert set(drawn) == {
        name for name in code if not f"{name}/".startswith(tuple(f"{one}/" for one in apart))
    }


def test_the_way_of_one_ask_goes_through_functions_that_exist() -> None:
    way = ARCHITECTURE.partition("## The way of one ask")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w.]+):([\w.]+)`", way)
    assert len(named) > 12
    for module, name in named:
        node: ast.AST = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
        for part in name.split("."):
            inside = [one for one in ast.iter_child_nodes(node) if getattr(one, "name", None) == part]
            assert inside, f"{module}:{name}"
            node = inside[0]
