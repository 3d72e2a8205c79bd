"""Notes: one list for all posts of a reblog tree."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Text,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from tumblr_sandbox.store import schema

N = schema.notes.c
MICROSECONDS = 1_000_000


class Note(NamedTuple):
    """A like, a reblog, a reply, or ``posted`` for the root itself.

    ``moment`` is in microseconds since 1970, and no two notes of a tree have the same.
    """

    tree_id: int
    kind: str
    blog_id: int
    moment: int
    post_id: int | None = None
    parent_blog: str | None = None
    text: str = ""
    number: int = 0
    tags: tuple[str, ...] = ()

    @property
    def timestamp(self) -> int:
        """Unix seconds."""
        return self.moment // MICROSECONDS


# Notes are read by the thousand: in the order of ``Note``'s fields, and their tags, of which most have
# none, without a JSON reader for each.
_COLUMNS = [type_coerce(N.tags, Text) if name == "tags" else N[name] for name in Note._fields]


def _note(row: Row[Any]) -> Note:
    tags = row[-1]
    return Note._make((*row[:-1], () if tags == "[]" else tuple(json.loads(tags))))


def add(connection: Connection, note: Note) -> None:
    """Put a note on a tree, after all that are there: ties in time are ordered by insertion."""
    latest = connection.execute(select(func.max(N.moment)).where(N.tree_id == note.tree_id)).scalar_one()
    values = {name: value for name, value in note._asdict().items() if name != "number"}
    moment = note.moment if latest is None else max(note.moment, latest + 1)
    connection.execute(insert(schema.notes).values({**values, "tags": list(note.tags), "moment": moment}))


def remove_like(connection: Connection, post_id: int, blog_id: int) -> None:
    """Take a blog's like of a post off its tree."""
    connection.execute(
        delete(schema.notes).where(N.post_id == post_id, N.kind == "like", N.blog_id == blog_id)
    )


def remove_of_post(connection: Connection, post_id: int, kinds: tuple[str, ...]) -> None:
    """Take the notes that stand for a post itself off its tree."""
    connection.execute(delete(schema.notes).where(N.kind.in_(kinds), N.post_id == post_id))


def change_reblog(connection: Connection, post_id: int, text: str, tags: tuple[str, ...]) -> None:
    """Let the note of an edited reblog say what the reblog says now."""
    connection.execute(
        update(schema.notes)
        .where(N.kind == "reblog", N.post_id == post_id)
        .values(text=text, tags=list(tags))
    )


def counts(connection: Connection, tree_ids: Collection[int]) -> dict[int, int]:
    """How many notes trees have, not counting the post itself."""
    query = (
        select(N.tree_id, func.count()).where(N.tree_id.in_(tree_ids), N.kind != "posted").group_by(N.tree_id)
    )
    return {tree: int(number) for tree, number in connection.execute(query)}


def counts_by_kind(connection: Connection, tree_id: int) -> dict[str, int]:
    """How many notes of each kind a tree has."""
    query = select(N.kind, func.count()).where(N.tree_id == tree_id).group_by(N.kind)
    return {kind: int(number) for kind, number in connection.execute(query)}


@dataclass(frozen=True)
class NoteFilter:
    """Which notes: ``kinds``, reblogs only with or without text, older than ``before`` (microseconds)."""

    kinds: tuple[str, ...] = ("like", "reblog", "reply", "posted")
    reblogs_with_text: bool | None = None
    before: int | None = None


def of_tree(connection: Connection, tree_id: int, which: NoteFilter, *, limit: int) -> list[Note]:
    """Notes of a tree, newest first; ``posted`` is always the oldest."""
    wanted = [N.tree_id == tree_id, N.kind.in_(which.kinds)]
    if which.reblogs_with_text is not None:
        has_text = N.text != "" if which.reblogs_with_text else N.text == ""
        wanted.append(or_(N.kind != "reblog", has_text))
    if which.before is not None:
        wanted.append(N.moment < which.before)
    query = select(*_COLUMNS).where(*wanted).order_by(N.moment.desc()).limit(limit)
    return [_note(row) for row in connection.execute(query).all()]


def newest_of_trees(connection: Connection, trees: Collection[int], *, limit: int) -> dict[int, list[Note]]:
    """The newest notes of each of several trees, newest first."""
    wanted = func.json_each(json.dumps(list(trees))).table_valued(column("value", Integer))
    older = schema.notes.alias()
    moments = select(older.c.moment).where(older.c.tree_id == wanted.c.value).order_by(older.c.moment.desc())
    # The moment of the last that fits, by the index: of a tree with thousands no more are read.
    last = moments.limit(1).offset(limit - 1).scalar_subquery()
    query = (
        select(*_COLUMNS)
        .select_from(wanted.join(schema.notes, N.tree_id == wanted.c.value))
        .where(N.moment >= func.coalesce(last, 0))
        .order_by(N.moment.desc())
    )
    found: dict[int, list[Note]] = {tree_id: [] for tree_id in trees}
    for note in map(_note, connection.execute(query).all()):
        found[note.tree_id].append(note)
    return found
