"""One run of collecting: from tumblr into the files of noted posts, with its report."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from munging.thread import Identity
from training.collect_notes import Collected, Pacer, collect, waiting_posts
from training.command import Sections
from training.errors import TrainingError, UsageError
from training.files import sha256_of, write_json
from training.noted import FILE, Standing, read_noted, read_standing, write_noted, write_standing
from training.progress import Progress
from tumblr.api.errors import TumblrError, Unauthorized

DAY = 86400.0


def collect_into(
    folder: Path, sections: Sections, days: float, most: int, console: Console
) -> dict[str, object]:
    """Collect what is new. Raises TrainingError when nothing at all could be read, UsageError for wrong keys.

    Until one run has gone back as far as ``most`` posts, every run tries to: what a stopped first run has
    not seen is not forgotten.
    """
    began = time.time()
    known, before = read_noted(folder), read_standing(folder)
    identity = Identity(sections.blog.blog_name, sections.blog.persona)
    with ExitStack() as stack, Progress("posts", most, console) as progress:
        pacer = Pacer(sections.connect(stack))
        try:
            found = collect(
                pacer,
                known,
                identity,
                since=began - days * DAY if before.whole else 0.0,
                most=most,
                progress=progress,
                keep=lambda found: write_noted(folder, found.posts.values()),
            )
        except Unauthorized as error:
            raise UsageError(str(error)) from None
        if not found.seen and found.problems:
            raise TrainingError(f"tumblr could not be read: {found.problems[0]}")
        standing = _standing(pacer, before, found, began)
    write_noted(folder, found.posts.values())
    write_standing(folder, standing)
    report: dict[str, object] = {
        "command": "notes",
        "blog": sections.blog.blog_name,
        "posts": len(found.posts),
        "new": len(found.posts.keys() - known.keys()),
        "changed": found.changed,
        "looked_at": found.seen,
        "published": len(standing.published),
        "waiting": len(standing.waiting),
        "partial": bool(found.problems),
        "problems": found.problems[:20],
        "notes": sum(post.notes for post in found.posts.values()),
        "sha256": sha256_of(folder / FILE),
        "seconds": round(time.time() - began, 1),
    }
    write_json(folder / "report.json", report)
    return report


def _standing(pacer: Pacer, before: Standing, found: Collected, began: float) -> Standing:
    """Where the posts stand now; after a run with gaps only what was seen published is added."""
    published = before.published | found.published
    try:
        waiting = before.waiting if found.problems else waiting_posts(pacer)
    except TumblrError as error:
        found.problems.append(f"drafts and queue: {error}")
    if found.problems:
        return before.model_copy(update={"published": published})
    oldest = [moment for moment in (before.since, found.oldest) if moment is not None]
    return Standing(whole=True, since=min(oldest), read_at=began, published=published, waiting=waiting)
