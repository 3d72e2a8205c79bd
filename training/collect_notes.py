"""Collecting own posts and their notes from tumblr: what is new, page by page, within the rate limits.

All posts of a reblog tree share one list of notes. In time order, a post's own are those after the note that
is the post itself (a reblog with its id, or the root's "posted"; the last such), up to the bot's next reblog
in the tree. So a chain's notes are shared out among the bot's turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from munging.classic import to_classic
from munging.thread import Identity, PostKind, Thread
from training.noted import NotedPost
from training.progress import Progress
from tumblr.api.errors import LimitReached, TumblrError, Unauthorized
from tumblr.api.models import PostPage, TumblrPost
from tumblr.api.notes import Note
from tumblr.bot import Tumblr

PAGE = 50
MOST_NOTE_PAGES = 40
"""Pages of notes read of one tree: the oldest notes of a post that thousands liked change nothing."""

MOST_PROBLEMS = 5
"""Pages in a row that may fail: after that tumblr is not to be had."""

LONGEST_PAUSE = 30.0
"""Seconds between two calls that are waited for when few are left; beyond it the rest is for another run."""

LONGEST_REFUSAL = 120.0
"""Seconds that a refused call is waited for: enough for the throttle by address, not for an hour's limit."""

REFUSALS = 3
"""Times that one call is refused and waited for."""

SAVE_EVERY = 200
"""Changed posts after which what was found so far is kept."""

T = TypeVar("T")


@dataclass
class Collected:
    """What a run found.

    ``problems`` say what could not be read; the counts of those posts stay as they were. ``published`` has
    every id of the published posts that were seen, also of those that say nothing about the text, and
    ``oldest`` is the time of the oldest of them.
    """

    posts: dict[str, NotedPost]
    published: set[str] = field(default_factory=set)
    oldest: float = float("inf")
    seen: int = 0
    changed: int = 0
    problems: list[str] = field(default_factory=list)


class Pacer:
    """Makes calls no faster than tumblr's limits allow, and leaves some of them to the bot."""

    def __init__(self, tumblr: Tumblr, sleep: Callable[[float], None] = time.sleep) -> None:
        self.reader = tumblr.reader
        self._pool = tumblr.pool
        self._sleep = sleep

    def call(self, ask: Callable[[], T]) -> T:
        """Make a call, after a pause where few are left. Raises TumblrError, LimitReached for a long one."""
        pause = self._pool.pause(1)
        if pause > LONGEST_PAUSE:
            raise LimitReached("few calls are left, which the bot needs", pause)
        if pause:
            self._sleep(pause)
        for _ in range(REFUSALS):
            try:
                return ask()
            except LimitReached as error:
                if error.retry_after_seconds > LONGEST_REFUSAL:
                    raise
                self._sleep(error.retry_after_seconds)
        return ask()


def collect(
    pacer: Pacer,
    known: Mapping[str, NotedPost],
    identity: Identity,
    *,
    since: float,
    most: int,
    progress: Progress,
    keep: Callable[[Collected], None],
) -> Collected:
    """Look at the newest posts, back to a moment (unix seconds), and read the notes of those that changed.

    ``keep`` is called with what was found so far now and then: a run that is stopped has not been in vain.
    Raises Unauthorized.
    """
    found = Collected(dict(known))
    kept = 0
    try:
        for post in _posts(pacer, found, since, most):
            found.seen += 1
            found.published |= post.ids
            found.oldest = min(found.oldest, post.timestamp)
            progress.advance(1)
            _look_at(pacer, post, known.get(post.id), identity, found)
            if found.changed - kept >= SAVE_EVERY:
                keep(found)
                kept = found.changed
    except LimitReached as error:
        found.problems.append(f"after {found.seen} posts: {error}")
    return found


def _look_at(
    pacer: Pacer, post: TumblrPost, old: NotedPost | None, identity: Identity, found: Collected
) -> None:
    if _is_screened_out(post) or (old is not None and old.total == post.note_count):
        return
    try:
        noted = _noted(pacer, post, identity)
    except (LimitReached, Unauthorized):
        raise
    except TumblrError as error:
        found.problems.append(f"notes of {post.id}: {error}")
        return
    if noted is not None and noted != old:
        found.posts[post.id] = noted
        found.changed += 1


