"""Communities and their members.

What is posted into a community stands on a row of the blogs', whose name is ``@@handle``: posts, notes and
pictures are then those of any blog. No look-up of blogs finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from tumblr_sandbox.markup.text import COMMUNITY
from tumblr_sandbox.store import accounts, schema
from tumblr_sandbox.store.accounts import Blog

C, M, B = schema.communities.c, schema.community_members.c, schema.community_barred.c
P, F = schema.posts.c, schema.follows.c

Role = Literal["member", "moderator", "admin"]
Barred = Literal["banned", "do_not_invite"]


class CommunitySettings(BaseModel):
    """What an admin may set, but for title and description, which are those of its row among the blogs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visibility: Literal["public", "private"] = "public"
    join_type: Literal["free", "invite"] = "free"
    about: str = Field("", max_length=5000)
    guidelines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    invite_links_enabled: bool = True
    population_cap: int | None = Field(None, ge=1, le=2**31)


@dataclass(frozen=True)
class Community:
    """``handle_changed`` is when its handle last changed, in unix seconds; none if it never did."""

    blog: Blog
    settings: CommunitySettings
    invite_hash: str
    handle_changed: int | None = None

    @property
    def id(self) -> int:
        return self.blog.id

    @property
    def handle(self) -> str:
        """Its name without the ``@@``."""
        return self.blog.name.removeprefix(COMMUNITY)

    @property
    def is_public(self) -> bool:
        """Whether everybody may look."""
        return self.settings.visibility == "public"


@dataclass(frozen=True)
class Member:
    """``last_read`` is the highest id of a post that was there when they last read; times are
    unix seconds."""

    user_id: int
    role: Role
    joined: int
    last_read: int = 0
    seen: int = 0
    muted: bool = False


def add(connection: Connection, community: Community) -> None:
    """Keep a new community, whose blog is there."""
    connection.execute(
        insert(schema.communities).values(
            blog_id=community.id,
            settings=community.settings.model_dump(mode="json"),
            invite_hash=community.invite_hash,
        )
    )


def save(connection: Connection, community: Community) -> None:
    """Keep what was changed about a community, its name and title among it."""
    connection.execute(
        update(schema.communities)
        .where(C.blog_id == community.id)
        .values(
            settings=community.settings.model_dump(mode="json"),
            invite_hash=community.invite_hash,
            handle_changed=community.handle_changed,
        )
    )
    accounts.save_settings(connection, community.blog, community.blog.settings)
    accounts.rename(connection, community.blog, community.blog.name)


def find(connection: Connection, handle_or_uuid: str) -> Community | None:
    """The community with this uuid or handle, with or without the ``@@``."""
    named = handle_or_uuid.strip()
    name = named if named.startswith("t:") else COMMUNITY + named.lower().removeprefix(COMMUNITY)
    blog = accounts.find_place(connection, name)
    return None if blog is None or not blog.is_community else _with_blog(connection, blog)


def of_post(connection: Connection, blog_id: int) -> Community:
    """The community that a post of such a blog was posted into."""
    return _with_blog(connection, accounts.blogs_by_id(connection, {blog_id})[blog_id])


def _with_blog(connection: Connection, blog: Blog) -> Community:
    row = connection.execute(select(schema.communities).where(C.blog_id == blog.id)).one()
    settings = CommunitySettings.model_validate(row.settings)
    return Community(blog, settings, row.invite_hash, row.handle_changed)


def joined_by(connection: Connection, user_id: int) -> list[Community]:
    """The communities that a user is a member of, in the order of joining."""
    return _several(
        connection, select(M.community_id).where(M.user_id == user_id).order_by(M.joined, M.community_id)
    )


def public(connection: Connection, *, limit: int) -> list[Community]:
    """Some public communities, the newest first."""
    visible = func.json_extract(C.settings, "$.visibility") == "public"
    return _several(connection, select(C.blog_id).where(visible).order_by(C.blog_id.desc()).limit(limit))


