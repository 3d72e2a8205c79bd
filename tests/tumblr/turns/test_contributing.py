"""The recipe for a new command in CONTRIBUTING.md: who follows it gets a command that works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FILE = re.compile(r"^ +`((?:tumblr|tests)/\S+\.py)`:\n\n +```python\n(.*?)\n +```$", re.MULTILINE | re.DOTALL)


def recipe() -> str:
    """The section of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"^## A command such as !help\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_recipe_for_a_command_gives_one_that_works(tmp_path: Path) -> None:
    """In a copy of the room and its world, with everything else from the checkout."""
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tumblr", tmp_path / "tumblr", ignore=without)
    (tmp_path / "tests" / "tumblr").mkdir(parents=True)
    for name in ("conftest.py", "fakes.py"):
        shutil.copy(ROOT / "tests" / "tumblr" / name, tmp_path / "tests" / "tumblr")
    files = FILE.findall(recipe())
    assert len(files) == 2
    for name, text in files:
        path = tmp_path / name
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text) + "\n", encoding="utf-8")
    own_test = files[1][0]
    options = ["-q", "--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:xdist"]
    paths = ["--rootdir", str(tmp_path), "-c", "/dev/null", "-o", f"pythonpath={tmp_path} {ROOT}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *paths, own_test],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
