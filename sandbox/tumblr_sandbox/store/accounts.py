"""Users, their blogs, consumers and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection, Row, delete, insert, select, text, update

from tumblr_sandbox.markup.text import COMMUNITY
from tumblr_sandbox.store import schema


class BlogSettings(BaseModel):
    """What the owner of a blog may set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field("", max_length=200)
    description: str = Field("", max_length=2000)
    ask: bool = Field(True, description="asks are taken")
    ask_anon: bool = Field(True, description="anonymous asks are taken")
    ask_page_title: str = Field("Ask me anything", max_length=200)
    share_following: bool = Field(True, description="anyone may see whom the blog follows")
    share_likes: bool = Field(False, description="anyone may see what its owner likes")
    dashboard_only: bool = Field(False, description="only visible to signed-in users")
    password_protected: bool = Field(False, description="only visible to its owner")
    deactivated: bool = Field(False, description="gone, as far as anyone can tell")
    pinned_post: int | None = Field(None, description="id of the post that stands first")
    posts_per_day: int = Field(2, ge=1, le=50, description="queued posts published in a day")
    queue_start_hour: int = Field(0, ge=0, le=23, description="start of the queue's daily window")
    queue_end_hour: int = Field(24, ge=0, le=24, description="end of the window; 24 is midnight")
    timezone: str = Field("UTC", description="time zone of the window, an IANA name")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"unknown time zone {name!r}") from None
        return name


@dataclass(frozen=True)
class Blog:
    id: int
    name: str
    uuid: str
    owner_id: int
    is_primary: bool
    created: int
    settings: BlogSettings

    @cached_property
    def title(self) -> str:
        """The title it shows: its own, or its name."""
        return self.settings.title or self.name

    @property
    def is_community(self) -> bool:
        """Whether what members post into a community stands here."""
        return self.name.startswith(COMMUNITY)


@dataclass(frozen=True)
class User:
    """Someone who owns blogs and signs requests."""

    id: int
    name: str


@dataclass(frozen=True)
class Token:
    """An access token with its secret."""

    token: str
    secret: str
    consumer_key: str
    user: User


def _blog(row: Row[Any]) -> Blog:
    settings = BlogSettings.model_validate(row.settings)
    return Blog(row.id, row.name, row.uuid, row.owner_id, row.is_primary, row.created, settings)


# Blogs


def add_blog(
    connection: Connection, name: str, uuid: str, owner: User, *, created: int, settings: BlogSettings
) -> Blog:
    """Make a blog; the first of a user is their primary one. The name must be free."""
    first = not name.startswith(COMMUNITY) and not blogs_of(connection, owner)
    key = connection.execute(
        insert(schema.blogs).values(
            name=name,
            uuid=uuid,
            owner_id=owner.id,
            is_primary=first,
            created=created,
            settings=settings.model_dump(),
        )
    ).inserted_primary_key
    assert key is not None
    return Blog(key[0], name, uuid, owner.id, first, created, settings)


def find_blog(connection: Connection, name_or_uuid: str) -> Blog | None:
    """The blog with this name or uuid; what is a community is no blog."""
    found = find_place(connection, name_or_uuid)
    return None if found is None or found.is_community else found


def find_place(connection: Connection, name_or_uuid: str) -> Blog | None:
    """The blog with this name or uuid, or the place where a community's posts stand."""
    column = schema.blogs.c.uuid if name_or_uuid.startswith("t:") else schema.blogs.c.name
    row = connection.execute(select(schema.blogs).where(column == name_or_uuid)).one_or_none()
    return None if row is None else _blog(row)


def blogs_by_id(connection: Connection, ids: set[int]) -> dict[int, Blog]:
    """Several blogs at once."""
    rows = connection.execute(select(schema.blogs).where(schema.blogs.c.id.in_(ids)))
    return {row.id: _blog(row) for row in rows.all()}


class Byline(NamedTuple):
    """As much of a blog as stands under a note."""

    id: int
    name: str
    uuid: str


def bylines(connection: Connection, ids: set[int]) -> dict[int, Byline]:
    """The names of many blogs at once, without reading their settings."""
    columns = [schema.blogs.c[name] for name in Byline._fields]
    rows = connection.execute(select(*columns).where(schema.blogs.c.id.in_(ids)))
    return {row.id: Byline(*row) for row in rows.all()}


def gone(connection: Connection) -> dict[int, str]:
    """The blogs that were deactivated: uuids by number."""
    return _where(connection, "json_extract(settings, '$.deactivated')")


def hidden(connection: Connection) -> set[int]:
    """The blogs whose posts nobody but their owners may see: gone, or behind a password."""
    return {*gone(connection), *_where(connection, "json_extract(settings, '$.password_protected')")}


def _where(connection: Connection, condition: str) -> dict[int, str]:
    """Blogs by a condition in the words of its index."""
    found = connection.execute(select(schema.blogs.c.id, schema.blogs.c.uuid).where(text(condition)))
    return {row.id: row.uuid for row in found}


