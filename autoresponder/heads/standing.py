"""Which versions of a head there are, and how they came out: as it is told to the operator's console."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from autoresponder.heads.versions import NO_VERSIONS, read_current, version_folder
from switchboard.messages import HeadStanding, HeadVersion
from switchboard.messages.learning import MAX_VERSIONS

POINTS = 100
"""Of the curve of a head's loss."""

SMOOTHING = 0.97
"""Decay of the running mean of a loss."""

REPORT = "report.json"


def standing_of(heads: Path, name: str, kept: Sequence[str]) -> HeadStanding:
    """Which version of a head is in use, and those that are ``kept``, by name. Raises ModelCorruptError."""
    versions = read_current(heads).heads.get(name, NO_VERSIONS)
    return HeadStanding(
        head=name,
        current=versions.current,
        before=list(versions.before),
        versions=[version_line(version_folder(heads, name, version)) for version in kept],
    )


def standings_at_start(heads: Path) -> list[HeadStanding]:
    """Of every head its versions that were ever in use, for where nothing is known of it yet.

    Raises ModelCorruptError.
    """
    found = []
    in_use = read_current(heads).heads
    for name in sorted({*in_use, *(path.stem for path in heads.glob("*.safetensors"))}):
        versions = in_use.get(name, NO_VERSIONS)
        used = dict.fromkeys((*versions.before, versions.current))
        kept = [one for one in used if one and version_folder(heads, name, one).is_dir()]
        standing = standing_of(heads, name, kept[-MAX_VERSIONS:])
        found.append(standing.model_copy(update={"only_if_unknown": True}))
    return found


def version_line(folder: Path) -> HeadVersion:
    """A version as its report tells it; one whose report is missing, or makes no sense, is only named."""
    named = {"version": folder.name, "made_at": _moment(folder.name)}
    try:
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        figures = report.get("test", {}).get("all", {})
        return HeadVersion(
            **named,
            rows=report.get("rows", {}).get("train", 0),
            metrics=finite(figures),
            losses=_thinned([one for one in running_mean(report.get("losses", [])) if math.isfinite(one)]),
            reliability=[(one["said"], one["was"]) for one in figures.get("reliability", [])],
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return HeadVersion(**named)


def finite(figures: Mapping[str, Any]) -> dict[str, float]:
    """The figures that are numbers: a correlation with a constant is none."""
    return {
        key: value
        for key, value in figures.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def running_mean(losses: Sequence[float]) -> list[float]:
    """The exponential running mean, started at the first loss."""
    means: list[float] = []
    for loss in losses:
        means.append(SMOOTHING * means[-1] + (1 - SMOOTHING) * loss if means else loss)
    return means


def _moment(version: str) -> float | None:
    """When a version was kept: its name begins with that."""
    try:
        return datetime.strptime(f"{version.partition('-')[0]} +0000", "%Y%m%dT%H%M%S%f %z").timestamp()
    except ValueError:
        return None


def _thinned(losses: Sequence[float]) -> list[float]:
    last = len(losses) - 1
    places = range(len(losses)) if last < POINTS else [round(last * i / (POINTS - 1)) for i in range(POINTS)]
    return [round(losses[place], 4) for place in places]
