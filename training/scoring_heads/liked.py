"""From noted posts to the selector's rows: labels, and texts as the selector will read them next."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from munging.classic import from_classic
from munging.prompts.formats import PromptFormat, render
from munging.prompts.times import format_time
from munging.thread import Identity, Thread
from training.noted import NotedPost
from training.scoring_heads.labels import ORIGINALS, RESPONSES, labels
from training.scoring_heads.rows import Row
from training.settings import LabelConfig

MONTHS = 12


@dataclass(frozen=True)
class Reading:
    """How texts are printed for the head: the format, who the bot is, its time zone."""

    form: PromptFormat
    identity: Identity
    timezone: str


def selector_rows(
    posts: Sequence[NotedPost], reading: Reading, settings: LabelConfig, now: float, seed: int
) -> list[Row]:
    """Rows of the posts that are clearly liked or disliked: asks that were answered, and originals.

    Reblogs are labelled with the responses and then left out, for their notes follow the thread's.
    """
    rows: list[Row] = []
    for text_type, own in (
        (RESPONSES, [post for post in posts if post.kind != "original"]),
        (ORIGINALS, [post for post in posts if post.kind == "original"]),
    ):
        found = labels([p.time for p in own], [p.notes for p in own], text_type, settings, now)
        for post, label in zip(own, found, strict=True):
            if label is None or post.kind not in ("ask", "original"):
                continue
            text = prepared_text(post, reading, settings, now, seed)
            if text is not None:
                rows.append(
                    Row(
                        text,
                        float(label),
                        post.root or post.id,
                        text_type,
                        post.kind,
                        post.time,
                        post_id=post.id,
                    )
                )
    return rows


def prepared_text(
    post: NotedPost, reading: Reading, settings: LabelConfig, now: float, seed: int
) -> str | None:
    """A post as the selector reads it, with a month that will be in use when it serves; None if it is
    broken."""
    thread = from_classic(post.thread, reading.identity)
    if not thread.posts or not thread.posts[-1].by_bot or not thread.posts[-1].text.strip():
        return None
    last = replace(thread.posts[-1], tags=_without_names(post.tags or thread.posts[-1].tags, thread))
    thread = replace(thread, posts=(*thread.posts[:-1], last))
    written = claimed_time(post.time, now, reading, settings.months_ahead, f"{seed} {post.id}")
    return render(thread, reading.form, reading.identity, written=written).text


def claimed_time(time: float, now: float, reading: Reading, months_ahead: int, seed: str) -> str:
    """The hour of the post, in a month drawn from the present one and those that follow."""
    chance = random.Random(seed)
    zone = ZoneInfo(reading.timezone)
    moment, today = datetime.fromtimestamp(time, UTC).astimezone(zone), datetime.fromtimestamp(now, UTC)
    months = today.year * MONTHS + today.month - 1 + chance.randint(0, months_ahead)
    return format_time(
        moment.replace(year=months // MONTHS, month=months % MONTHS + 1, day=2), reading.form.time_style
    )


def _without_names(tags: Sequence[str], thread: Thread) -> tuple[str, ...]:
    """Tags that name who is answered say who asked, not what was written."""
    names = {post.author.lower() for post in thread.posts}
    return tuple(tag for tag in tags if tag.lower() not in names)