def blogs_by_name(connection: Connection, names: set[str]) -> dict[str, Blog]:
    """Several blogs at once."""
    rows = connection.execute(select(schema.blogs).where(schema.blogs.c.name.in_(names)))
    return {row.name: _blog(row) for row in rows}


def blogs_of(connection: Connection, owner: User) -> list[Blog]:
    """A user's blogs, the primary one first."""
    query = select(schema.blogs).where(schema.blogs.c.owner_id == owner.id).order_by(schema.blogs.c.id)
    found = (_blog(row) for row in connection.execute(query))
    return [blog for blog in found if not blog.is_community]


def all_blogs(connection: Connection, limit: int | None = None) -> list[Blog]:
    """The first so many blogs, or all, oldest first."""
    is_blog = schema.blogs.c.name.not_like(f"{COMMUNITY}%")
    query = select(schema.blogs).where(is_blog).order_by(schema.blogs.c.id).limit(limit)
    return [_blog(row) for row in connection.execute(query)]


def primary_blog(connection: Connection, user_id: int) -> Blog:
    """The blog under which a user acts."""
    query = select(schema.blogs).where(schema.blogs.c.owner_id == user_id, schema.blogs.c.is_primary)
    return _blog(connection.execute(query).one())


def primary_blogs(connection: Connection, user_ids: Sequence[int]) -> list[Blog]:
    """The blogs under which several users act, in their order."""
    query = select(schema.blogs).where(schema.blogs.c.owner_id.in_(user_ids), schema.blogs.c.is_primary)
    found = {row.owner_id: _blog(row) for row in connection.execute(query)}
    return [found[user_id] for user_id in user_ids if user_id in found]


def save_settings(connection: Connection, blog: Blog, settings: BlogSettings) -> None:
    connection.execute(
        update(schema.blogs).where(schema.blogs.c.id == blog.id).values(settings=settings.model_dump())
    )


def rename(connection: Connection, blog: Blog, name: str) -> None:
    """Call a blog something else. The name must be free."""
    connection.execute(update(schema.blogs).where(schema.blogs.c.id == blog.id).values(name=name))


# Users and keys


def add_user(connection: Connection, name: str, created: int) -> User:
    """Make a user. The name must be free."""
    key = connection.execute(insert(schema.users).values(name=name, created=created)).inserted_primary_key
    assert key is not None
    return User(key[0], name)


def find_user(connection: Connection, name: str) -> User | None:
    row = connection.execute(
        select(schema.users.c.id, schema.users.c.name).where(schema.users.c.name == name)
    ).one_or_none()
    return None if row is None else User(row.id, row.name)


def user_by_id(connection: Connection, user_id: int | None) -> User | None:
    row = connection.execute(
        select(schema.users.c.id, schema.users.c.name).where(schema.users.c.id == user_id)
    ).one_or_none()
    return None if row is None else User(row.id, row.name)


def all_users(connection: Connection) -> list[User]:
    """Every user, oldest first."""
    query = select(schema.users.c.id, schema.users.c.name).order_by(schema.users.c.id)
    return [User(row.id, row.name) for row in connection.execute(query)]


def add_consumer(connection: Connection, key: str, secret: str, title: str) -> None:
    """Register an application. The key must be free."""
    connection.execute(insert(schema.consumers).values(key=key, secret=secret, title=title))


def remove_consumer(connection: Connection, key: str) -> None:
    """Forget an application with all its tokens."""
    connection.execute(delete(schema.tokens).where(schema.tokens.c.consumer_key == key))
    connection.execute(delete(schema.consumers).where(schema.consumers.c.key == key))


def consumer_secret(connection: Connection, key: str) -> str | None:
    """The secret of a consumer; none if there is no such consumer."""
    query = select(schema.consumers.c.secret).where(schema.consumers.c.key == key)
    return connection.execute(query).scalar_one_or_none()


def consumer_title(connection: Connection, key: str) -> str | None:
    """What a consumer is called; none if there is no such consumer."""
    query = select(schema.consumers.c.title).where(schema.consumers.c.key == key)
    return connection.execute(query).scalar_one_or_none()


def add_token(connection: Connection, token: Token) -> None:
    """Give a user a token for a consumer. The token must be free."""
    connection.execute(
        insert(schema.tokens).values(
            token=token.token, secret=token.secret, consumer_key=token.consumer_key, user_id=token.user.id
        )
    )


def remove_token(connection: Connection, token: str) -> None:
    """Forget a token."""
    connection.execute(delete(schema.tokens).where(schema.tokens.c.token == token))


def find_token(connection: Connection, token: str) -> Token | None:
    """The token with its user."""
    joined = schema.tokens.join(schema.users, schema.tokens.c.user_id == schema.users.c.id)
    query = (
        select(schema.tokens, schema.users.c.name).select_from(joined).where(schema.tokens.c.token == token)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Token(row.token, row.secret, row.consumer_key, User(row.user_id, row.name))
