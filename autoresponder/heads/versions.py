"""Which version of each head is in use: ``current.json`` beside the heads names it, and those it replaced.

A version lies in ``versions/HEAD/VERSION/`` as two files, like a head that has no versions; it is never
changed. To put another in use is to replace ``current.json``, in one step.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autoresponder.errors import ModelCorruptError

CURRENT = "current.json"
VERSIONS = "versions"


class HeadVersions(BaseModel):
    """The versions of one head: the one in use, and those before it, newest last.

    An empty name stands for the files beside ``current.json``, or for no head.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    current: str = Field(pattern=r"^[A-Za-z0-9._-]*$")
    before: tuple[str, ...] = ()


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


def version_folder(folder: Path, name: str, version: str) -> Path:
    """Where a version of a head lies."""
    return folder / VERSIONS / name / version