def _posts(pacer: Pacer, found: Collected, since: float, most: int) -> Iterator[TumblrPost]:
    """The newest posts; a page that cannot be read is told and passed over."""
    failed = 0
    for offset in range(0, most, PAGE):
        page = _page(pacer, offset, found)
        failed = failed + 1 if page is None else 0
        if failed > MOST_PROBLEMS:
            return
        if page is None:
            continue
        found.problems += [f"posts {offset} to {offset + PAGE}: {problem}" for problem in page.problems]
        yield from (post for post in page.posts if post.timestamp >= since)
        if not (page.posts or page.problems) or (page.posts and page.posts[-1].timestamp < since):
            return


def _page(pacer: Pacer, offset: int, found: Collected) -> PostPage | None:
    try:
        return pacer.call(lambda: pacer.reader.published_page(offset, PAGE))
    except (LimitReached, Unauthorized):
        raise
    except TumblrError as error:
        found.problems.append(f"posts {offset} to {offset + PAGE}: {error}")
        return None


def waiting_posts(pacer: Pacer) -> frozenset[str]:
    """The ids of all drafts and queued posts: nobody has decided about them yet. Raises TumblrError."""
    drafts = pacer.call(lambda: list(pacer.reader.drafts()))
    queued = pacer.call(lambda: list(pacer.reader.queue()))
    return frozenset().union(*(post.ids for post in (*drafts, *queued)))


def _is_screened_out(post: TumblrPost) -> bool:
    """Posts that say nothing about the text: quotes, the mood's graph, bare reblogs."""
    tags = {tag.lower() for tag in post.tags}
    if "quotes" in tags or not post.has_comment:
        return True
    return "mood" in tags and post.images > 0


def _noted(pacer: Pacer, post: TumblrPost, identity: Identity) -> NotedPost | None:
    thread = post.thread
    if not thread.posts or not thread.posts[-1].by_bot:
        return None
    share = (
        own_share(_all_notes(pacer, post, identity.blog), post.id, identity.blog) if post.note_count else 0
    )
    if share is None:
        if post.is_reblog:
            return None
        share = post.note_count  # a post of one's own that nobody reblogged back: the tree is its own
    return NotedPost(
        id=post.id,
        time=float(post.timestamp),
        kind=_kind(thread, post),
        thread=to_classic(thread, identity),
        tags=post.tags,
        root=_root(post) or post.id,
        notes=share,
        total=post.note_count,
        genesis=post.genesis_post_id or "",
    )


def _kind(thread: Thread, post: TumblrPost) -> Literal["ask", "original", "reblog"]:
    if thread.is_original:
        return "original"
    answers = thread.posts[0].kind is PostKind.ASKED and not post.is_reblog
    return "ask" if answers and len(thread.posts) == 2 else "reblog"


def _root(post: TumblrPost) -> str:
    """The id of the post that a thread begins with, as far as tumblr tells it."""
    return (post.trail[0].post_id or "") if post.trail else ""


def _all_notes(pacer: Pacer, post: TumblrPost, blog: str) -> list[Note]:
    """Notes of all types, newest first, until the post's own is among them."""
    notes: list[Note] = []
    before: str | None = None
    for _ in range(MOST_NOTE_PAGES):
        page = pacer.call(lambda place=before: pacer.reader.all_notes(post.id, place))  # type: ignore[misc]
        notes += page.notes
        if (
            page.next_before is None
            or page.next_before == before
            or own_share(notes, post.id, blog) is not None
        ):
            break
        before = page.next_before
    return notes


def own_share(notes: Sequence[Note], post_id: str, blog: str) -> int | None:
    """The notes that are a post's own, of notes newest first; None when its own note is not among them."""
    # Of one second, which is tumblr's finest, the later in the list came first.
    order = sorted(range(len(notes)), key=lambda place: (notes[place].timestamp, -place))
    ordered = [notes[place] for place in order]
    own = [place for place, note in enumerate(ordered) if _is_post(note, post_id, blog)]
    if not own:
        return None
    count = 0
    for note in ordered[own[-1] + 1 :]:
        if note.type == "reblog" and note.blog.lower() == blog.lower():
            break
        count += 1
    return count


def _is_post(note: Note, post_id: str, blog: str) -> bool:
    if note.type == "posted":
        return note.blog.lower() == blog.lower()
    return note.type == "reblog" and note.post_id == post_id
