"""Own posts with the notes they got, in a file of JSON lines, and where the blog's posts stood by then.

The selector learns from the first, the autoreviewer from the second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.errors import UsageError
from training.files import write_atomically, write_json

FILE = "posts.jsonl"
STANDING = "standing.json"


class NotedPost(BaseModel):
    """An own post: the thread that it ends (classic form), its notes, and what it is.

    ``notes`` are those that are its own share of a chain's. ``total`` is tumblr's count of the whole tree, by
    which is told whether anything is new.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(pattern=r"^\d+$")
    time: float
    kind: Literal["ask", "original", "reblog", "reply"]
    thread: str
    tags: tuple[str, ...] = ()
    root: str = ""
    notes: int = Field(ge=0)
    total: int = Field(0, ge=0)
    genesis: str = ""


class Standing(BaseModel):
    """Where the blog's posts stood when they were last read.

    ``published`` has every id of every post that was ever seen published, ``waiting`` those of the drafts and
    queued posts at ``read_at`` (unix seconds), the end of the last run in which nothing was missed. Posts
    older than ``since`` were never looked at. ``whole``: one run has gone back as far as it should; until
    then every run does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    whole: bool = False
    since: float | None = None
    read_at: float | None = None
    published: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()


def read_standing(folder: Path) -> Standing:
    """Where the posts stood; nothing is known where no run has ended yet. Raises UsageError."""
    path = folder / STANDING
    if not path.is_file():
        return Standing()
    try:
        return Standing.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UsageError(f"{path} cannot be read: {error.errors()[0]['msg']}; remove it") from None


def write_standing(folder: Path, standing: Standing) -> None:
    """Write it in one step."""
    ids = {name: sorted(getattr(standing, name)) for name in ("published", "waiting")}
    write_json(folder / STANDING, standing.model_dump() | ids)


def read_noted(folder: Path) -> dict[str, NotedPost]:
    """The posts by id; empty where none were collected yet. Raises UsageError for a broken line."""
    path = folder / FILE
    found: dict[str, NotedPost] = {}
    if not path.is_file():
        return found
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            post = NotedPost.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            raise UsageError(f"{path}, line {number}: {first['loc']}: {first['msg']}") from None
        found[post.id] = post
    return found


def write_noted(folder: Path, posts: Iterable[NotedPost]) -> None:
    """Write all posts in one step, oldest first."""
    ordered = sorted(posts, key=lambda post: (post.time, int(post.id)))
    lines = (json.dumps(post.model_dump(mode="json"), ensure_ascii=False) + "\n" for post in ordered)
    write_atomically(folder / FILE, "".join(lines).encode())


def require_noted(folder: Path) -> Sequence[NotedPost]:
    """The posts, oldest first; raises UsageError where there are none."""
    posts = list(read_noted(folder).values())
    if not posts:
        raise UsageError(f"{folder} has no posts with notes; run: python -m training notes --out {folder}")
    return posts
