"""Age limits."""

from __future__ import annotations

from tests.tumblr.fakes import FakeClock
from tumblr.settings import LoopConfig
from tumblr.store.conversations import EVERY, Upkeep
from tumblr.store.database import Database
from tumblr.store.outbox import OutboxStore
from tumblr.turns.outbox import DELETE, NewEdit

INSERTS = (
    "INSERT INTO note_lists (post_id, notes, newest, read_at) VALUES ('1', '[]', 0, {now})",
    "INSERT INTO side_judgments (name, request, asked_at) VALUES ('1', '{{}}', {now})",
)


def left(database: Database) -> list[int]:
    tables = ("note_lists", "side_judgments", "outbox")
    with database.transaction() as connection:
        return [connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar_one() for t in tables]


def test_what_is_old_is_forgotten_hour_by_hour(database: Database, clock: FakeClock) -> None:
    upkeep = Upkeep(database, LoopConfig(), clock)
    store = OutboxStore(database, clock)
    store.add_edits([NewEdit(DELETE, "1", "old"), NewEdit(DELETE, "2", "open")])
    store.finish_edit(store.open_edits()[0], "done")
    with database.transaction() as connection:
        for insert in INSERTS:
            connection.exec_driver_sql(insert.format(now=clock.now))
    assert upkeep.find() == []
    assert left(database) == [1, 1, 2]
    clock.advance(12 * 3600 + 1)
    upkeep.find()
    assert left(database) == [1, 0, 2]
    clock.advance(6 * 3600)
    upkeep.find()
    assert left(database) == [0, 0, 2]
    clock.advance(30 * 86_400)
    upkeep.find()
    assert left(database) == [0, 0, 1]


def test_it_looks_once_an_hour(database: Database, clock: FakeClock) -> None:
    upkeep = Upkeep(database, LoopConfig(notes_hours=0.001), clock)
    upkeep.find()
    with database.transaction() as connection:
        connection.exec_driver_sql(INSERTS[0].format(now=clock.now - 100))
    clock.advance(EVERY - 1)
    upkeep.find()
    assert left(database)[0] == 1
    clock.advance(1)
    upkeep.find()
    assert left(database)[0] == 0
