"""What a week has come to, in short, as the operator's console shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from autoresponder.heads.standing import finite
from switchboard.messages import HeadOfWeek, NotesOfWeek, WeekReport
from switchboard.messages.fields import MAX_ERROR_CHARACTERS
from training.noted import NotedPost

HEADS = ("selector", "autoreviewer")
COLLECTED = ("posts", "new", "changed", "notes", "decisions", "drawn_by_chance")
WEEK = 7 * 86400.0
WEEKS = 26
"""That are looked back upon."""


def week_report(
    report: Mapping[str, Any], posts: Iterable[NotedPost], by_chance: Set[str], now: float
) -> WeekReport:
    """The report of a weekly run, with how the posts of the weeks before were liked."""
    collected = report.get("collected") or {}
    return WeekReport(
        at=now,
        collected={name: collected[name] for name in COLLECTED if name in collected},
        heads=[_head(name, report[name]) for name in HEADS if name in report],
        weeks=notes_by_week(posts, by_chance, now),
    )


def _head(name: str, made: Mapping[str, Any]) -> HeadOfWeek:
    if "problem" in made:
        return HeadOfWeek(head=name, problem=made["problem"][:MAX_ERROR_CHARACTERS])
    comparison = made.get("comparison") or {}
    thresholds = made.get("thresholds") or {}
    return HeadOfWeek(
        head=name,
        version=made["version"],
        promoted=made["promoted"],
        metric=comparison.get("metric", ""),
        rows=comparison.get("rows", 0),
        challenger=comparison.get("challenger"),
        incumbent=comparison.get("incumbent"),
        thresholds={key: value for key, value in thresholds.items() if key.startswith("screening.")},
        last_week=finite(thresholds.get("last_week") or {}),
    )


def notes_by_week(posts: Iterable[NotedPost], by_chance: Set[str], now: float) -> list[NotesOfWeek]:
    """The posts of each of the last weeks with their notes, oldest first; weeks without a post are left out.

    A post that has been published from the drafts is known by its first id too.
    """
    weeks: dict[int, list[NotedPost]] = {}
    for post in posts:
        if 0 <= (ago := int((now - post.time) // WEEK)) < WEEKS:
            weeks.setdefault(ago, []).append(post)
    return [
        _week(now - (ago + 1) * WEEK, found, [one for one in found if {one.id, one.genesis} & by_chance])
        for ago, found in sorted(weeks.items(), reverse=True)
    ]


def _week(start: float, posts: list[NotedPost], chance: list[NotedPost]) -> NotesOfWeek:
    return NotesOfWeek(
        start=start,
        posts=len(posts),
        notes=sum(post.notes for post in posts),
        chance_posts=len(chance),
        chance_notes=sum(post.notes for post in chance),
    )
