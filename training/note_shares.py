"""Which notes of a tree belong to which of the bot's turns in it.

All posts of a reblog tree share one list of notes. In time order, a post's own are those after the note that
is the post itself (a reblog with its id, or the root's "posted"; the last such), up to the bot's next reblog
in the tree. So a chain's notes are shared out among the bot's turns.
"""

from __future__ import annotations

from collections.abc import Sequence

from tumblr.api.notes import Note


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
