"""Who is logged in: a SQLite file of the console's own, which holds no token that a browser could use."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Float, MetaData, String, Table, create_engine, delete, insert, select, update

from bot_sqlite import make_durable

USE_NOTED_SECONDS = 60.0
"""How exactly the last use of a login is remembered."""

_metadata = MetaData()
_sessions = Table(
    "sessions",
    _metadata,
    Column("digest", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("form_token", String, nullable=False),
    Column("address", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("used_at", Float, nullable=False, index=True),
)


@dataclass(frozen=True)
class Session:
    """A login. ``form_token`` is in every form of its pages, and nowhere else."""

    digest: str
    name: str
    form_token: str


class SessionStore:
    """The logins; each ends when it has not been used for so long."""

    def __init__(self, path: Path, lasts_seconds: float, clock: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{path}")
        make_durable(self._engine)
        _metadata.create_all(self._engine)
        self._lasts = lasts_seconds
        self._clock = clock

    def begin(self, name: str, address: str) -> tuple[str, Session]:
        """A new login: the token for its browser, and what is kept of it."""
        token, now = secrets.token_urlsafe(32), self._clock()
        session = Session(_digest(token), name, secrets.token_urlsafe(24))
        with self._engine.begin() as connection:
            connection.execute(delete(_sessions).where(_sessions.c.used_at < now - self._lasts))
            connection.execute(
                insert(_sessions).values(**vars(session), address=address, created_at=now, used_at=now)
            )
        return token, session

    def find(self, token: str) -> Session | None:
        """The login of a browser's token, if it lasts; its time begins anew."""
        digest, now = _digest(token), self._clock()
        with self._engine.connect() as connection:
            row = connection.execute(select(_sessions).where(_sessions.c.digest == digest)).one_or_none()
        if row is None or not 0 <= now - row.used_at < self._lasts:
            return None
        if now - row.used_at >= min(USE_NOTED_SECONDS, self._lasts / 10):
            with self._engine.begin() as connection:
                of_digest = _sessions.c.digest == digest
                connection.execute(update(_sessions).where(of_digest).values(used_at=now))
        return Session(row.digest, row.name, row.form_token)

    def end(self, session: Session) -> None:
        """Log out."""
        with self._engine.begin() as connection:
            connection.execute(delete(_sessions).where(_sessions.c.digest == session.digest))

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
