"""Posts in every state."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from tumblr_sandbox.markup.content import Content, PostRef, TrailItem
from tumblr_sandbox.store import schema
from tumblr_sandbox.store.database import get_setting, put_setting

P, T = schema.posts.c, schema.post_tags.c
MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class StoredPost:
    """A post as it is kept: its own words, copies of its ancestors' words, and its place in the world.

    ``state`` is published, queued, draft, private or submission. ``details`` holds what belongs to the
    type (an ask's question and asker, a link's address ...), and is the root's in reblogs.
    ``timestamp`` is unix seconds: publication (or the date the author gave), else the last save.
    ``muted_until`` is when its owner hears of it again (unix seconds; 0 means never). ``author_id`` is the
    blog of the member who wrote it, in a community; of a blog's own posts there is none.
    """

    id: int
    blog_id: int
    state: str
    type: str
    content: Content
    timestamp: int
    tree_id: int
    reblog_key: str
    title: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    trail: tuple[TrailItem, ...] = ()
    parent: PostRef | None = None
    root: PostRef | None = None
    tags: tuple[str, ...] = ()
    slug: str = ""
    summary: str = ""
    genesis_id: int | None = None
    scheduled: int | None = None
    queued_state: str | None = None
    reblogs_allowed: bool = True
    muted_until: int | None = None
    author_id: int | None = None

    @property
    def is_reblog(self) -> bool:
        """Whether it stands on another post."""
        return self.parent is not None

    @property
    def is_ask(self) -> bool:
        """Whether it is a question, answered or not (a reblog of an answer is not)."""
        return self.type == "answer" and self.parent is None

    @property
    def in_community(self) -> bool:
        """Whether it was posted into a community: it is on no blog, in no feed and in no list of a tag."""
        return self.author_id is not None

    def renamed(self, post_id: int) -> StoredPost:
        """The same post under a new id, the old one remembered; an original is the root of its tree."""
        tree = post_id if self.tree_id == self.id else self.tree_id
        return replace(self, id=post_id, genesis_id=self.id, tree_id=tree)


def _row_values(post: StoredPost) -> dict[str, Any]:
    values = dict(vars(post))
    values["content"] = post.content.to_json()
    values["trail"] = [item.to_json() for item in post.trail]
    values["parent"] = None if post.parent is None else post.parent.to_json()
    values["root"] = None if post.root is None else post.root.to_json()
    values["tags"] = list(post.tags)
    return values


def _post(row: Row[Any]) -> StoredPost:
    values = dict(row._mapping)
    values["content"] = Content.from_json(values["content"])
    values["trail"] = tuple(TrailItem.from_json(item) for item in values["trail"])
    values["tags"] = tuple(values["tags"])
    for name in ("parent", "root"):
        values[name] = None if values[name] is None else PostRef(**values[name])
    return StoredPost(**values)


def last_id(connection: Connection) -> int:
    """The highest post id ever given."""
    return int(get_setting(connection, "last_post_id", 0))


def keep_last_id(connection: Connection, post_id: int) -> None:
    """Remember the highest post id given, so that none is given twice."""
    put_setting(connection, "last_post_id", post_id)


def add(connection: Connection, post: StoredPost) -> None:
    """Keep a new post."""
    connection.execute(insert(schema.posts).values(_row_values(post)))
    _add_tags(connection, post)


def save(connection: Connection, post: StoredPost, *, was: int | None = None) -> None:
    """Replace a post; ``was`` is its id so far, when that changes."""
    known_as = post.id if was is None else was
    connection.execute(update(schema.posts).where(P.id == known_as).values(_row_values(post)))
    connection.execute(delete(schema.post_tags).where(T.post_id == known_as))
    _add_tags(connection, post)


def _add_tags(connection: Connection, post: StoredPost) -> None:
    listed = post.state == "published" and not post.is_reblog and not post.in_community
    rows = [
        {
            "blog_id": post.blog_id,
            "tag": tag,
            "post_id": post.id,
            "listed": listed,
            "timestamp": post.timestamp,
        }
        for tag in {tag.casefold() for tag in post.tags}
    ]
    if rows:
        connection.execute(insert(schema.post_tags), rows)


def remove(connection: Connection, post_id: int) -> None:
    connection.execute(delete(schema.posts).where(P.id == post_id))
    connection.execute(delete(schema.post_tags).where(T.post_id == post_id))


def get(connection: Connection, post_id: int) -> StoredPost | None:
    if post_id > MAX_ID:
        return None
    row = connection.execute(select(schema.posts).where(P.id == post_id)).one_or_none()
    return None if row is None else _post(row)


def newest_where(
    connection: Connection, *conditions: ColumnElement[bool], limit: int, offset: int = 0
) -> list[StoredPost]:
    """Posts that meet conditions of the store's own, newest id first."""
    query = select(schema.posts).where(*conditions).order_by(P.id.desc()).limit(limit).offset(offset)
    return [_post(row) for row in connection.execute(query)]


