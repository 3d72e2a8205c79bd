"""What the bot learns from: its heads and their versions, the last week, and how its posts are liked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from operator_console.access import operator
from operator_console.errors import BadRequest, Missing
from operator_console.pages.charts import LineChart, line_chart
from operator_console.parts import parts
from operator_console.rendering import day
from switchboard.console_talk import Note, Noted
from switchboard.messages import HeadLine, HeadVersion, HeadWish, NotesOfWeek

PAGES = Blueprint("learning", __name__)

SHOWN = {
    "auc": "AUC",
    "average_precision": "average precision",
    "brier": "Brier",
    "accuracy": "accuracy",
    "correlation": "correlation",
    "sign_agreement": "agreement in sign",
    "rows": "rows",
}
"""Figures that are shown of a version, and what they are called."""


@dataclass(frozen=True)
class VersionRow:
    """A version of a head in its table."""

    name: str
    made: str
    rows: int
    figures: list[float | None]
    is_current: bool
    is_previous: bool
    losses: LineChart | None
    reliability: LineChart | None


@dataclass(frozen=True)
class HeadTable:
    """A head with its versions, newest first."""

    line: HeadLine
    columns: list[str]
    rows: list[VersionRow]
    progress: LineChart | None
    progress_of: str


@PAGES.get("/learning")
def page() -> Any:
    """Heads, versions, the last weekly run, notes per post."""
    learned = parts().bot.learned()
    tables = [_table(line) for line in learned.heads]
    weeks = [] if learned.week is None else learned.week.weeks
    return render_template(
        "learning.html",
        tables=tables,
        week=learned.week,
        weeks=weeks,
        liked=_liked(weeks),
        day=day,
        names=SHOWN,
    )


@PAGES.post("/learning/use")
def use() -> Any:
    """Put another version of a head in use: the next, or one that was."""
    visitor, form = operator(), request.form
    key = form.get("key", "")
    if not (8 <= len(key) <= 64 and key.isalnum()):
        raise BadRequest("the form is incomplete; open the page again")
    try:
        wish = HeadWish(
            head=form.get("head", ""),
            version=form.get("version", ""),
            instead_of=form.get("instead_of", ""),
            who=visitor.by.who,
        )
    except ValueError:
        raise BadRequest("the form is incomplete; open the page again") from None
    detail = f"{wish.version or 'the first one'} in place of {wish.instead_of or 'the first one'}"
    note = Note(**visitor.by.model_dump(), action=f"use {wish.head}", detail=detail)
    parts().bot.ask(note, Noted, key)
    try:
        parts().bot.wish(wish)
    except Missing as refused:
        parts().say(f"Nothing was done: {refused}")
    else:
        parts().say(f"Asked for: {detail}")
    return redirect(url_for("learning.page"))


def _table(line: HeadLine) -> HeadTable:
    standing = line.standing
    versions = standing.versions or []
    names = [name for name in SHOWN if any(one.metrics.get(name) is not None for one in versions)]
    first = next((name for name in names if name != "rows"), "")
    scored = [(float(place), _figure(one, first)) for place, one in enumerate(versions)]
    previous = standing.before[-1] if standing.before else None
    return HeadTable(
        line,
        [SHOWN[name] for name in names],
        [_row(one, names, standing.current, previous) for one in reversed(versions)],
        line_chart({"in the order in which they were made": [(x, y) for x, y in scored if y is not None]}),
        SHOWN.get(first, ""),
    )


def _figure(version: HeadVersion, name: str) -> float | None:
    return version.metrics.get(name)


def _row(one: HeadVersion, names: Sequence[str], current: str, previous: str | None) -> VersionRow:
    return VersionRow(
        name=one.version,
        made=day(one.made_at),
        rows=one.rows,
        figures=[_figure(one, name) for name in names],
        is_current=one.version == current,
        is_previous=one.version == previous,
        losses=line_chart({"running mean": [(float(x), y) for x, y in enumerate(one.losses)]}),
        reliability=line_chart(
            {"this version": one.reliability, "as it should be": [(0.0, 0.0), (1.0, 1.0)]}, unit=True
        ),
    )


def _liked(weeks: Sequence[NotesOfWeek]) -> LineChart | None:
    """Notes for each post over the weeks, and of those that were drawn by chance."""
    everyone = [(week.start, week.notes / week.posts) for week in weeks if week.posts]
    chance = [(week.start, week.chance_notes / week.chance_posts) for week in weeks if week.chance_posts]
    return line_chart({"all posts": everyone, "drawn by chance": chance})
