"""Faults: ways in which the sandbox misbehaves on request, so that clients can be tested against them.

A fault is switched on through the control face, matches requests by method and path, and fires a
stated number of times or with a stated probability. Faults outlive a restart.
"""

from __future__ import annotations

import fnmatch
import random
import threading
from collections.abc import Callable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class FaultKind(StrEnum):
    """What goes wrong."""

    LEGACY_REFUSED = "legacy_refused"
    """Posts cannot be written as HTML: ``/post``, ``/post/edit`` and ``/post/reblog`` answer with nginx's
    page for 403, as tumblr's do to some since December 2025."""
    BLOCKS_REFUSED = "blocks_refused"
    """Posts cannot be written as blocks: ``/posts`` answers with the same page."""
    STATUS = "status"
    """An error status with an HTML body, as an overloaded front end answers."""
    UNAUTHORIZED = "unauthorized"
    """The answer that wrong keys get: 401 with code 1016."""
    LIMIT = "limit"
    """429 with the document of an exhausted key; the headers show no calls left."""
    THROTTLE = "throttle"
    """429 with the document of the throttle by address; the headers still show calls left."""
    HTML = "html"
    """Status 200 with an HTML page instead of JSON."""
    MALFORMED = "malformed"
    """Status as earned, but the JSON body breaks off half way."""
    TIMEOUT = "timeout"
    """The work is done, then no answer comes for some time, and then none at all."""
    CUT = "cut"
    """The connection is closed without an answer."""
    NO_LIMIT_HEADERS = "no_limit_headers"
    """The rate limit headers are missing."""
    NO_SCHEDULE = "no_schedule"
    """Queued posts come without ``scheduled_publish_time``."""
    FOLLOW_IGNORED = "follow_ignored"
    """A follow is answered as if it were done, and is not; limit headers are missing."""
    NO_ID_STRING = "no_id_string"
    """Answers to writing come without ``id_string``."""
    TEXT_ID = "text_id"
    """The ``id`` in answers to legacy writing is text."""
    NO_POSTS = "no_posts"
    """Lists of posts come without ``posts``."""
    TORN_CHAIN = "torn_chain"
    """In legacy bodies of longer chains one comment is missing between the blockquotes."""
    BROKEN_TRAIL = "broken_trail"
    """A contributor (``blog``, or the first) is shown as a blog that is gone, in both forms."""
    DOUBLE_ASK = "double_ask"
    """The rows of NPF asks list the question's blocks too."""
    HIDDEN_ASK = "hidden_ask"
    """Asks (from ``blog``, or all) are missing from the inbox, but can be had by id."""
    TARGET_GONE = "target_gone"
    """A reblog (of ``post_id``, or any) is refused as if the post had been deleted; 404 by ``status``."""
    TARGET_REFUSED = "target_refused"
    """A reblog (of ``post_id``, or any) is refused with 403."""
    REPEATED_PAGES = "repeated_pages"
    """The dashboard shows its first page whatever the offset."""
    SHORT_NOTES = "short_notes"
    """Lists of notes are shorter than ``note_count`` says: the oldest but one is missing."""
    WRAPPED_LINKS = "wrapped_links"
    """Links that lead out go through ``t.umblr.com``."""
    REWRITTEN = "rewritten"
    """Words of posts are shown with curly quotation marks, dashes and no-break spaces."""


WORK_IS_DONE_FIRST = frozenset(
    {FaultKind.MALFORMED, FaultKind.TIMEOUT, FaultKind.NO_LIMIT_HEADERS, FaultKind.NO_SCHEDULE}
    | {FaultKind.FOLLOW_IGNORED, FaultKind.REPEATED_PAGES}
    | {FaultKind.NO_ID_STRING, FaultKind.TEXT_ID, FaultKind.NO_POSTS, FaultKind.TORN_CHAIN}
    | {FaultKind.BROKEN_TRAIL, FaultKind.DOUBLE_ASK, FaultKind.HIDDEN_ASK, FaultKind.SHORT_NOTES}
    | {FaultKind.WRAPPED_LINKS, FaultKind.REWRITTEN}
)
ABOUT_REBLOGS = frozenset({FaultKind.TARGET_GONE, FaultKind.TARGET_REFUSED})
_LEGACY_WRITES = ("*/post", "*/post/edit", "*/post/reblog")
_WRITES = (*_LEGACY_WRITES, "*/posts")
AT_HOME: dict[FaultKind, tuple[str, tuple[str, ...]]] = {
    FaultKind.LEGACY_REFUSED: ("POST", _LEGACY_WRITES),
    FaultKind.BLOCKS_REFUSED: ("POST PUT", ("*/posts", "*/posts/*[0-9]")),
    FaultKind.FOLLOW_IGNORED: ("POST", ("*/user/follow",)),
    FaultKind.NO_ID_STRING: ("POST", _WRITES),
    FaultKind.TEXT_ID: ("POST", _WRITES),
    FaultKind.NO_POSTS: ("GET", ("*/posts", "*/posts/*", "*/user/dashboard")),
    FaultKind.TORN_CHAIN: ("GET", ("*",)),
    FaultKind.BROKEN_TRAIL: ("GET", ("*",)),
    FaultKind.DOUBLE_ASK: ("GET", ("*",)),
    FaultKind.NO_SCHEDULE: ("GET", ("*/posts", "*/posts/*")),
    FaultKind.HIDDEN_ASK: ("GET", ("*/posts/submission",)),
    FaultKind.TARGET_GONE: ("POST", ("*/post/reblog", "*/posts")),
    FaultKind.TARGET_REFUSED: ("POST", ("*/post/reblog", "*/posts")),
    FaultKind.REPEATED_PAGES: ("GET", ("*/user/dashboard",)),
    FaultKind.SHORT_NOTES: ("GET", ("*",)),
    FaultKind.WRAPPED_LINKS: ("GET", ("*",)),
    FaultKind.REWRITTEN: ("GET", ("*",)),
}
"""Where faults of a kind can happen at all; others happen anywhere."""


