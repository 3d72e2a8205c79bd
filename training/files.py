"""Files that are whole or not there: atomic writes, digests, manifests, and a lock between runs."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autoresponder.model.whole_files import sync_folder as sync_folder
from autoresponder.model.whole_files import write_atomically as write_atomically
from autoresponder.model.whole_files import write_json as write_json
from training.errors import LockedError, TrainingError

MANIFEST = "manifest.json"
_BLOCK = 1 << 20


def read_json(path: Path) -> Any:
    """Read a JSON file; raises TrainingError that names it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise TrainingError(f"{path} is not valid JSON ({error}); delete it and run again") from None


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def digest_of(value: object) -> str:
    """SHA-256 (hex) of a value as canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_entries(folder: Path, paths: Iterable[Path]) -> dict[str, dict[str, object]]:
    """Size and digest of files, by their path in ``folder``."""
    return {
        str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(paths)
    }


def seal(folder: Path, **facts: object) -> None:
    """Write the manifest of a finished folder, last: what has one is complete."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST]
    for path in files:
        _sync_file(path)
    write_json(folder / MANIFEST, {**facts, "files": file_entries(folder, files)})


def fault_of_sealed(folder: Path) -> str | None:
    """What is wrong with a folder that ``seal`` should have finished; None when it is whole."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files: Mapping[str, Mapping[str, Any]] = manifest["files"]
        for name, entry in files.items():
            path = folder / name
            if not path.is_file():
                return f"{name} is missing"
            if path.stat().st_size != entry["bytes"] or sha256_of(path) != entry["sha256"]:
                return f"{name} is not as it was written"
    except FileNotFoundError:
        return "it was never finished"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "its manifest cannot be read"
    return None


@contextmanager
def folder_in_one_step(target: Path, **facts: object) -> Iterator[Path]:
    """Give an empty folder to fill; it gets a manifest and takes the place of ``target`` at the end.

    When the work fails, ``target`` stays as it was. A target that is there is put aside for the moment
    between two renames, under a name that ``recover_folder`` knows.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    new, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    recover_folder(target)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        yield new
        seal(new, **facts)
        if target.exists():
            target.rename(old)
        new.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(target: Path) -> None:
    """Finish a replacement that was killed between its two renames."""
    old = target.with_name(f".{target.name}.old")
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def locked(folder: Path, command: str) -> Iterator[None]:
    """Hold a folder for one run; raises LockedError when another run has it.

    The lock ends with the process, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another run"
            raise LockedError(f"{folder} is in use by {holder}; wait until it is done") from None
        file.truncate(0)
        file.write(f"{command}, process {os.getpid()}")
        file.flush()
        yield


def remove_others(folder: Path, keep: Callable[[Path], bool]) -> None:
    """Remove what is directly in a folder, save what is to be kept."""
    for path in folder.iterdir():
        if not keep(path):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
