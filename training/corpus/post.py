"""A post as it was scraped, whatever from: one form for what the corpus is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from munging.thread import Thread

Origin = Literal["json", "html", "archive", "lines"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a post is to be read from; small, so that a million of them fit into memory.

    ``origin`` says how. ``path`` is a file; ``offset`` is the byte at which its line begins, in a file of
    lines. ``fallback`` is the page beside a JSON file. ``age`` orders copies of one post.
    """

    origin: Origin
    path: str
    blog: str = ""
    post_id: str = ""
    offset: int = 0
    fallback: str = ""
    age: float = 0.0

    @property
    def key(self) -> str:
        """What identifies the post among all sources."""
        return f"{self.blog.lower()}:{self.post_id}" if self.post_id else f"{self.path}@{self.offset}"


@dataclass(frozen=True)
class RawPost:
    """A post that was read: a payload as the API gives it, a thread, or text that is model text already.

    ``drop`` is a reason for which it is left out before anything is looked at.
    """

    reference: Reference
    origin: Origin
    payload: Mapping[str, object] = field(default_factory=dict)
    thread: Thread | None = None
    text: str | None = None
    prompt: str = ""
    written: str = ""
    drop: str | None = None
    warning: str = ""

    @property
    def visibility(self) -> str:
        """published, private, draft, queued or submission."""
        return str(self.payload.get("state") or "published")
