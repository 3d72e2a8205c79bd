"""Checkpoints of a run: sealed when they are whole, and only those are gone on from."""

from __future__ import annotations

import re
from pathlib import Path

from training.errors import CheckpointError
from training.files import fault_of_sealed, seal

_NAME = re.compile(r"checkpoint-(\d+)")


def seal_checkpoint(folder: Path, digest: str) -> None:
    """Mark a checkpoint as whole, with the sizes and digests of its files and the run it belongs to."""
    seal(folder, run=digest)


def newest_whole(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest whole checkpoint, and what is wrong with those that were passed over.

    Raises CheckpointError when there are checkpoints and none of them is whole: to begin again, silently,
    is not what anybody wants after days of training.
    """
    passed_over: list[str] = []
    for checkpoint in sorted(_checkpoints(folder), key=step_of, reverse=True):
        fault = fault_of_sealed(checkpoint)
        if fault is None:
            return checkpoint, passed_over
        passed_over.append(f"{checkpoint.name}: {fault}")
    # A run that was killed while it wrote its very first checkpoint has nothing to lose yet.
    if passed_over and any("never finished" not in fault for fault in passed_over):
        raise CheckpointError(
            f"no checkpoint in {folder} is whole ({'; '.join(passed_over)}); remove the folder to begin again"
        )
    return None, passed_over


def step_of(checkpoint: Path) -> int:
    """The step after which a checkpoint was written."""
    found = _NAME.fullmatch(checkpoint.name)
    return int(found[1]) if found else -1


def _checkpoints(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.is_dir() and _NAME.fullmatch(path.name)]
