"""Which tests a change calls for: those of the rooms that changed, and of the rooms that import what changed.

    python -m tests.changed_tests            paths for pytest, one a line; since the last commit
    python -m tests.changed_tests main       since a commit or branch

A room is a folder of code; its tests lie in the folder of the same name below ``tests/``. The tests of the
whole (``tests/system``) are never among them: they belong to ``make test``.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
ALWAYS = "tests/test_architecture.py"
ABOUT_PAGES = "tests/test_docs.py"
NEVER = "tests/system"


def changed_files(since: str) -> list[str]:
    """The files that differ from a commit, and those that git does not know yet."""
    known = _git("diff", "--name-only", since)
    return sorted({*known, *_git("ls-files", "--others", "--exclude-standard")})


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def module_of(path: str) -> str:
    """The dotted name under which a file is imported; the sandbox's package lies in a folder of its own."""
    parts = PurePosixPath(path).with_suffix("").parts
    parts = parts[1:] if parts[0] == "sandbox" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(text: str) -> set[str]:
    """The dotted names that a module may be asking for: modules, and what could be modules in them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def called_for(changed: Collection[str], files: Mapping[str, str]) -> list[str]:
    """The test files to run for changed paths; ``files`` is every Python file, path to text."""
    modules = {module_of(path) for path in changed if path.endswith(".py")}
    importing = {path for path, text in files.items() if imports_of(text) & modules}
    tests = {path for path in files if PurePosixPath(path).name.startswith("test_")}
    rooms = {path for path in importing.union(changed) if path in files and not is_below_tests(path)}
    begin = tuple(place for room in rooms for place in places(room, tests))
    found = {path for path in tests if path.startswith(begin)} if begin else set()
    helpers = {module_of(path) for path in changed if is_below_tests(path) and path not in tests}
    found |= {
        path for path in tests if imports_of(files[path]) & helpers or _conftest_of(path) & set(changed)
    }
    found |= tests.intersection(changed) | {ALWAYS}
    if any(path.endswith(".md") for path in changed):
        found.add(ABOUT_PAGES)
    return sorted(path for path in found if not path.startswith(NEVER))


def is_below_tests(path: str) -> bool:
    """Whether a file belongs to the tests."""
    return "tests" in PurePosixPath(path).parts


def places(source: str, tests: Collection[str]) -> Iterator[str]:
    """How the paths of the tests of a file with code begin.

    A room's tests lie in its folder; those of files beside folders lie beside folders.
    """
    path = PurePosixPath(source)
    if len(path.parts) == 1:
        yield f"tests/test_{path.stem}"
        return
    is_sandbox = path.parts[0] == "sandbox"
    folder = "/".join(["sandbox/tests", *path.parts[2:-1]] if is_sandbox else ["tests", *path.parts[:-1]])
    if not any(test.startswith(f"{folder}/") for test in tests):
        folder = str(PurePosixPath(folder).parent)
    yield f"{folder}/test_"
    if not is_sandbox and path.name == "__init__.py":
        yield f"{folder}/"


def _conftest_of(test: str) -> set[str]:
    """The files whose fixtures a test file sees."""
    return {f"{folder}/conftest.py" for folder in PurePosixPath(test).parents}


def main(argv: list[str]) -> int:
    """Print the paths."""
    listed = _git("ls-files", "--cached", "--others", "--exclude-standard", "*.py")
    paths = [path for path in listed if (ROOT / path).exists()]
    files = {path: (ROOT / path).read_text(encoding="utf-8") for path in paths}
    found = called_for(changed_files(argv[0] if argv else "HEAD"), files)
    sys.stdout.write("\n".join(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
