"""Models in several places: folders, addresses that fsspec knows (s3://, gs://, memory://), the model hub.

Places are tried in order. What lies elsewhere is copied to a cache: into a folder of another name, checked
against the manifest that training wrote beside it (or the sizes that the place tells), and renamed when it is
whole. A place that fails is tried again a few times, then the next one; the error names them all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import fsspec

from autoresponder.errors import ModelCorruptError, ModelError, ModelMissingError

MANIFEST = "manifest.json"
TRIES = 3
PAUSE_SECONDS = 0.5
"""Before the second try; it doubles with each."""

SUFFIXES = (".json", ".safetensors", ".txt", ".model")
"""What is copied: nothing that could run when it is opened."""

Pause = Callable[[float], None]


def is_address(place: str) -> bool:
    """Whether a place is to be copied from: an address that is not the hub's."""
    return "://" in place


def default_cache() -> Path:
    """Where copies are kept."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "autoresponder" / "models"


def fetch_folder(address: str, cache: Path, pause: Pause = time.sleep) -> Path:
    """Copy a model's folder from an address, unless the cache has it as it is there.

    Raises ModelMissingError when it is not there or cannot be had, ModelCorruptError when what came is not
    what the manifest says, every time.
    """
    target = cache / hashlib.sha256(address.encode()).hexdigest()[:16]
    error: Exception | None = None
    for number in range(TRIES):
        if number:
            pause(PAUSE_SECONDS * 2 ** (number - 1))
        try:
            return _fetch(address, target)
        except ModelMissingError:
            raise
        except (ModelError, OSError, ValueError, RuntimeError, ImportError) as failed:
            error = failed
    if isinstance(error, ModelError):
        raise error
    raise ModelMissingError(
        f"{address} cannot be read ({type(error).__name__}: {_first_line(error)})",
        "see to the place or its keys",
    )


def first_of(places: Sequence[str], find: Callable[[str], Path]) -> Path:
    """The model from the first place that has it whole; raises ModelMissingError that names every place."""
    failures: list[str] = []
    for place in places:
        try:
            return find(place)
        except ModelError as error:
            failures.append(f"{place}: {error.message}")
    if len(failures) == 1:
        return find(places[0])
    raise ModelMissingError(
        f"the model is in none of {len(places)} places ({'; '.join(failures)})",
        "set generator.model and generator.more_places to where it is",
    )


def put_file(path: Path, address: str) -> None:
    """Copy a file to an address; it appears there whole."""
    system, where = _system(address)
    system.makedirs(where.rpartition("/")[0], exist_ok=True)
    if "file" in _protocols(system):
        temporary = f"{where}.{os.getpid()}.new"
        system.put_file(str(path), temporary)
        system.mv(temporary, where)
    else:
        system.put_file(str(path), where)  # object stores show an object when all of it has come


def get_file(address: str, path: Path) -> None:
    """Copy a file from an address, in one step. Raises ModelMissingError."""
    system, where = _system(address)
    system.invalidate_cache()
    temporary = path.with_name(f".{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        size = int(system.info(where)["size"])
        system.get_file(where, str(temporary))
    except (OSError, ValueError) as error:
        raise ModelMissingError(
            f"{address} cannot be read ({_first_line(error)})", "see to the place"
        ) from None
    if temporary.stat().st_size != size:
        raise ModelCorruptError(f"{address} came short", "run it again")
    temporary.replace(path)


def _fetch(address: str, target: Path) -> Path:
    system, where = _system(address)
    system.invalidate_cache()  # a listing from before could hide what was written elsewhere
    try:
        found = {
            name: info for name, info in system.find(where, detail=True).items() if name.endswith(SUFFIXES)
        }
    except FileNotFoundError:
        found = {}
    files = {name[len(where) :].strip("/"): info for name, info in found.items()}
    if not files:
        raise ModelMissingError(f"{address} holds no model", "name a folder with a checkpoint")
    state = json.dumps({name: [info["size"], _mark(info)] for name, info in sorted(files.items())})
    seen = target / ".place.json"
    if seen.is_file() and seen.read_text(encoding="utf-8") == state:
        return target
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        for name, info in files.items():
            path = new / name
            if new.resolve() not in path.resolve().parents:
                raise ModelCorruptError(
                    f"{address} has a file outside of itself: {name}", "do not use this place"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            system.get_file(f"{where.rstrip('/')}/{name}", str(path))
            if path.stat().st_size != int(info["size"]):
                raise ModelCorruptError(f"{address}/{name} came short", "copy it to the place again")
        _check_manifest(new, address)
        (new / ".place.json").write_text(state, encoding="utf-8")
        old = target.with_name(f".{target.name}.old")
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        new.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return target


def _check_manifest(folder: Path, address: str) -> None:
    """Compare the copies with the digests that were taken when the files were written."""
    path = folder / MANIFEST
    if not path.is_file():
        return
    try:
        listed: Mapping[str, Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["files"]
    except (ValueError, KeyError, TypeError):
        raise ModelCorruptError(
            f"{address}/{MANIFEST} cannot be read", "copy it to the place again"
        ) from None
    for name, entry in listed.items():
        copy = folder / name
        if not copy.is_file():
            if name.endswith(SUFFIXES):
                raise ModelCorruptError(f"{address} lacks {name}", "copy it to the place again")
            continue
        with copy.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != entry["sha256"]:
            raise ModelCorruptError(
                f"{address}/{name} is not as it was written", "copy it to the place again"
            )


def _system(address: str) -> tuple[Any, str]:
    system, where = fsspec.core.url_to_fs(address)
    return system, str(where)


def _protocols(system: Any) -> tuple[str, ...]:
    return (system.protocol,) if isinstance(system.protocol, str) else tuple(system.protocol)


def _mark(info: Mapping[str, Any]) -> str:
    """What changes when an object does; no digest of its content."""
    return str(
        info.get("ETag")
        or info.get("etag")
        or info.get("mtime")
        or info.get("LastModified")
        or info.get("created")
        or ""
    )


def _first_line(error: Exception | None) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]
