"""The recipe for a new block type in CONTRIBUTING.md: who follows it gets one that is read in both forms."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STEP = re.compile(r"^ +`([\w/]+\.(?:py|txt))`:\n\n +```\w+\n(.*?)\n +```$", re.MULTILINE | re.DOTALL)


def recipe() -> str:
    """The section of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"^## A new block type\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_recipe_for_a_block_type_gives_one_that_is_read(tmp_path: Path) -> None:
    leave_out = shutil.ignore_patterns("__pycache__", "sandbox_posts.jsonl.gz", "fuzz")
    shutil.copytree(ROOT / "munging", tmp_path / "munging", ignore=leave_out)
    shutil.copytree(ROOT / "tests" / "munging", tmp_path / "tests" / "munging", ignore=leave_out)
    shutil.copy(ROOT / "tests" / "strategies.py", tmp_path / "tests")
    steps = STEP.findall(recipe())
    assert [name.rpartition(".")[2] for name, _ in steps] == ["py", "txt"]
    for name, block in steps:
        (tmp_path / name).write_text(textwrap.dedent(block) + "\n", encoding="utf-8")
    options = ["-q", "-c", "/dev/null", "--rootdir", ".", "-p", "no:cacheprovider", "-k", "event"]
    options += ["-o", f"pythonpath={tmp_path}", "tests/munging/test_pairs.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
