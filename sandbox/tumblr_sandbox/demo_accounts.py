"""The accounts of the demonstration: the bot's blog, the people around it, and their keys.

Their keys are drawn once for each database and kept in a file beside it, ``DATABASE.keys``, that its owner
alone can read: a page in a browser that knows this program knows no key of anybody's sandbox.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from tumblr_sandbox.records import KeySet

DEMO_BLOG = "frank"
"""The bot's blog, and the name of the user who owns it."""

PUBLISHED_CONSUMER = "sandbox-demo-consumer-key"
"""What everybody's demonstration had in version 0.1: no database keeps it."""


@dataclass(frozen=True)
class DemoAccount:
    """One user of the demonstration, whose blog has the user's name."""

    name: str
    title: str
    description: str


BOT = DemoAccount(DEMO_BLOG, "Frank", "a small machine that answers questions. ask it something")

PEOPLE = (
    DemoAccount("quietmarsh", "quiet marsh", "birds, fog, long walks, tea going cold"),
    DemoAccount("tinplate-owl", "the tinplate owl", "clockwork, old radios, things with screws in them"),
    DemoAccount("memefoundry", "MEME FOUNDRY", "casting the finest posts since tuesday"),
    DemoAccount("crimewave-jam", "crimewave jam", "mystery novels and preserves, in no fixed order"),
)


def demo_keys(name: str, database: Path) -> KeySet:
    """The key set of a user of the demonstration in a database: one consumer for all, a token for each."""
    secret = _secret_of(database)

    def drawn(what: str) -> str:
        return hmac.new(secret, what.encode(), hashlib.sha256).hexdigest()

    return KeySet(
        consumer_key=drawn("consumer key"),
        consumer_secret=SecretStr(drawn("consumer secret")),
        oauth_token=drawn(f"token {name}"),
        oauth_secret=SecretStr(drawn(f"token secret {name}")),
    )


def _secret_of(database: Path) -> bytes:
    """What the keys are made from; drawn by whoever asks first."""
    path = Path(f"{database.resolve()}.keys")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                os.link(made, path)
        finally:
            Path(made).unlink()
    return path.read_bytes()
