"""What was read before, on disk: by address and by content, so that a picture is read once.

Kept is what the recogniser found, not the text made of it: other thresholds need no new reading.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    select,
)
from sqlalchemy.dialects.sqlite import insert

from bot_sqlite import give_back_pages, make_new_file_shrinkable
from images.errors import ImageError
from images.lines import Frame

FIRST_PAUSE = 600.0
"""Seconds until a passing failure is tried again; doubled each time."""
MAX_ATTEMPTS = 5
"""After so many failures a passing one counts as permanent."""
_DAY = 86400.0

_metadata = MetaData()
_failure_columns = ("error", "is_permanent", "attempts", "retry_at")


def _columns() -> list[Column[Any]]:
    return [
        Column("error", Text),
        Column("is_permanent", Boolean, nullable=False, default=False),
        Column("attempts", Integer, nullable=False, default=0),
        Column("retry_at", Float),
        Column("kept_at", Float, nullable=False),
    ]


_addresses = Table(
    "addresses", _metadata, Column("url", String, primary_key=True), Column("content", String), *_columns()
)
_contents = Table(
    "contents",
    _metadata,
    Column("content", String, primary_key=True),
    Column("reader", String, primary_key=True),
    Column("frames", Text),
    *_columns(),
)


@dataclass(frozen=True)
class Known:
    """What is known of an image: its frames, or why there are none."""

    frames: tuple[Frame, ...] | None
    error: str | None = None


class ImageCache:
    """Remembers images for some days; threads may share one. ``reader`` names recogniser and version."""

    def __init__(self, path: Path, days: float, clock: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _prepare)
        _metadata.create_all(self._engine)
        self._seconds = days * _DAY
        self._clock = clock

    def of_address(self, url: str, reader: str) -> Known | None:
        """What is known of the image at an address; None when it is to be fetched."""
        with self._engine.begin() as connection:
            row = connection.execute(select(_addresses).where(_addresses.c.url == url)).mappings().first()
        if row is None or not self._holds(row):
            return None
        if row["error"] is not None:
            return Known(None, row["error"])
        return self.of_content(row["content"], reader)

    def of_content(self, content: str, reader: str) -> Known | None:
        """What is known of an image with this content; None when it is to be read."""
        chosen = select(_contents).where(_contents.c.content == content, _contents.c.reader == reader)
        with self._engine.begin() as connection:
            row = connection.execute(chosen).mappings().first()
        if row is None or not self._holds(row):
            return None
        if row["error"] is not None:
            return Known(None, row["error"])
        return Known(tuple(Frame.from_json(frame) for frame in json.loads(row["frames"])))

    def texts_known(self, reader: str) -> Iterator[tuple[str, Known]]:
        """Every address whose image was read, with what is known of it."""
        with self._engine.begin() as connection:
            urls = list(connection.scalars(select(_addresses.c.url).order_by(_addresses.c.url)))
        for url in urls:
            known = self.of_address(url, reader)
            if known is not None and known.frames is not None:
                yield url, known

    def _holds(self, row: Any) -> bool:
        now = self._clock()
        if now - row["kept_at"] > self._seconds:
            return False
        return row["retry_at"] is None or now < row["retry_at"]

    def keep_address(self, url: str, content: str) -> None:
        """Remember which content an address has."""
        self._put(_addresses, {"url": url}, {"content": content, **_NO_FAILURE})

    def keep_frames(self, content: str, reader: str, frames: tuple[Frame, ...]) -> None:
        """Remember what was read in a content."""
        written = json.dumps([frame.to_json() for frame in frames], ensure_ascii=False)
        self._put(_contents, {"content": content, "reader": reader}, {"frames": written, **_NO_FAILURE})

    def keep_address_failure(self, url: str, error: ImageError) -> None:
        """Remember that the image at an address could not be had."""
        self._put_failure(_addresses, {"url": url}, error)

    def keep_content_failure(self, content: str, reader: str, error: ImageError) -> None:
        """Remember that a content could not be read."""
        self._put_failure(_contents, {"content": content, "reader": reader}, error)

    def _put_failure(self, table: Table, key: dict[str, str], error: ImageError) -> None:
        matches = [table.c[name] == value for name, value in key.items()]
        with self._engine.begin() as connection:
            before = connection.execute(select(table.c.attempts).where(*matches)).scalar()
        attempts = (before or 0) + 1
        is_permanent = error.is_permanent or attempts >= MAX_ATTEMPTS
        retry_at = None if is_permanent else self._clock() + FIRST_PAUSE * 2 ** (attempts - 1)
        values = (error.reason, is_permanent, attempts, retry_at)
        self._put(table, key, dict(zip(_failure_columns, values, strict=True)))

    def _put(self, table: Table, key: dict[str, str], values: dict[str, Any]) -> None:
        stored = {**values, "kept_at": self._clock()}
        written = insert(table).values(**key, **stored)
        with self._engine.begin() as connection:
            connection.execute(written.on_conflict_do_update(index_elements=list(key), set_=stored))

    def forget_old(self) -> int:
        """Remove what is too old to hold; how many entries that were."""
        before = self._clock() - self._seconds
        with self._engine.begin() as connection:
            forgotten = sum(
                connection.execute(delete(table).where(table.c.kept_at < before)).rowcount
                for table in (_addresses, _contents)
            )
            give_back_pages(connection)
        return forgotten

    def close(self) -> None:
        self._engine.dispose()


_NO_FAILURE = {"error": None, "is_permanent": False, "attempts": 0, "retry_at": None}


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    make_new_file_shrinkable(connection)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=10000")
