"""Notes of a post: what people did with it. All posts of one reblog tree share one list, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from munging.json_access import mappings, text
from tumblr.api.errors import MalformedAnswer
from tumblr.api.payload_numbers import digits, unix_seconds

CONVERSATION = frozenset({"reblog", "reply", "posted"})
"""Types of note that say something about who spoke when."""


@dataclass(frozen=True)
class Note:
    type: str
    """like, reblog, reply, posted, …"""

    blog: str
    timestamp: int
    """Unix seconds."""

    post_id: str = ""
    """Of a reblog: its id. Other notes name no post."""

    parent: str = ""
    """Of a reblog: the blog from which it was taken."""

    said: str = ""
    """Plain text of a reply, or of what a reblog added; empty when nothing was said."""


@dataclass(frozen=True)
class NotePage:
    """A page of notes, and where the next page begins (None on the last).

    ``rest`` are notes that came with it, of whatever age.
    """

    notes: tuple[Note, ...]
    next_before: str | None = None
    rest: tuple[Note, ...] = ()


@dataclass(frozen=True)
class NoteList:
    """What is known of a tree's notes. ``newest`` is the moment up to which nothing is missing."""

    notes: tuple[Note, ...] = ()
    newest: float = 0.0

    def as_json(self) -> list[dict[str, Any]]:
        """The notes as JSON values; ``note_list`` reads them back."""
        return [asdict(note) for note in self.notes]


def note_list(values: Iterable[Mapping[str, Any]], newest: float) -> NoteList:
    """The list that ``NoteList.as_json`` wrote."""
    return NoteList(tuple(Note(**value) for value in values), newest)


def read_note(payload: Mapping[str, object]) -> Note:
    """A note as tumblr sends it; what is missing or of the wrong type is empty."""
    kind = text(payload.get("type"))
    return Note(
        type=kind,
        blog=text(payload.get("blog_name")),
        timestamp=unix_seconds(payload.get("timestamp")) or 0,
        post_id=(digits(payload.get("post_id")) or "") if kind == "reblog" else "",
        parent=text(payload.get("reblog_parent_blog_name")),
        said=text(payload.get("reply_text" if kind == "reply" else "added_text")).strip(),
    )


def read_notes(values: object) -> tuple[Note, ...]:
    """The notes of a list, newest first."""
    return tuple(sorted(map(read_note, mappings(values)), key=_age))


def read_note_page(response: object) -> NotePage:
    """An answer of the notes endpoint; in conversation mode the rest stands in a list of its own.

    Raises MalformedAnswer when it holds no notes.
    """
    if not isinstance(response, Mapping) or not isinstance(response.get("notes"), list):
        raise MalformedAnswer("tumblr sent a page of notes without notes")
    links = response.get("_links")
    following = links.get("next") if isinstance(links, Mapping) else None
    query = following.get("query_params") if isinstance(following, Mapping) else None
    before = query.get("before_timestamp") if isinstance(query, Mapping) else None
    rest = read_notes(response.get("rollup_notes"))
    return NotePage(read_notes(response["notes"]), str(before) if before else None, rest)


def merged(*lists: Sequence[Note]) -> tuple[Note, ...]:
    """The conversation in some lists, each note once, newest first."""
    kept = dict.fromkeys(note for notes in lists for note in notes if note.type in CONVERSATION)
    return tuple(sorted(kept, key=_age))


def is_complete(notes: Sequence[Note], note_count: int) -> bool:
    """Whether a list is the whole of it: it reaches the root, or holds as many notes as are counted."""
    return note_count == 0 or any(note.type == "posted" for note in notes) or len(notes) >= note_count + 1


def reaches(notes: Sequence[Note], newest: float) -> bool:
    """Whether a list reaches back into what is known: no note between can be missing."""
    return bool(notes) and min(note.timestamp for note in notes) < newest


def _age(note: Note) -> int:
    return -note.timestamp
