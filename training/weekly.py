"""A week's work: from what readers did to a head in use, or one half of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from autoresponder.model.places import get_file, put_file
from training.command import Outcome, Sections
from training.errors import UsageError
from training.files import locked, write_json
from training.note_run import collect_into
from training.noted import FILE, STANDING, require_noted
from training.scoring_heads.liked import selector_rows
from training.scoring_heads.making import make_head_version, now, open_places, reading_of
from training.scoring_heads.rows import Row, split_rows

LEAST_TEST, MOST_TEST = 0.1, 0.3
WEEK = 7 * 86400.0


def run_week(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    """Run both halves, or the one that is asked for."""
    if arguments.only and not arguments.place:
        raise UsageError("--only needs --place, where the other half finds the posts")
    report: dict[str, Any] = {"command": "weekly"}
    with locked(arguments.notes, "weekly"):
        if arguments.only != "train":
            console = Console(stderr=True)
            report["collected"] = collect_into(
                arguments.notes, sections, arguments.days, arguments.most, console
            )
            if arguments.place:
                _exchange(put_file, arguments)
        if arguments.only == "collect":
            return _finished(arguments, Outcome(report))
        if arguments.only == "train":
            _exchange(lambda path, address: get_file(address, path), arguments)
        trained = _train(arguments, sections)
        return _finished(arguments, Outcome(report | {"selector": trained.report}, trained.status))


def _exchange(move: Callable[[Path, str], None], arguments: argparse.Namespace) -> None:
    """Move what the halves share, the posts last: where they are, all is."""
    for name in (STANDING, FILE):
        move(arguments.notes / name, f"{arguments.place.rstrip('/')}/{name}")


def _train(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    posts = require_noted(arguments.notes)
    rows = selector_rows(posts, reading_of(sections), sections.training.labels, now(), arguments.seed)
    weeks = sections.training.promotion.weeks
    parts = split_rows(rows, test_share=test_share(rows, weeks), calibration_share=0.1)
    places = open_places(arguments, sections)
    with locked(places.heads, "weekly"):
        return make_head_version("selector", parts, arguments, sections, places)


def test_share(rows: list[Row], weeks: float) -> float:
    """The newest weeks' share of the rows, within bounds: they are kept from training, and both heads judged
    by them."""
    last = max((row.time for row in rows), default=0.0)
    share = sum(row.time >= last - weeks * WEEK for row in rows) / max(1, len(rows))
    return min(max(share, LEAST_TEST), MOST_TEST)


def _finished(arguments: argparse.Namespace, outcome: Outcome) -> Outcome:
    write_json(arguments.notes / "weekly.json", outcome.report)
    return outcome
