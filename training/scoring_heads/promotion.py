"""Versions of heads: keeping them, comparing a new one with the one in use, promoting, rolling back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autoresponder.heads.files import load_head
from autoresponder.heads.head_2021 import Head, fingerprint
from autoresponder.heads.standing import REPORT
from autoresponder.heads.versions import (
    HeadVersions,
    change_versions,
    folder_of,
    read_current,
    version_folder,
)
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.model.trunk import blocks_of
from bot_lifecycle import FatalError
from training.errors import NotEnoughDataError, UsageError
from training.files import fault_of_sealed
from training.scoring_heads.head_run import Made, measure, save_made
from training.scoring_heads.rows import Row
from training.settings import PromotionConfig


@dataclass(frozen=True)
class Comparison:
    """Two heads on the same rows. ``incumbent`` is None where none was in use."""

    metric: str
    rows: int
    challenger: float
    incumbent: float | None
    margin: float

    @property
    def is_better(self) -> bool:
        """Whether the new head is better by the margin; a lower Brier score is the better one."""
        if self.incumbent is None:
            return True
        gain = self.challenger - self.incumbent
        return (-gain if self.metric == "brier" else gain) > self.margin

    def facts(self) -> dict[str, Any]:
        """For the report."""
        return {**vars(self), "better": self.is_better}


def heads_folder(model: Path, configured: Path | None) -> Path:
    """Where a generator's heads lie."""
    return configured if configured is not None else model / "heads"


def store_version(made: Made, heads: Path, now: datetime | None = None) -> str:
    """Keep a head as a version that is not in use yet; the version's name."""
    # To the microsecond: the newest version is the one whose name is last.
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S%f")
    name = f"{moment}-{fingerprint(made.head.cpu())[:12]}"
    save_made(made, version_folder(heads, made.head.settings.name, name))
    return name


def incumbent(generator: GeneratorModel, heads: Path, name: str) -> Head | None:
    """The head in use; None where there is none, or none that fits this generator."""
    folder = folder_of(heads, name)
    if not (folder / f"{name}.json").is_file():
        return None
    size = {"n_layer": len(blocks_of(generator.network)), "positions": generator.positions}
    try:
        return load_head(heads, name, generator.identity, **size).to(generator.network.device)
    except FatalError:
        return None


def learned_until(heads: Path, name: str) -> float:
    """The time of the newest row that the head in use has learned from (unix seconds; 0: unknown)."""
    try:
        report = json.loads((folder_of(heads, name) / REPORT).read_text(encoding="utf-8"))
        return float(report["learned_until"])
    except (OSError, ValueError, TypeError, KeyError):
        return 0.0


def compare(
    challenger: Head,
    old: Head | None,
    generator: GeneratorModel,
    rows: Sequence[Row],
    settings: PromotionConfig,
) -> Comparison:
    """Measure both heads on the same rows, the newest. Raises NotEnoughDataError for too few, or one
    class."""
    if len(rows) < settings.min_rows or len({row.target > 0 for row in rows}) < 2:
        raise NotEnoughDataError(
            f"{len(rows)} labelled rows of the newest {settings.weeks:g} weeks that the head in use has not "
            f"learned from; at least {settings.min_rows} of both classes are needed to compare two heads"
        )
    figures = [
        None if head is None else float(measure(head, generator, rows)["all"][settings.metric])
        for head in (challenger, old)
    ]
    assert figures[0] is not None
    return Comparison(settings.metric, len(rows), figures[0], figures[1], settings.margin)


def newest(rows: Sequence[Row], weeks: float) -> list[Row]:
    """The rows of the newest weeks; all where no times are known."""
    last = max((row.time for row in rows), default=0.0)
    return [row for row in rows if row.time >= last - weeks * 7 * 86400]


def promote(heads: Path, name: str, version: str) -> str:
    """Put a version of a head in use; the version that it replaces. Raises UsageError for one that is not
    whole."""
    fault = fault_of_sealed(version_folder(heads, name, version))
    if fault is not None:
        raise UsageError(f"the version {version} of the {name} head cannot be used: {fault}")
    return change_versions(heads, name, lambda old: old.followed_by(version)).current


def roll_back(heads: Path, name: str) -> str:
    """Put the version before the present one in use; its name, empty for the head without versions."""

    def back(old: HeadVersions) -> HeadVersions:
        if not old.before:
            raise UsageError(f"there is no {name} head before the one in use in {heads}")
        return old.rolled_back()

    return change_versions(heads, name, back).before[-1]


def versions_of(heads: Path, name: str) -> list[str]:
    """All whole versions that are kept, oldest first."""
    folder = version_folder(heads, name, "x").parent
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path.name for path in found if not path.name.startswith(".") and fault_of_sealed(path) is None]


def remove_unused(heads: Path, name: str, keep: int) -> None:
    """Remove all but the newest versions, save those in use or to be rolled back to."""
    versions = read_current(heads).heads.get(name)
    used = set() if versions is None else {versions.current, *versions.before}
    for version in versions_of(heads, name)[:-keep]:
        if version not in used:
            shutil.rmtree(version_folder(heads, name, version))