class Fault(BaseModel):
    """One switched-on fault.

    The first matching fault that fires is the only one that acts on a request. ``after_work`` says
    whether the request takes effect before it goes wrong; without it the kind decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    path: str = Field(
        "*", description="shell pattern over the whole path, as in '*/post/edit'", max_length=200
    )
    method: str | None = Field(None, description="GET, or several: POST PUT; none means any", max_length=30)
    count: int | None = Field(None, description="fires at most this often; none means without end", ge=1)
    probability: float = Field(1.0, description="chance to fire on a matching request", ge=0, le=1)
    status: int = Field(503, description="HTTP status of kind 'status'", ge=400, le=599)
    seconds: float = Field(30.0, description="how long kind 'timeout' stays silent", ge=0, le=3600)
    headers: bool = Field(True, description="do the kinds 'limit' and 'throttle' carry limit headers?")
    after_work: bool | None = Field(None, description="does the request take effect all the same?")
    post_id: str | None = Field(None, description="only this post is affected", max_length=30)
    blog: str | None = Field(None, description="only this contributor or asker is affected", max_length=50)

    @property
    def works_first(self) -> bool:
        """Whether the request is carried out before it goes wrong."""
        return self.kind in WORK_IS_DONE_FIRST if self.after_work is None else self.after_work

    def matches(self, method: str, path: str, target: str | None = None) -> bool:
        """Whether this fault is meant for such a request; ``target`` is the post that it would reblog."""
        path = path.rstrip("/")
        if self.kind in ABOUT_REBLOGS and (target is None or self.post_id not in (None, target)):
            return False
        at_methods, at_paths = AT_HOME.get(self.kind, (method, ("*",)))
        is_at_home = any(fnmatch.fnmatchcase(path, place) for place in at_paths)
        if method.upper() not in at_methods.upper().split() or not is_at_home:
            return False
        if self.method is not None and method.upper() not in self.method.upper().split():
            return False
        return fnmatch.fnmatchcase(path, self.path)


class KeptFaults(BaseModel):
    """The faults that are on, as they are kept: with how often each may still fire."""

    next: int = 1
    active: dict[int, tuple[Fault, int | None]] = {}


def _forget(_kept: KeptFaults) -> None:
    """Keep nothing."""


class Faults:
    """The faults that are switched on. Safe to share by threads. ``keep`` is told of every change."""

    def __init__(
        self,
        rng: random.Random,
        kept: KeptFaults | None = None,
        keep: Callable[[KeptFaults], None] = _forget,
    ) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self._keep = keep
        self._next = 1 if kept is None else kept.next
        self._active = {} if kept is None else dict(kept.active)

    def add(self, fault: Fault) -> int:
        """Switch a fault on; the answer is its number."""
        with self._lock:
            number, self._next = self._next, self._next + 1
            self._active[number] = (fault, fault.count)
            self._changed()
            return number

    def remove(self, number: int) -> bool:
        """Switch one fault off; false when it was not on."""
        with self._lock:
            found = self._active.pop(number, None) is not None
            self._changed()
            return found

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._active.clear()
            self._changed()

    def active(self) -> dict[int, Fault]:
        """The faults that are on, by number; ``count`` is how often each may still fire."""
        with self._lock:
            return {n: fault.model_copy(update={"count": left}) for n, (fault, left) in self._active.items()}

    def draw(self, method: str, path: str, target: str | None = None) -> Fault | None:
        """Choose the fault to inject into this request, if any, and count it as used once."""
        with self._lock:
            for number, (fault, left) in self._active.items():
                if fault.matches(method, path, target) and self._rng.random() < fault.probability:
                    self._use_up(number, fault, left)
                    return fault
        return None

    def _use_up(self, number: int, fault: Fault, left: int | None) -> None:
        if left is None:
            return
        if left <= 1:
            del self._active[number]
        else:
            self._active[number] = (fault, left - 1)
        self._changed()

    def _changed(self) -> None:
        self._keep(KeptFaults(next=self._next, active=self._active))
