"""What the operator names on the command line, found out from its content, and listed post by post."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern

from training.corpus.backup import Backup, backups_in, is_id
from training.corpus.post import Reference
from training.errors import NotEnoughDataError, UsageError

LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Listing:
    """All posts of all sources, each once, and what was passed over."""

    references: tuple[Reference, ...]
    older_copies: int = 0
    deleted: int = 0
    sources: tuple[dict[str, object], ...] = field(default_factory=tuple)

    @property
    def read(self) -> int:
        """Posts that were found, copies among them."""
        return len(self.references) + self.older_copies + self.deleted


def list_sources(paths: Sequence[Path], *, keep_deleted: bool, allow_partial: bool) -> Listing:
    """List the posts of backups and files of lines.

    Of two copies of a post the one from the newer backup counts, whatever the order of ``paths``. Raises
    UsageError for what is no source, and for a backup that is not whole unless that is allowed.
    """
    found: list[Reference] = []
    described: list[dict[str, object]] = []
    newest: dict[str, Backup] = {}
    for path in sorted({path.resolve() for path in paths}):
        if not path.exists():
            raise UsageError(f"{path} is not there; name a backup's folder, or a file of JSON lines")
        for source in _open(path):
            own = _backup_references(source) if isinstance(source, Backup) else list(line_references(source))
            described.append(_describe(source, own, allow_partial=allow_partial))
            if isinstance(source, Backup):
                known = newest.get(source.blog.lower())
                if known is None or _rank(source) > _rank(known):
                    newest[source.blog.lower()] = source
            found += own
    if not found:
        raise NotEnoughDataError("the sources hold no posts")
    chosen = _newest_copies(found)
    kept = chosen if keep_deleted else _without_deleted(chosen, newest)
    return Listing(
        tuple(sorted(kept, key=_order)), len(found) - len(chosen), len(chosen) - len(kept), tuple(described)
    )


def _open(path: Path) -> Iterable[Backup | Path]:
    if path.is_file():
        return [path]
    backups = backups_in(path)
    lines = sorted(inner for inner in path.iterdir() if inner.suffix in LINES)
    if not backups and not lines:
        raise UsageError(
            f"{path} is no backup: it has neither json/ nor posts/ with posts, and no files of JSON lines"
        )
    return [*backups, *lines]


def _backup_references(backup: Backup) -> list[Reference]:
    return [
        Reference(
            origin="json" if post.json else "html",
            path=str(post.json or post.page),
            blog=backup.blog,
            post_id=post.post_id,
            fallback=str(post.page) if post.json and post.page else "",
            age=backup.age,
        )
        for post in backup.posts()
    ]


def line_references(path: Path) -> Iterator[Reference]:
    """The lines of a file; which post each holds is known only for those that name it plainly."""
    age = path.stat().st_mtime
    with path.open("rb") as file:
        offset = 0
        for line in file:
            if line.strip():
                blog, post_id = _named(line)
                yield Reference("lines", str(path), blog, post_id, offset, age=age)
            offset += len(line)


def _named(line: bytes) -> tuple[str, str]:
    try:
        value = json.loads(line)
    except ValueError:
        return "", ""
    if not isinstance(value, dict):
        return "", ""
    post_id = str(value.get("id") or value.get("post_id") or "")
    blog = value.get("blog_name") or value.get("blog") or ""
    # A blog's name is kept once, not for each of a million posts.
    return (intern(blog) if isinstance(blog, str) else ""), (post_id if is_id(post_id) else "")


def _describe(
    source: Backup | Path, references: Sequence[Reference], *, allow_partial: bool
) -> dict[str, object]:
    if isinstance(source, Path):
        return {"path": str(source), "kind": "lines", "posts": len(references)}
    ids = [int(reference.post_id) for reference in references]
    about: dict[str, object] = {
        "path": str(source.folder),
        "kind": "backup",
        "blog": source.blog,
        "state": source.state,
        "posts": len(ids),
        "first_id": str(min(ids, default=0)),
        "last_id": str(max(ids, default=0)),
        "origins": dict(Counter(reference.origin for reference in references)),
    }
    if source.state in ("incomplete", "partial") and not allow_partial:
        raise UsageError(
            f"the backup {source.folder} is {source.state}: {len(ids)} posts, ids {about['first_id']} to "
            f"{about['last_id']}; finish it (without --incremental and limits), or give --allow-partial"
        )
    return about


def _rank(backup: Backup) -> tuple[float, str]:
    return backup.age, str(backup.folder)


def _newest_copies(found: Iterable[Reference]) -> list[Reference]:
    newest: dict[str, Reference] = {}
    for reference in found:
        known = newest.get(reference.key)
        if known is None or (reference.age, reference.path) > (known.age, known.path):
            newest[reference.key] = reference
    return list(newest.values())


def _without_deleted(chosen: Sequence[Reference], newest: dict[str, Backup]) -> list[Reference]:
    """Leave out posts that an older backup has and the newest, complete one of the blog has not."""

    def is_deleted(reference: Reference) -> bool:
        last = newest.get(reference.blog.lower())
        return (
            reference.origin in ("json", "html")
            and last is not None
            and last.state == "complete"
            and reference.age < last.age
        )

    return [reference for reference in chosen if not is_deleted(reference)]


def _order(reference: Reference) -> tuple[str, int, str, int]:
    return reference.blog, int(reference.post_id or 0), reference.path, reference.offset
