"""The recipe for a new endpoint in CONTRIBUTING.md: who follows it gets an endpoint that works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from bench import ROOT

FILE = re.compile(r"^ +`(sandbox/\S+\.py)`:\n\n +```python\n(.*?)\n +```$", re.MULTILINE | re.DOTALL)
NAMED = "test_docs.py::test_every_endpoint_of_the_api"
PATH = re.compile(r"list of endpoints in `sandbox/README\.md`.*?:\s+`(\S+)`", re.DOTALL)


def recipe() -> str:
    """The section of CONTRIBUTING.md."""
    text = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"^## A sandbox endpoint\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def copy_of_the_sandbox(folder: Path) -> Path:
    """A checkout that may be changed: the package, and the tests that the recipe names."""
    copy = folder / "sandbox"
    copy.mkdir()
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(
        ROOT / "tumblr_sandbox", copy / "tumblr_sandbox", ignore=shutil.ignore_patterns("__pycache__")
    )
    (copy / "tests").mkdir()
    for name in ("assembly.py", "bench.py", "conftest.py", "test_docs.py", "test_architecture.py"):
        shutil.copy(ROOT / "tests" / name, copy / "tests")
    return copy


def run_tests(copy: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy, against the package beside them."""
    options = [
        "-q",
        "-c",
        "pyproject.toml",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    paths = ["-o", f"pythonpath={copy} {copy / 'tests'}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *paths, *(f"tests/{name}" for name in names)],
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_recipe_for_an_endpoint_gives_one_that_works(tmp_path: Path) -> None:
    copy = copy_of_the_sandbox(tmp_path)
    files = FILE.findall(recipe())
    assert len(files) == 2
    for name, text in files:
        path = tmp_path / name
        assert not path.exists()
        path.write_text(textwrap.dedent(text) + "\n", encoding="utf-8")
    missing = run_tests(copy, NAMED)
    assert "assert '`counts`' in" in missing.stdout, missing.stdout
    named = PATH.search(recipe())
    assert named is not None
    readme = copy / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("Endpoints: ", f"Endpoints: `{named[1]}`, "))
    done = run_tests(copy, "test_api_counts.py", NAMED, "test_architecture.py")
    assert done.returncode == 0, done.stdout
