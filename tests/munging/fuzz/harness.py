"""Fuzzing with atheris: what coverage leads to, checked by the claims in ``targets``.

    python -m tests.munging.fuzz.harness payload -max_total_time=300

From the project's root, with atheris installed (the extra ``fuzz``). The first argument is a
target (``payload``, ``html`` or ``text``), the others go to libFuzzer. It begins with the text pairs of
tests/munging/fixtures and with what forges structure; a finding stops it and is left in ``crash-…``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports(include=["munging"]):
    from tests.munging.fuzz.targets import TARGETS
    from tests.munging.own_formats import FORGERIES as OWN_FORGERIES
    from tests.munging.pairs import FOLDER, read_pairs
    from tests.strategies import FORGERIES


def write_seeds(folder: Path) -> None:
    """The inputs of all text pairs, one to a file."""
    inputs = (pair.given for kind in sorted(FOLDER.iterdir()) for pair in read_pairs(kind.name))
    for number, given in enumerate(inputs):
        (folder / f"{number:04}").write_text(given, "utf-8", errors="replace")


def write_words(path: Path) -> None:
    """What forges structure, as a dictionary of libFuzzer's."""
    bytes_of = (word.encode() for word in (*FORGERIES, *OWN_FORGERIES))
    lines = ("".join(f"\\x{byte:02x}" for byte in word) for word in bytes_of)
    path.write_text("".join(f'"{line}"\n' for line in lines), "ascii")


def main() -> None:
    """Fuzz one target until something is found or libFuzzer's limits are reached."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"say what to fuzz: {', '.join(TARGETS)}")
    target = TARGETS[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        seeds, words = Path(folder, "seeds"), Path(folder, "words")
        seeds.mkdir()
        write_seeds(seeds)
        write_words(words)
        atheris.Setup([sys.argv[0], f"-dict={words}", *sys.argv[2:], str(seeds)], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
