"""Notes: one list for all posts of a reblog tree."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from sandbox.store import schema

N = schema.notes.c
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Note:
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
    tags: tuple[str, ...] = ()
    number: int = 0

    @property
    def timestamp(self) -> int:
        """Unix seconds."""
        return self.moment // MICROSECONDS


def _note(row: Row[tuple[object, ...]]) -> Note:
    values = dict(row._mapping)
    return Note(**{**values, "tags": tuple(values["tags"])})


def add(connection: Connection, note: Note) -> None:
    """Put a note on a tree, after all that are there: ties in time are ordered by insertion."""
    latest = connection.execute(select(func.max(N.moment)).where(N.tree_id == note.tree_id)).scalar_one()
    values = {name: value for name, value in vars(note).items() if name != "number"}
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
    query = select(schema.notes).where(*wanted).order_by(N.moment.desc()).limit(limit)
    return [_note(row) for row in connection.execute(query)]


def newest_of_trees(connection: Connection, trees: Collection[int], *, limit: int) -> dict[int, list[Note]]:
    """The newest notes of each of several trees, newest first."""
    place = func.row_number().over(partition_by=N.tree_id, order_by=N.moment.desc()).label("place")
    placed = select(schema.notes, place).where(N.tree_id.in_(trees)).subquery()
    columns = [placed.c[column.name] for column in schema.notes.columns]
    query = select(*columns).where(placed.c.place <= limit).order_by(placed.c.tree_id, placed.c.place)
    found: dict[int, list[Note]] = {tree_id: [] for tree_id in trees}
    for row in connection.execute(query):
        found[row.tree_id].append(_note(row))
    return found
