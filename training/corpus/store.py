"""A finished corpus on disk: documents, the token streams made of them, and a manifest that names the parts.

Whatever is not in the manifest is no part of the corpus, however it came to lie there. A new corpus lies
beside the old one until the manifest, replaced in one step, names it.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.corpus.parts import read_parts
from training.errors import TrainingError, UsageError
from training.files import MANIFEST, file_entries, read_json, sha256_of, write_json

VERSION = 1


@dataclass(frozen=True)
class Corpus:
    """A corpus that was read from its manifest."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def documents(self) -> list[Path]:
        """The parts of the documents, in order."""
        return [self.folder / name for name in self.manifest["documents"]["files"]]

    @property
    def digest(self) -> str:
        """What identifies the documents."""
        return str(self.manifest["key"])

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """The documents, in their order."""
        return read_parts(self.documents, columns)

    def tokens(self, key: str, split: str) -> list[Path] | None:
        """The parts of a token stream; None when it was not made for this key."""
        made = self.manifest.get("tokens", {}).get(key)
        return None if made is None else [self.folder / name for name in made[split]["files"]]


def open_corpus(folder: Path) -> Corpus:
    """Read a corpus's manifest and check its parts. Raises UsageError or TrainingError."""
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"{folder} holds no corpus; make one: python -m training prepare --out {folder} …")
    manifest = read_json(folder / MANIFEST)
    if manifest.get("version") != VERSION:
        raise UsageError(f"{folder} was prepared by another version of this program; prepare it again")
    corpus = Corpus(folder, manifest)
    for table in (manifest["documents"], *(t for made in manifest["tokens"].values() for t in made.values())):
        _check(folder, table)
    return corpus


def _check(folder: Path, table: dict[str, Any]) -> None:
    for name, entry in table["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != entry["bytes"]:
            raise TrainingError(f"{path} is missing or not whole; prepare the corpus again")
        if sha256_of(path) != entry["sha256"]:
            raise TrainingError(f"{path} is not as it was written; prepare the corpus again")


def table_of(folder: Path, parts: Sequence[Path], rows: int) -> dict[str, Any]:
    """A table's entry in the manifest."""
    return {"rows": rows, "files": file_entries(folder, parts)}


def save_manifest(folder: Path, key: str, documents: dict[str, Any], tokens: dict[str, Any]) -> None:
    """Let the corpus be what the tables say, and remove what no longer belongs to it."""
    write_json(folder / MANIFEST, {"version": VERSION, "key": key, "documents": documents, "tokens": tokens})
    named = {
        name
        for table in (documents, *(t for made in tokens.values() for t in made.values()))
        for name in table["files"]
    }
    used = {Path(name).parts[0] for name in named}
    for path in folder.iterdir():
        if path.is_dir() and path.name.startswith(("documents-", "tokens-")) and path.name not in used:
            shutil.rmtree(path)


READ, LEARNED = "read", "learned"


def samples(corpus: Corpus, count: int, seed: int) -> list[str]:
    """Some documents drawn by chance; each part between marks that say whether it is learned."""
    rng = random.Random(seed)
    chosen: list[dict[str, str]] = []
    for number, row in enumerate(corpus.rows(["key", "split", "prompt", "target"])):
        if len(chosen) < count:
            chosen.append(row)
        elif (place := rng.randrange(number + 1)) < count:
            chosen[place] = row
    return [_marked(row) for row in chosen]


def _marked(row: dict[str, str]) -> str:
    parts = [f"[{READ}]{row['prompt']}[/{READ}]"] if row["prompt"] else []
    return f"--- {row['key']} ({row['split']})\n{''.join(parts)}[{LEARNED}]{row['target']}<end>[/{LEARNED}]"
