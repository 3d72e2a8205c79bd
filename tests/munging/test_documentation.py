"""docs/munging.md names every command, every format, and every pair in which we differ on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from munging.lines import LINES
from munging.prompts.formats import FORMATS
from munging.thread import PostKind
from tests.munging.pairs import FOLDER, Pair, read_pairs

PAGE = (Path(__file__).parents[2] / "docs" / "munging.md").read_text("utf-8")
FOLDERS = sorted(path.name for path in FOLDER.iterdir())
BETTER = [pair for folder in FOLDERS for pair in read_pairs(folder) if pair.file.endswith("better")]


@pytest.mark.parametrize("pair", BETTER, ids=map(str, BETTER))
def test_the_page_says_how_we_differ(pair: Pair) -> None:
    assert f"`{pair.title.partition(':')[0]}`" in PAGE


@pytest.mark.parametrize("command", LINES)
def test_the_page_lists_every_command_and_field(command: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{command}"))
    assert all(f"`{field}`" in row for field in LINES[command].model_fields if field != "image_texts")


def test_the_page_names_formats_and_kinds() -> None:
    assert all(f"`{name}`" in PAGE for name in FORMATS)
    assert all(f"| {kind} |" in PAGE for kind in PostKind)
