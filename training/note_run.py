"""One run of collecting: from tumblr into the file of noted posts, with its report."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from munging.thread import Identity
from training.collect_notes import collect
from training.command import Sections
from training.errors import TrainingError
from training.files import sha256_of, write_json
from training.noted import FILE, read_noted, write_noted
from training.progress import Progress

DAY = 86400.0


def collect_into(
    folder: Path, sections: Sections, days: float, most: int, console: Console
) -> dict[str, object]:
    """Collect what is new. Raises TrainingError when nothing at all could be read."""
    began = time.time()
    known = read_noted(folder)
    identity = Identity(sections.blog.blog_name, sections.blog.persona)
    with ExitStack() as stack, Progress("posts", most, console) as progress:
        reader = sections.connect(stack)
        found = collect(
            reader, known, identity, since=began - days * DAY if known else 0.0, most=most, progress=progress
        )
    if not found.seen and found.problems:
        raise TrainingError(f"tumblr could not be read: {found.problems[0]}")
    write_noted(folder, found.posts.values())
    report: dict[str, object] = {
        "command": "notes",
        "blog": sections.blog.blog_name,
        "posts": len(found.posts),
        "new": len(found.posts.keys() - known.keys()),
        "changed": found.changed,
        "looked_at": found.seen,
        "partial": bool(found.problems),
        "problems": found.problems[:20],
        "notes": sum(post.notes for post in found.posts.values()),
        "sha256": sha256_of(folder / FILE),
        "seconds": round(time.time() - began, 1),
    }
    write_json(folder / "report.json", report)
    return report
