"""Group commit: verbs that arrive while another transaction is on its way to the disk share the next one.

A transaction costs a write to the disk that is waited for, however little is in it. Whoever comes first
leads: it runs its own verb and all that have queued up, commits once, and tells the others what became of
theirs.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from bot_sqlite import LOCK_WAIT_SECONDS
from switchboard.store.database import Database, StoreUnavailable

Verb = Callable[[Connection], Any]
BeforeCommit = Callable[[Connection, Sequence[Any]], None]

MOST = 64
"""Verbs in one transaction; more would keep the first of them waiting for too long."""
HELD = "the switchboard's database is held by another program; nothing stored was lost"


class Refusal(Exception):  # noqa: N818 - named for what it is
    """A verb will not do what it is asked. It says so before it has changed anything."""


class _Pending:
    """A verb in the queue, and in the end what became of it."""

    def __init__(self, verb: Verb) -> None:
        self._verb = verb
        self.value: Any = None
        self.error: Refusal | StoreUnavailable | None = None
        self.is_done = False
        self.is_alone = False
        """Whether it is to be run by itself, since a group in which it was did not come to its end."""

    def run(self, connection: Connection) -> None:
        """Run it within a transaction."""
        try:
            self.value = self._verb(connection)
        except Refusal as error:
            self.error = error


class Committer:
    """Runs verbs in transactions, as many together as there are at hand.

    A verb may be run more than once, each time in a new transaction, of which the last alone counts: when
    something goes wrong with one of a group, each is run by itself.
    """

    def __init__(self, database: Database, before_commit: BeforeCommit) -> None:
        """``before_commit`` is called within each transaction with what its verbs have returned."""
        self._database = database
        self._before_commit = before_commit
        self._changed = threading.Condition()
        self._queue: deque[_Pending] = deque()
        self._is_led = False

    def run(self, verb: Verb) -> Any:
        """Run a verb; it is stored when this returns. Raises what the verb raises, and StoreUnavailable."""
        mine = _Pending(verb)
        while batch := self._wait_for_turn(mine):
            self._lead(batch)
        if mine.error is not None:
            raise mine.error
        return mine.value

    def _wait_for_turn(self, mine: _Pending) -> Sequence[_Pending]:
        """Wait until it has been run, or is to lead; the answer is what it is to run then."""
        end = time.monotonic() + LOCK_WAIT_SECONDS
        with self._changed:
            if not mine.is_done and not mine.is_alone:
                self._queue.append(mine)
            while not mine.is_done and self._is_led:
                left = end - time.monotonic() if mine in self._queue else None
                if not self._changed.wait(left) and mine in self._queue:
                    self._queue.remove(mine)
                    raise StoreUnavailable(HELD)
            if mine.is_done:
                return ()
            self._is_led = True
            return [mine] if mine.is_alone else self._take(mine)

    def _take(self, mine: _Pending) -> list[_Pending]:
        self._queue.remove(mine)
        batch = [mine]
        while self._queue and len(batch) < MOST:
            batch.append(self._queue.popleft())
        return batch

    def _lead(self, batch: Sequence[_Pending]) -> None:
        has_begun = False
        try:
            with self._database.write() as connection:
                has_begun = True
                for one in batch:
                    one.run(connection)
                self._before_commit(connection, [one.value for one in batch if one.error is None])
            self._end(batch)
        except StoreUnavailable as error:
            if len(batch) == 1 or not has_begun:  # what keeps one from beginning keeps them all
                for one in batch:
                    one.error = error
                self._end(batch)
        finally:
            self._step_down(batch)

    @staticmethod
    def _end(batch: Sequence[_Pending]) -> None:
        for one in batch:
            one.is_done = True

    def _step_down(self, batch: Sequence[_Pending]) -> None:
        with self._changed:
            for one in batch:
                one.is_alone = not one.is_done
                one.error = one.error if one.is_done else None
            self._is_led = False
            self._changed.notify_all()
