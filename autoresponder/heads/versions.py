"""Which version of each head is in use: ``current.json`` beside the heads names it, and those it replaced.

A version lies in ``versions/HEAD/VERSION/`` as two files, like a head that has no versions; it is never
changed. To put another in use is to replace ``current.json``, in one step.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autoresponder.errors import ModelCorruptError
from autoresponder.model.whole_files import write_json

CURRENT = "current.json"
VERSIONS = "versions"
LOCK = ".current.lock"

KEPT_BEFORE = 20
"""Versions that can be gone back to."""


class HeadVersions(BaseModel):
    """The versions of one head: the one in use, and those before it, newest last.

    An empty name stands for the files beside ``current.json``, or for no head.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    current: str = Field(pattern=r"^[A-Za-z0-9._-]*$")
    before: tuple[str, ...] = ()

    def followed_by(self, version: str) -> HeadVersions:
        """With another version in use."""
        if version == self.current:
            return self
        return HeadVersions(current=version, before=(*self.before, self.current)[-KEPT_BEFORE:])

    def rolled_back(self) -> HeadVersions:
        """With the version before the present one in use, which must be there."""
        *before, previous = self.before
        return HeadVersions(current=previous, before=tuple(before))


NO_VERSIONS = HeadVersions(current="")


class CurrentHeads(BaseModel):
    """The content of ``current.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heads: dict[str, HeadVersions] = Field(default_factory=dict)


def read_current(folder: Path) -> CurrentHeads:
    """The heads in use; none where there is no file. Raises ModelCorruptError."""
    path = folder / CURRENT
    if not path.is_file():
        return CurrentHeads()
    try:
        return CurrentHeads.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelCorruptError(
            f"{path} cannot be read: {error.errors()[0]['msg']}",
            "restore it, or remove it to use the heads beside it",
        ) from None


def folder_of(folder: Path, name: str) -> Path:
    """The folder with a head's two files."""
    versions = read_current(folder).heads.get(name)
    if versions is None or not versions.current:
        return folder
    return version_folder(folder, name, versions.current)


def change_versions(folder: Path, name: str, change: Callable[[HeadVersions], HeadVersions]) -> HeadVersions:
    """Put another version of a head in use; whoever else does so at the same time waits.

    ``change`` says which, from what is there. Gives what was there before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        heads = read_current(folder)
        old = heads.heads.get(name, NO_VERSIONS)
        new = change(old)
        if new != old:
            changed = heads.model_copy(update={"heads": {**heads.heads, name: new}})
            write_json(folder / CURRENT, changed.model_dump(mode="json"))
    return old


def version_folder(folder: Path, name: str, version: str) -> Path:
    """Where a version of a head lies."""
    return folder / VERSIONS / name / version