def get_many(connection: Connection, post_ids: Collection[int]) -> list[StoredPost]:
    """The posts with these ids, as far as they exist, oldest id first."""
    rows = connection.execute(select(schema.posts).where(P.id.in_(post_ids)).order_by(P.id))
    return [_post(row) for row in rows]


def get_born_as(connection: Connection, genesis_id: int) -> StoredPost | None:
    """The published post that had this id before."""
    if genesis_id > MAX_ID:
        return None
    row = connection.execute(select(schema.posts).where(P.genesis_id == genesis_id)).one_or_none()
    return None if row is None else _post(row)


@dataclass(frozen=True)
class Position:
    """A place in a list that is ordered by time, newest first: what follows is older."""

    timestamp: int
    id: int


@dataclass(frozen=True)
class Selection:
    """Which posts of a blog: times are unix seconds, exclusive; all tags must match, in any case."""

    states: tuple[str, ...] = ("published",)
    type: str | None = None
    tags: tuple[str, ...] = ()
    before: int | None = None
    after: int | None = None
    before_id: int | None = None
    position: Position | None = None
    without: int | None = None

    def condition(self, blog_id: int) -> ColumnElement[bool]:
        """The selection as SQL."""
        wanted = [P.blog_id == blog_id, P.state.in_(self.states)]
        if self.type is not None:
            wanted.append(P.type == self.type)
        if self.before is not None:
            wanted.append(P.timestamp < self.before)
        if self.after is not None:
            wanted.append(P.timestamp > self.after)
        if self.before_id is not None:
            wanted.append(P.id < self.before_id)
        if self.without is not None:
            wanted.append(P.id != self.without)
        if self.position is not None:
            at = self.position
            wanted.append(or_(P.timestamp < at.timestamp, and_(P.timestamp == at.timestamp, P.id < at.id)))
        return and_(*wanted, *(has_tag(tag, blog_id) for tag in self.tags))


def has_tag(tag: str, blog_id: int | None = None) -> ColumnElement[bool]:
    """That a post (of one blog, or of any) carries a tag, in any case."""
    wanted = [T.tag == tag.casefold()] if blog_id is None else [T.blog_id == blog_id, T.tag == tag.casefold()]
    return P.id.in_(select(T.post_id).where(*wanted))


def tagged(
    connection: Connection, tag: str, *, before: int | None, limit: int, hidden: Collection[int] = ()
) -> list[StoredPost]:
    """Published originals with a tag of all blogs but the hidden, newest first by their date (unix
    seconds)."""
    wanted = [T.tag == tag.casefold(), T.listed]
    if hidden:
        wanted.append(T.blog_id.not_in(hidden))
    if before is not None:
        wanted.append(T.timestamp < before)
    order = (T.timestamp.desc(), T.post_id.desc())
    found = select(T.post_id).where(*wanted).order_by(*order).limit(limit)
    return several(connection, list(connection.execute(found).scalars()))


def several(connection: Connection, post_ids: Sequence[int]) -> list[StoredPost]:
    """The posts with these ids, in their order, without those that are gone."""
    rows = connection.execute(select(schema.posts).where(P.id.in_(post_ids)))
    found = {row.id: _post(row) for row in rows.all()}
    return [found[post_id] for post_id in post_ids if post_id in found]


def of_blog(
    connection: Connection,
    blog_id: int,
    selection: Selection,
    *,
    limit: int,
    offset: int = 0,
    oldest_first: bool = False,
) -> list[StoredPost]:
    """The selected posts of a blog, newest first by their date."""
    order = (P.timestamp, P.id) if oldest_first else (P.timestamp.desc(), P.id.desc())
    # Only ids are sorted: rows are wide.
    query = select(P.id).where(selection.condition(blog_id)).order_by(*order).limit(limit).offset(offset)
    return several(connection, list(connection.execute(query).scalars()))


