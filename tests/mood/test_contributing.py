"""The recipe for a mood rule in CONTRIBUTING.md: who follows it gets a rule that works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STEP = re.compile(
    r"^ +`([\w/]+\.py)`(?:, after the line `(.*?)`)?:\n\n +```python\n(.*?)\n +```$", re.MULTILINE | re.DOTALL
)


def recipe() -> str:
    """The section of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"^## A mood rule\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def follow(copy: Path) -> None:
    """Do what the recipe's steps say in a copy."""
    for name, after, block in STEP.findall(recipe()):
        path, code = copy / name, re.sub(r"^ {3}", "", block, flags=re.MULTILINE)
        if not after:
            path.write_text(textwrap.dedent(code) + "\n", encoding="utf-8")
            continue
        before = path.read_text(encoding="utf-8")
        assert before.count(f"{after}\n") == 1, after
        path.write_text(before.replace(f"{after}\n", f"{after}\n{code}\n"), encoding="utf-8")
    daily = copy / "mood" / "daily.py"
    hashed = "hash((self.eras, "
    text = daily.read_text(encoding="utf-8")
    assert hashed in text
    daily.write_text(text.replace(hashed, f"{hashed}self.weekdays, "), encoding="utf-8")


def test_the_recipe_for_a_mood_rule_gives_one_that_works(tmp_path: Path) -> None:
    for name in ("mood", "bot_settings"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "mood").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "mood" / "test_daily.py", tmp_path / "tests" / "mood")
    follow(tmp_path)
    options = ["-q", "-c", "/dev/null", "--rootdir", ".", "--import-mode=importlib", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-o", f"pythonpath={tmp_path}", "tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
