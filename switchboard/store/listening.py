"""What switchboards on one PostgreSQL tell each other: that work is offered, and that jobs have ended.

It is told within the transaction that makes it so (NOTIFY), and heard by a thread of each of the others
(LISTEN). What is missed while the connection is lost is made up for: after it everybody looks again.
"""

import secrets
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from switchboard.store.database import Database
from switchboard.store.work import Changes

CHANNEL = "switchboard"
MOST_BYTES = 7_500  # PostgreSQL takes 8,000
LOOK_SECONDS = 0.5  # how soon the wish to stop is noticed where the database cannot be told of it
RETRY_SECONDS = 1.0

_TELL = select(func.pg_notify(CHANNEL, bindparam("payload")))

log = structlog.get_logger()


class _Message(BaseModel):
    """Changes on their way to the other switchboards."""

    sender: str
    jobs: list[str] = []
    generators: int = 0
    selectors: int = 0
    everything: bool = False


class Neighbours:
    """The other switchboards on the same database, as far as there may be any."""

    def __init__(self, database: Database, hear: Callable[[Changes], None]) -> None:
        """``hear`` is called with what the others have changed, in a thread of its own."""
        self._database = database
        self._hear = hear
        self._name = secrets.token_hex(8)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="neighbours", daemon=True)

    def start(self) -> None:
        """Listen from now on."""
        if self._database.is_shared:
            self._thread.start()

    def tell(self, connection: Connection, changes: Changes) -> None:
        """Tell the others, once the transaction is stored."""
        if not (self._database.is_shared and changes):
            return
        message = _Message(
            sender=self._name,
            jobs=sorted(changes.jobs),
            generators=changes.generators,
            selectors=changes.selectors,
        )
        payload = message.model_dump_json(exclude_defaults=True)
        if len(payload) > MOST_BYTES:
            payload = _Message(sender=self._name, everything=True).model_dump_json(exclude_defaults=True)
        connection.execute(_TELL, {"payload": payload})

    def close(self) -> None:
        """Listen no longer."""
        self._closed.set()
        if self._thread.is_alive():
            with suppress(SQLAlchemyError), self._database.engine.begin() as connection:
                self._wake(connection)
            self._thread.join()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                self._listen_once()
            except DBAPIError as error:
                log.warning("other switchboards are not heard", reason=type(error.orig).__name__)
                self._closed.wait(RETRY_SECONDS)

    def _listen_once(self) -> None:
        with self._database.engine.connect() as connection:
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            self._hear(Changes(everything=True))  # of what was said before nobody has told
            driver = connection.connection.driver_connection
            assert driver is not None
            try:
                while not self._closed.is_set():
                    for said in driver.notifies(timeout=LOOK_SECONDS, stop_after=1):
                        self._take(said.payload)
            except driver.Error as error:
                connection.invalidate()
                raise DBAPIError("LISTEN", None, error) from error
            connection.exec_driver_sql("UNLISTEN *")

    def _wake(self, connection: Connection) -> None:
        """Let the listening thread hear something, so that it sees at once that it is to end."""
        payload = _Message(sender=self._name).model_dump_json(exclude_defaults=True)
        connection.execute(_TELL, {"payload": payload})

    def _take(self, payload: str) -> None:
        try:
            message = _Message.model_validate_json(payload)
        except ValidationError:
            return  # somebody else's, who uses the same name
        if message.sender != self._name:
            changes = Changes(set(message.jobs), message.generators, message.selectors, message.everything)
            self._hear(changes)
