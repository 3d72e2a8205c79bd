"""Opening the bot's SQLite file: durable, migrated, used by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from bot_sqlite import (
    DAMAGE_HINT,
    LOCK_WAIT_SECONDS,
    is_damaged,
    is_full_disk,
    make_durable,
    make_shrinkable,
    reason_of,
)
from tumblr.api.errors import StoreError, StoreFull
from tumblr.store.migrations import migrate


class Database:
    """One open database; every change is one transaction, on the disk before ``transaction`` returns."""

    def __init__(self, engine: Engine, name: str, release: Callable[[], None]) -> None:
        self._engine = engine
        self._name = name
        self._release = release
        try:
            with self.transaction() as connection:
                migrate(connection)
        except (ValueError, StoreError) as error:
            self.close()
            kind = StoreFull if isinstance(error, StoreFull) else StoreError
            raise kind(f"the database {name} cannot be used: {error}") from None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the file, and keep every other process from writing it.

        Raises StoreFull when there is no room to open it, StoreError when it cannot be opened or is in use.
        """
        release = lock(path)
        make_shrinkable(path)
        return cls(_engine(lambda: sqlite3.connect(path, timeout=LOCK_WAIT_SECONDS)), str(path), release)

    @classmethod
    def beside(cls, path: Path) -> Self:
        """Another connection to a file that this process has open, for another thread of it."""
        engine = _engine(lambda: sqlite3.connect(path, timeout=LOCK_WAIT_SECONDS, check_same_thread=False))
        return cls(engine, str(path), lambda: None)

    @classmethod
    def read(cls, path: Path) -> Self:
        """A copy in memory of the file's present content; changes to it are lost.

        Works while the bot runs. A missing file gives an empty database.
        """
        memory = sqlite3.connect(":memory:", check_same_thread=False)
        if path.exists():
            try:
                source = sqlite3.connect(
                    f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_SECONDS
                )
                try:
                    source.backup(memory)
                finally:
                    source.close()
            except sqlite3.Error as error:
                memory.close()
                raise StoreError(f"the database {path} cannot be read: {error}") from None
        return cls(_engine(lambda: memory), f"{path} (copy in memory)", lambda: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others use it."""
        self._engine.dispose()
        self._release()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, durable when the block ends.

        Raises StoreFull or StoreError; then nothing was changed.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise _explain(error, self._name) from error


def _engine(connect: Callable[[], sqlite3.Connection]) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    make_durable(engine)
    return engine


def _explain(error: DBAPIError, name: str) -> StoreError:
    reason = reason_of(error)
    if is_full_disk(reason):
        return StoreFull(f"cannot write to the database {name} ({reason}); make room on its disk")
    if is_damaged(reason):
        return StoreError(f"the database {name} is damaged ({reason}): {DAMAGE_HINT}")
    return StoreError(f"cannot use the database {name} ({reason}); see that its folder may be written")


def lock(path: Path) -> Callable[[], None]:
    """Take the lock file beside the database; the answer lets go of it, as the end of the process does.

    Raises StoreError when another process has it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # By whatever name the file is reached, its lock is one.
        handle = os.open(f"{path.resolve()}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StoreFull(
                f"cannot create the database {path} ({error.strerror}); make room on its disk"
            ) from None
        raise StoreError(
            f"cannot create the database {path} ({error.strerror}); set tumblr.database to a file "
            "in a folder that may be written"
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise StoreError(
            f"another process uses the database {path}; run one tumbl.py for each database"
        ) from None
    return lambda: os.close(handle)
