"""What training tells the switchboard: which versions of a head there are, and what a week has come to.

Running generators take up what is in use; the operator's console shows the rest.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from autoresponder.heads.versions import NO_VERSIONS, read_current, version_folder
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardError
from switchboard.messages import HeadStanding, HeadVersion, WeekReport
from switchboard.messages.learning import MAX_VERSIONS
from training.command import Sections
from training.reports import running_mean
from training.scoring_heads.promotion import versions_of

POINTS = 100
"""Of the curve of a head's loss."""


def announce(sections: Sections, heads: Path, name: str) -> bool:
    """Tell running generators which version of a head is in use, and everybody which there are.

    False when the switchboard cannot be reached: they keep the heads that they have, and a line says how to
    tell them later. Whoever starts later reads the heads in use anyway.
    """
    standing = standing_of(heads, name)
    version = standing.current

    def send(client: SwitchboardClient) -> None:
        client.announce(f"{name}/{version or 'none'}")
        client.report_head(standing)

    again = f"`python -m training promote {name} --version {version}`" if version else "restarting them"
    return _tell(sections, send, f"running generators were not told ({{}}); {again} does it")


def report_head(sections: Sections, heads: Path, name: str) -> bool:
    """Tell which versions of a head there are, where the one in use has stayed."""
    standing = standing_of(heads, name)
    return _tell(sections, lambda client: client.report_head(standing), "the console was not told ({})")


def report_week(sections: Sections, report: WeekReport) -> bool:
    """Tell what a week has come to."""
    return _tell(sections, lambda client: client.report_week(report), "the console was not told ({})")


def _tell(sections: Sections, send: Callable[[SwitchboardClient], None], otherwise: str) -> bool:
    settings = sections.switchboard
    client = SwitchboardClient(settings.address, settings.generator_token, retry=Retry(attempts=3))
    try:
        send(client)
    except SwitchboardError as error:
        Console(stderr=True).print(otherwise.format(error), markup=False)
        return False
    finally:
        client.close()
    return True


def standing_of(heads: Path, name: str) -> HeadStanding:
    """Which version of a head is in use, and those that are kept."""
    versions = read_current(heads).heads.get(name, NO_VERSIONS)
    kept = versions_of(heads, name)[-MAX_VERSIONS:]
    return HeadStanding(
        head=name,
        current=versions.current,
        before=list(versions.before),
        versions=[version_line(version_folder(heads, name, version)) for version in kept],
    )


def version_line(folder: Path) -> HeadVersion:
    """A version as its report tells it."""
    path = folder / "report.json"
    report: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    figures = report.get("test", {}).get("all", {})
    return HeadVersion(
        version=folder.name,
        made_at=_moment(folder.name),
        rows=report.get("rows", {}).get("train", 0),
        metrics=finite(figures),
        losses=_thinned([loss for loss in running_mean(report.get("losses", [])) if math.isfinite(loss)]),
        reliability=[(one["said"], one["was"]) for one in figures.get("reliability", [])],
    )


def finite(figures: Mapping[str, Any]) -> dict[str, float]:
    """The figures that are numbers: a correlation with a constant is none."""
    return {
        key: value
        for key, value in figures.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


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
