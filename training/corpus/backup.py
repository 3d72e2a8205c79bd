"""A backup folder of tumblr-backup or the older tumblr-utils: which posts it holds, and how far it is whole.

Posts lie in ``json/ID.json`` and ``posts/ID.html``, or ``posts/ID/index.html``; nothing else is a post:
indexes, archive and tag pages, side files of a Mac and leftovers of atomic writes are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FIRST_RUN, COMPLETE = ".first_run_options", ".complete"
_LIMITING = ("count", "period", "tags", "request", "filter", "no_reblog", "only_reblog", "skip")

State = Literal["complete", "incomplete", "partial", "unknown"]


@dataclass(frozen=True)
class SavedPost:
    """One post of a backup: its id, and where its two halves are, if they are."""

    post_id: str
    json: Path | None
    page: Path | None


@dataclass(frozen=True)
class Backup:
    """A backup of one blog. ``age`` is when it was last added to (unix seconds)."""

    folder: Path
    state: State
    age: float

    @property
    def blog(self) -> str:
        """The blog's name, as the tools name the folder."""
        return self.folder.resolve().name

    def posts(self) -> Iterator[SavedPost]:
        """The posts, in the order of their ids."""
        halves = _json_files(self.folder / "json"), _pages(self.folder / "posts")
        for post_id in sorted(halves[0].keys() | halves[1].keys(), key=int):
            yield SavedPost(post_id, halves[0].get(post_id), halves[1].get(post_id))


def backups_in(folder: Path) -> list[Backup]:
    """The backup that a folder is, or those of several blogs that it holds."""
    if _is_backup(folder):
        return [_read(folder)]
    return [_read(inner) for inner in sorted(folder.iterdir()) if inner.is_dir() and _is_backup(inner)]


def _is_backup(folder: Path) -> bool:
    return (folder / "json").is_dir() or (folder / "posts").is_dir()


def _read(folder: Path) -> Backup:
    marks = [folder / name for name in (FIRST_RUN, COMPLETE, "index.html", "json", "posts")]
    return Backup(folder, _state(folder), max(path.stat().st_mtime for path in marks if path.exists()))


def _state(folder: Path) -> State:
    """Whether everything was fetched: the newer tool says so in two files, the older one does not."""
    if (folder / FIRST_RUN).is_file() and _limits(folder / FIRST_RUN):
        return "partial"
    if (folder / COMPLETE).is_file():
        return "complete"
    return "incomplete" if (folder / FIRST_RUN).is_file() else "unknown"


def _limits(options: Path) -> bool:
    try:
        chosen = json.loads(options.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(chosen, dict) and any(chosen.get(name) for name in _LIMITING)


def _json_files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in folder.iterdir() if path.suffix == ".json" and is_id(path.stem)}


def _pages(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    found: dict[str, Path] = {}
    for path in folder.iterdir():
        if path.suffix in (".html", ".htm") and is_id(path.stem):
            found[path.stem] = path
        elif is_id(path.name) and (path / "index.html").is_file():
            found[path.name] = path / "index.html"
    return found


def is_id(name: str) -> bool:
    """Whether a file's or folder's name is a post's id: digits and nothing else."""
    return name.isascii() and name.isdigit()
