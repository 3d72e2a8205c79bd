"""A week's work: from what readers did, and what the operator decided, to heads in use; or one half of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from rich.console import Console

from autoresponder.errors import ModelMissingError
from autoresponder.model.places import get_file, put_file
from training.command import Outcome, Sections
from training.errors import NotEnoughDataError, UsageError
from training.exports import CHANCE, DECISIONS, drawn_by_chance, export_into
from training.files import locked, write_json
from training.note_run import collect_into
from training.noted import FILE, STANDING, read_noted, require_noted
from training.scoring_heads.liked import selector_rows
from training.scoring_heads.making import HeadPlaces, make_head_version, now, open_places, reading_of
from training.scoring_heads.reviewer import (
    AUTOREVIEWER,
    Judgments,
    make_autoreviewer,
    of_console,
    wanted_rates,
)
from training.scoring_heads.rows import Row, split_rows
from training.scoring_heads.told import report_week
from training.week_report import week_report

LEAST_TEST, MOST_TEST = 0.1, 0.3
WEEK = 7 * 86400.0

T = TypeVar("T")
Parts = Mapping[str, Sequence[Row]]


def run_week(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    """Run both halves, or the one that is asked for."""
    if arguments.only and not arguments.place:
        raise UsageError("--only needs --place, where the other half finds the posts")
    wanted_rates(arguments)
    report: dict[str, Any] = {"command": "weekly"}
    with locked(arguments.notes, "weekly"):
        if arguments.only != "train":
            report["collected"] = _collect(arguments, sections)
        if arguments.only == "collect":
            return _finished(arguments, Outcome(report))
        if arguments.only == "train":
            _fetch(arguments)
        return _train(arguments, sections, report)


def _collect(arguments: argparse.Namespace, sections: Sections) -> dict[str, object]:
    console = Console(stderr=True)
    collected = collect_into(arguments.notes, sections, arguments.days, arguments.most, console)
    known = export_into(arguments.notes, sections.database)
    if arguments.place:
        # The posts last: where they are, all is.
        for name in (*((DECISIONS, CHANCE) if known else ()), STANDING, FILE):
            put_file(arguments.notes / name, _at(arguments, name))
    return collected | known


def _fetch(arguments: argparse.Namespace) -> None:
    for name in (DECISIONS, CHANCE):
        with suppress(ModelMissingError):  # of a bot without a console there are none
            get_file(_at(arguments, name), arguments.notes / name)
    for name in (STANDING, FILE):
        get_file(_at(arguments, name), arguments.notes / name)


def _at(arguments: argparse.Namespace, name: str) -> str:
    return f"{arguments.place.rstrip('/')}/{name}"


def _train(arguments: argparse.Namespace, sections: Sections, report: dict[str, Any]) -> Outcome:
    """Train both heads; too little for one of them keeps nobody from the other."""
    parts = _tried(lambda: _selector_parts(arguments, sections))
    decided = _decided(arguments, sections)
    made: Outcome | NotEnoughDataError
    if isinstance(parts, NotEnoughDataError) and decided is None:
        made = parts
    else:
        places = open_places(arguments, sections)
        with locked(places.heads, "weekly"):
            made = _selector(parts, arguments, sections, places)
            if decided is not None:
                report[AUTOREVIEWER] = _told(_tried(lambda: _review(decided, arguments, sections, places)))
    report["selector"] = _told(made)
    finished = _finished(arguments, Outcome(report, made.status))
    posts = read_noted(arguments.notes).values()
    report_week(sections, week_report(report, posts, drawn_by_chance(arguments.notes), now()))
    if isinstance(made, NotEnoughDataError):
        raise made
    return finished


def _selector(
    parts: Parts | NotEnoughDataError, arguments: argparse.Namespace, sections: Sections, places: HeadPlaces
) -> Outcome | NotEnoughDataError:
    if isinstance(parts, NotEnoughDataError):
        return parts
    return _tried(lambda: make_head_version("selector", parts, arguments, sections, places))


def _selector_parts(arguments: argparse.Namespace, sections: Sections) -> Parts:
    posts = require_noted(arguments.notes)
    rows = selector_rows(posts, reading_of(sections), sections.training.labels, now(), arguments.seed)
    weeks = sections.training.promotion.weeks
    return split_rows(rows, test_share=test_share(rows, weeks), calibration_share=0.1)


def _decided(arguments: argparse.Namespace, sections: Sections) -> Judgments | None:
    """What was decided in the console; None where nothing was."""
    exported = arguments.decisions or arguments.notes / DECISIONS
    if arguments.decisions is None and not exported.is_file():
        return None
    judgments = Judgments()
    judgments.add(of_console(exported, sections, arguments.seed))
    return judgments if judgments.rows else None


def _review(
    judgments: Judgments, arguments: argparse.Namespace, sections: Sections, places: HeadPlaces
) -> Outcome:
    return make_autoreviewer(judgments, wanted_rates(arguments), arguments, sections, places)


def _tried(make: Callable[[], T]) -> T | NotEnoughDataError:
    try:
        return make()
    except NotEnoughDataError as error:
        return error


def _told(made: Outcome | NotEnoughDataError) -> dict[str, Any]:
    return {"problem": str(made)} if isinstance(made, NotEnoughDataError) else dict(made.report)


def test_share(rows: list[Row], weeks: float) -> float:
    """The newest weeks' share of the rows, within bounds: they are kept from training, and both heads judged
    by them."""
    last = max((row.time for row in rows), default=0.0)
    share = sum(row.time >= last - weeks * WEEK for row in rows) / max(1, len(rows))
    return min(max(share, LEAST_TEST), MOST_TEST)


def _finished(arguments: argparse.Namespace, outcome: Outcome) -> Outcome:
    write_json(arguments.notes / "weekly.json", outcome.report)
    return outcome
