"""Making users, blogs and keys, and plain records of posts and notes: for the control face and the demo."""

from __future__ import annotations

import random

from pydantic import SecretStr
from sqlalchemy import Connection

from tumblr_sandbox import ids
from tumblr_sandbox.markup.content import Content, post_url
from tumblr_sandbox.records import KeySet, NoteRecord, PostRecord
from tumblr_sandbox.store import accounts
from tumblr_sandbox.store.accounts import Blog, BlogSettings, Token, User
from tumblr_sandbox.store.notes import Note
from tumblr_sandbox.store.posts import StoredPost


class NameTakenError(Exception):
    """There is a user or blog of this name already, or the keys belong to someone else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is taken")


def random_keys(rng: random.Random) -> KeySet:
    """Four random strings."""
    return KeySet(
        consumer_key=ids.secret_string(rng),
        consumer_secret=SecretStr(ids.secret_string(rng)),
        oauth_token=ids.secret_string(rng),
        oauth_secret=SecretStr(ids.secret_string(rng)),
    )


def make_user(
    connection: Connection,
    name: str,
    keys: KeySet,
    *,
    now: float,
    rng: random.Random,
    settings: BlogSettings,
) -> User:
    """Make a user with a primary blog of the same name and a token; a new consumer comes along."""
    if accounts.find_user(connection, name) is not None:
        raise NameTakenError(name)
    consumer_key, consumer_secret, token, token_secret = keys.strings()
    known = accounts.consumer_secret(connection, consumer_key)
    if known is None:
        accounts.add_consumer(connection, consumer_key, consumer_secret, name)
    if known not in (None, consumer_secret) or accounts.find_token(connection, token) is not None:
        raise NameTakenError("the key set")
    user = accounts.add_user(connection, name, int(now))
    make_blog(connection, user, name, now=now, rng=rng, settings=settings)
    accounts.add_token(connection, Token(token, token_secret, consumer_key, user))
    return user


def make_blog(
    connection: Connection, owner: User, name: str, *, now: float, rng: random.Random, settings: BlogSettings
) -> Blog:
    """Give a user a blog."""
    if accounts.find_blog(connection, name) is not None:
        raise NameTakenError(name)
    uuid = ids.blog_uuid(rng)
    return accounts.add_blog(connection, name, uuid, owner, created=int(now), settings=settings)


def post_record(post: StoredPost, blog: Blog) -> PostRecord:
    """A post as the control face shows it."""
    asker = post.details.get("asker")
    question = post.details.get("question")
    return PostRecord(
        id=str(post.id),
        blog=blog.name,
        state=post.state,
        type=post.type,
        genesis_id=None if post.genesis_id is None else str(post.genesis_id),
        title=post.title,
        html=post.content.as_html(),
        text=post.content.as_text(),
        question=None if question is None else Content.from_json(question).as_text(),
        asker=None if asker is None else asker["name"],
        anonymous=question is not None and asker is None,
        tags=list(post.tags),
        reblog_key=post.reblog_key,
        parent_id=None if post.parent is None else str(post.parent.id),
        root_id=str(post.tree_id),
        timestamp=post.timestamp,
        scheduled=post.scheduled,
        url=post_url(blog.name, post.id, post.slug),
    )


def note_record(note: Note, blog: Blog) -> NoteRecord:
    """A note as the control face shows it."""
    return NoteRecord(
        kind=note.kind,
        blog=blog.name,
        timestamp=note.timestamp,
        post_id=None if note.post_id is None else str(note.post_id),
        text=note.text,
    )
