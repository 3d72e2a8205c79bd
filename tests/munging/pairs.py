"""Text pairs: what goes in and what must come out, in files that can be added to without Python.

A pair is a title line, a line with a dot, the input, a dot, the expected text, a dot. Lines outside pairs
that begin with # are remarks. ``\\u200b`` stands for a character that would not be seen.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "fixtures"
SANDBOX_POSTS = Path(__file__).parent / "sandbox_posts.jsonl.gz"

_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")


@dataclass(frozen=True)
class Pair:
    """One pair, and the file it stands in."""

    file: str
    title: str
    given: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.title}"


def read_pairs(folder: str) -> list[Pair]:
    """All pairs of a folder's files. Raises ValueError where a pair is not closed."""
    return [pair for path in sorted((FOLDER / folder).glob("*.txt")) for pair in _read_file(path)]


def read_sandbox_posts() -> list[dict[str, Any]]:
    """Posts of the legacy form and of blocks, read from the sandbox, with the text of 2021 of each."""
    lines = gzip.decompress(SANDBOX_POSTS.read_bytes()).decode("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def _read_file(path: Path) -> list[Pair]:
    lines = path.read_text("utf-8").split("\n")
    pairs: list[Pair] = []
    position = 0
    while position < len(lines):
        title = lines[position].strip()
        if not title or title.startswith("#"):
            position += 1
            continue
        try:
            first = lines.index(".", position)
            second = lines.index(".", first + 1)
            third = lines.index(".", second + 1)
        except ValueError:
            raise ValueError(f"{path}:{position + 1}: the pair {title!r} is not closed by a dot") from None
        given, expected = "\n".join(lines[first + 1 : second]), "\n".join(lines[second + 1 : third])
        given = given if given.startswith("{") else unescape(given)
        pairs.append(Pair(path.stem, title, given, unescape(expected)))
        position = third + 1
    return pairs


def unescape(text: str) -> str:
    """Put the characters in that escapes stand for."""
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