def _several(connection: Connection, query: Any) -> list[Community]:
    ids = list(connection.execute(query).scalars())
    blogs = accounts.blogs_by_id(connection, set(ids))
    return [_with_blog(connection, blogs[number]) for number in ids]


# Members


def _member(row: Row[Any]) -> Member:
    return Member(row.user_id, row.role, row.joined, row.last_read, row.seen, row.muted)


def put_member(connection: Connection, community_id: int, member: Member) -> None:
    """Keep a member, new or changed."""
    values = dict(vars(member))
    connection.execute(
        upsert(schema.community_members)
        .values(community_id=community_id, **values)
        .on_conflict_do_update(index_elements=["community_id", "user_id"], set_=values)
    )


def remove_member(connection: Connection, community_id: int, user_id: int) -> None:
    connection.execute(
        delete(schema.community_members).where(M.community_id == community_id, M.user_id == user_id)
    )


def member(connection: Connection, community_id: int, user_id: int) -> Member | None:
    """Somebody as a member; none if they are not."""
    query = select(schema.community_members).where(M.community_id == community_id, M.user_id == user_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _member(row)


def count_members(
    connection: Connection, community_id: int, *, role: Role | None = None, seen_since: int | None = None
) -> int:
    """How many members there are, with a role or seen lately."""
    wanted = [M.community_id == community_id]
    if role is not None:
        wanted.append(M.role == role)
    if seen_since is not None:
        wanted.append(M.seen >= seen_since)
    query = select(func.count()).select_from(schema.community_members).where(*wanted)
    return int(connection.execute(query).scalar_one())


def members(
    connection: Connection, community_id: int, *conditions: ColumnElement[bool], limit: int, offset: int
) -> list[Member]:
    """Some of the members, who joined first comes first."""
    query = select(schema.community_members).where(M.community_id == community_id, *conditions)
    ordered = query.order_by(M.joined, M.user_id).limit(limit).offset(offset)
    return [_member(row) for row in connection.execute(ordered)]


def has_role(role: Role) -> ColumnElement[bool]:
    """That a member has a role."""
    return M.role == role


def is_followed_by(user_id: int) -> ColumnElement[bool]:
    """That a user follows the blog under which a member acts."""
    blogs = schema.blogs.c
    primary = (blogs.id == F.blog_id, blogs.owner_id == M.user_id, blogs.is_primary)
    return exists().where(F.user_id == user_id, *primary)


def follows_blog(blog_id: int) -> ColumnElement[bool]:
    """That a member follows a blog."""
    return exists().where(F.user_id == M.user_id, F.blog_id == blog_id)


# Who is kept out


def bar(connection: Connection, community_id: int, user_id: int, kind: Barred) -> None:
    """Keep somebody out, or let nobody invite them; once more changes nothing."""
    row = upsert(schema.community_barred).values(community_id=community_id, user_id=user_id, kind=kind)
    connection.execute(row.on_conflict_do_nothing())


def barred(connection: Connection, community_id: int, user_id: int) -> set[str]:
    """In which ways somebody is barred."""
    query = select(B.kind).where(B.community_id == community_id, B.user_id == user_id)
    return set(connection.execute(query).scalars())


# Posts


def count_posts(connection: Connection, community_id: int) -> int:
    """How many posts stand in a community."""
    query = select(func.count()).select_from(schema.posts)
    wanted = (P.blog_id == community_id, P.state == "published")
    return int(connection.execute(query.where(*wanted)).scalar_one())


def count_unread(connection: Connection, community_id: int, reader: Member) -> int:
    """How many posts of others came since a member last read."""
    mine = select(schema.blogs.c.id).where(schema.blogs.c.owner_id == reader.user_id)
    query = select(func.count()).select_from(schema.posts)
    wanted = (P.blog_id == community_id, P.state == "published", P.id > reader.last_read)
    return int(connection.execute(query.where(*wanted, P.author_id.not_in(mine))).scalar_one())


def newest_post(connection: Connection, community_id: int) -> int:
    """The id of the newest post, or 0."""
    query = select(func.max(P.id)).where(P.blog_id == community_id, P.state == "published")
    return int(connection.execute(query).scalar_one() or 0)
