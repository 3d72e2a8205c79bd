"""Making users, blogs and keys: for the control face, the pages, the people and the demo."""

from __future__ import annotations

import random

from pydantic import SecretStr
from sqlalchemy import Connection

from tumblr_sandbox import ids
from tumblr_sandbox.records import KeySet
from tumblr_sandbox.store import accounts
from tumblr_sandbox.store.accounts import Blog, BlogSettings, Token, User

NAME_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"
"""What users and blogs may be called."""


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
    if accounts.find_token(connection, keys.oauth_token) is not None:
        raise NameTakenError("the key set")
    user = accounts.add_user(connection, name, int(now))
    make_blog(connection, user, name, now=now, rng=rng, settings=settings)
    give_keys(connection, user, keys)
    return user


def give_keys(connection: Connection, user: User, keys: KeySet) -> None:
    """Let a user sign with a key set, unless they can; a new consumer comes along."""
    consumer_key, consumer_secret, token, token_secret = keys.strings()
    known = accounts.consumer_secret(connection, consumer_key)
    if known is None:
        accounts.add_consumer(connection, consumer_key, consumer_secret, user.name)
    elif known != consumer_secret:
        raise NameTakenError("the key set")
    if accounts.find_token(connection, token) is None:
        accounts.add_token(connection, Token(token, token_secret, consumer_key, user))


def make_blog(
    connection: Connection, owner: User, name: str, *, now: float, rng: random.Random, settings: BlogSettings
) -> Blog:
    """Give a user a blog."""
    if accounts.find_blog(connection, name) is not None:
        raise NameTakenError(name)
    uuid = ids.blog_uuid(rng)
    return accounts.add_blog(connection, name, uuid, owner, created=int(now), settings=settings)