def by_newest_id(
    connection: Connection,
    blog_id: int,
    state: str | None,
    *,
    limit: int,
    offset: int = 0,
    before_id: int | None = None,
) -> list[StoredPost]:
    """A blog's posts of one state or any, newest id first."""
    wanted = [P.blog_id == blog_id]
    if state is not None:
        wanted.append(P.state == state)
    if before_id is not None:
        wanted.append(P.id < before_id)
    query = select(schema.posts).where(*wanted).order_by(P.id.desc()).limit(limit).offset(offset)
    return [_post(row) for row in connection.execute(query)]


def queue_of(connection: Connection, blog_id: int, *, limit: int, offset: int = 0) -> list[StoredPost]:
    """A blog's queue, soonest first."""
    query = select(schema.posts).where(P.blog_id == blog_id, P.state == "queued").order_by(P.scheduled, P.id)
    return [_post(row) for row in connection.execute(query.limit(limit).offset(offset))]


def taken_slots(connection: Connection, blog_id: int) -> set[int]:
    """The times at which queued posts of a blog will be published, in unix seconds."""
    query = select(P.scheduled).where(P.blog_id == blog_id, P.state == "queued", P.scheduled.is_not(None))
    return {int(value) for value in connection.execute(query).scalars() if value is not None}


def due(connection: Connection, now: float) -> list[StoredPost]:
    """Queued posts of all blogs whose time has come, soonest first."""
    query = select(schema.posts).where(P.state == "queued", P.scheduled <= now).order_by(P.scheduled, P.id)
    return [_post(row) for row in connection.execute(query)]


def anything_due(connection: Connection, now: float) -> bool:
    """Whether ``due`` would find anything."""
    query = select(P.id).where(P.state == "queued", P.scheduled <= now).limit(1)
    return connection.execute(query).first() is not None


def count(connection: Connection, blog_id: int, selection: Selection) -> int:
    """How many posts of a blog are selected."""
    query = select(func.count()).select_from(schema.posts).where(selection.condition(blog_id))
    return int(connection.execute(query).scalar_one())


def counts_by_state(connection: Connection, blog_id: int) -> dict[str, int]:
    """How many posts a blog has in each state that occurs."""
    query = select(P.state, func.count()).where(P.blog_id == blog_id).group_by(P.state)
    return {state: int(number) for state, number in connection.execute(query)}


def newest_time(connection: Connection, blog_ids: Sequence[int]) -> dict[int, int]:
    """When each of the blogs last published, in unix seconds."""
    query = (
        select(P.blog_id, func.max(P.timestamp))
        .where(P.blog_id.in_(blog_ids), P.state == "published")
        .group_by(P.blog_id)
    )
    return {blog_id: int(latest) for blog_id, latest in connection.execute(query)}


@dataclass(frozen=True)
class Timeline:
    """Which part of a dashboard; ids are exclusive bounds. With ``since_id`` the oldest come.

    ``block`` is a type of block that must stand in what a post says.
    """

    since_id: int = 0
    before_id: int | None = None
    type: str | None = None
    block: str | None = None


def timeline(
    connection: Connection, blog_ids: Sequence[int], part: Timeline, *, limit: int, offset: int = 0
) -> list[StoredPost]:
    """Published posts of several blogs, newest id first.

    Of more than ``limit`` posts since an id the oldest are given, so that a reader who goes on from
    the highest id seen loses none.
    """
    wanted = [P.state == "published", P.blog_id.in_(blog_ids)]
    if part.since_id:
        wanted.append(P.id > part.since_id)
    if part.before_id is not None:
        wanted.append(P.id < part.before_id)
    if part.type is not None:
        wanted.append(P.type == part.type)
    if part.block is not None:
        blocks = func.json_each(P.content, "$.blocks").table_valued("value")
        kinds = func.json_extract(blocks.c.value, "$.type")
        wanted.append(select(1).select_from(blocks).where(kinds == part.block).exists())
    order = P.id if part.since_id else P.id.desc()
    # Only ids are sorted: rows are wide.
    query = select(P.id).where(*wanted).order_by(order).limit(limit).offset(offset)
    found = several(connection, list(connection.execute(query).scalars()))
    return found[::-1] if part.since_id else found


def published_after(connection: Connection, post_id: int, *, limit: int) -> list[StoredPost]:
    """The latest published posts of all blogs with a higher id than this, oldest first."""
    wanted = (P.state == "published", P.id > post_id, P.author_id.is_(None))
    query = select(schema.posts).where(*wanted).order_by(P.id.desc()).limit(limit)
    return [_post(row) for row in connection.execute(query)][::-1]
