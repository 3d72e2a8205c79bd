"""Collecting own posts and their notes from tumblr: what is new, page by page, within the rate limits.

All posts of a reblog tree share one list of notes. In time order, a post's own are those after the note that
is the post itself (a reblog with its id, or the root's "posted"; the last such), up to the bot's next reblog
in the tree. So a chain's notes are shared out among the bot's turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from munging.classic import to_classic
from munging.thread import Identity, PostKind, Thread
from training.noted import NotedPost
from training.progress import Progress
from tumblr.api.client import TumblrReader
from tumblr.api.errors import TumblrError
from tumblr.api.models import TumblrPost
from tumblr.api.notes import Note

PAGE = 50
MOST_NOTE_PAGES = 40
"""Pages of notes read of one tree: the oldest notes of a post that thousands liked change nothing."""


@dataclass
class Collected:
    """What a run found. ``problems`` say what could not be read; the counts of those posts stay as they
    were."""

    posts: dict[str, NotedPost]
    seen: int = 0
    changed: int = 0
    problems: list[str] = field(default_factory=list)


def collect(
    reader: TumblrReader,
    known: Mapping[str, NotedPost],
    identity: Identity,
    *,
    since: float,
    most: int,
    progress: Progress,
) -> Collected:
    """Look at the newest posts, back to a moment (unix seconds), and read the notes of those that changed."""
    found = Collected(dict(known))
    for post in _posts(reader, found, since, most):
        found.seen += 1
        progress.advance(1)
        if _is_screened_out(post):
            continue
        old = known.get(post.id)
        if old is not None and old.total == post.note_count:
            continue
        try:
            noted = _noted(reader, post, identity)
        except TumblrError as error:
            found.problems.append(f"notes of {post.id}: {error}")
            continue
        if noted is not None and noted != old:
            found.posts[post.id] = noted
            found.changed += 1
    return found


def _posts(reader: TumblrReader, found: Collected, since: float, most: int) -> Iterator[TumblrPost]:
    """The newest posts; a page that cannot be read is told and passed over."""
    for offset in range(0, most, PAGE):
        try:
            page = reader.published_page(offset, PAGE)
        except TumblrError as error:
            found.problems.append(f"posts {offset} to {offset + PAGE}: {error}")
            if len(found.problems) > MOST_PROBLEMS:
                return
            continue
        found.problems += [f"posts {offset} to {offset + PAGE}: {problem}" for problem in page.problems]
        yield from (post for post in page.posts if post.timestamp >= since)
        if not (page.posts or page.problems) or (page.posts and page.posts[-1].timestamp < since):
            return


MOST_PROBLEMS = 5
"""Pages in a row that may fail: after that tumblr is not to be had."""


def _is_screened_out(post: TumblrPost) -> bool:
    """Posts that say nothing about the text: quotes, the mood's graph, bare reblogs."""
    tags = {tag.lower() for tag in post.tags}
    if "quotes" in tags or not post.has_comment:
        return True
    return "mood" in tags and post.images > 0


def _noted(reader: TumblrReader, post: TumblrPost, identity: Identity) -> NotedPost | None:
    thread = post.thread
    if not thread.posts or not thread.posts[-1].by_bot:
        return None
    share = (
        own_share(_all_notes(reader, post, identity.blog), post.id, identity.blog) if post.note_count else 0
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


def _all_notes(reader: TumblrReader, post: TumblrPost, blog: str) -> list[Note]:
    """Notes of all types, newest first, until the post's own is among them."""
    notes: list[Note] = []
    before: str | None = None
    for _ in range(MOST_NOTE_PAGES):
        page = reader.all_notes(post.id, before)
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
    """The notes that are a post's own; None when its own note is not among them, or not in any order."""
    ordered = sorted(notes, key=lambda note: note.timestamp)
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
