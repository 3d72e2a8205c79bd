"""What is too old is forgotten, in small steps, and nothing that is still needed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bot_sqlite import make_shrinkable
from tests.tumblr.fakes import FakeClock, World, a_request, an_ask, an_intent, outcome
from tumblr.api.errors import StoreError
from tumblr.settings import LoopConfig, MemoryConfig
from tumblr.store.database import Database
from tumblr.store.outbox import OutboxStore
from tumblr.store.reviews import ReviewStore
from tumblr.store.search import SearchStore
from tumblr.store.turns import TurnStore
from tumblr.store.upkeep import BATCH, DAY, EVERY, MOST_BATCHES, Ages, Upkeep
from tumblr.turns.inputs import SkippedInput
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.outbox import DELETE, NewEdit
from tumblr.turns.turn import StoredMoodInput

INSERTS = (
    "INSERT INTO note_lists (post_id, notes, newest, read_at) VALUES ('1', '[]', 0, {now})",
    "INSERT INTO side_judgments (name, request, asked_at) VALUES ('1', '{{}}', {now})",
)
MEMORY = MemoryConfig(texts_days=100, inputs_days=200, mood_days=50, audit_days=300)


def upkeep_over(
    database: Database, clock: FakeClock, loop: LoopConfig | None = None, memory: MemoryConfig = MEMORY
) -> Upkeep:
    ages = Ages.of(loop or LoopConfig(), memory, least_mood_seconds=5 * DAY)
    return Upkeep(database, ages, clock, clock.monotonic)


def left(database: Database, *tables: str) -> list[int]:
    with database.transaction() as connection:
        return [connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar_one() for t in tables]


def passes(upkeep: Upkeep, clock: FakeClock, days: float) -> None:
    """Let days go by, and as many passes as it takes to forget what is due."""
    clock.advance(days * DAY)
    for _ in range(20):
        upkeep.find()
    clock.advance(EVERY)


def posted(store: TurnStore, name: str = "1001", state: TurnState = TurnState.POSTED) -> int:
    """An ask that was answered: its turn, its entry in the log, its effect on the mood."""
    (turn,) = store.add([replace(an_ask(name), handles=(f"bob:{name}",))])
    turn = store.request(turn, a_request(f"job-{name}"), a_request(f"scores-{name}", "raw_select"))
    turn = store.intend(store.choose(turn, outcome()), an_intent())
    now = datetime.fromtimestamp(store._clock(), UTC)
    kick = StoredMoodInput(TurnKind.ASK, "bob", name, 5, 1.0, 0.5, now)
    turn = store.record_post(turn, f"post-{name}", state, {"who": "bob", "result": {"post": "soup"}}, kick)
    store.settle(turn)
    return turn.id


def test_what_is_old_is_forgotten_hour_by_hour(database: Database, clock: FakeClock) -> None:
    upkeep = upkeep_over(database, clock)
    store = OutboxStore(database, clock)
    store.add_edits([NewEdit(DELETE, "1", "old"), NewEdit(DELETE, "2", "open")])
    store.finish_edit(store.open_edits()[0], "done")
    with database.transaction() as connection:
        for insert in INSERTS:
            connection.exec_driver_sql(insert.format(now=clock.now))
    tables = ("note_lists", "side_judgments", "outbox")
    assert upkeep.find() == []
    assert left(database, *tables) == [1, 1, 2]
    clock.advance(12 * 3600 + 1)
    upkeep.find()
    assert left(database, *tables) == [1, 0, 2]
    clock.advance(6 * 3600)
    upkeep.find()
    assert left(database, *tables) == [0, 0, 2]
    clock.advance(30 * DAY)
    upkeep.find()
    assert left(database, *tables) == [0, 0, 1]


def test_it_looks_once_an_hour(database: Database, clock: FakeClock) -> None:
    upkeep = upkeep_over(database, clock, LoopConfig(notes_hours=0.001))
    upkeep.find()
    with database.transaction() as connection:
        connection.exec_driver_sql(INSERTS[0].format(now=clock.now - 100))
    clock.advance(EVERY - 1)
    upkeep.find()
    assert left(database, "note_lists") == [1]
    clock.advance(1)
    upkeep.find()
    assert left(database, "note_lists") == [0]


def test_first_the_texts_go_and_last_the_names(
    database: Database, store: TurnStore, clock: FakeClock
) -> None:
    upkeep, search = upkeep_over(database, clock), SearchStore(database)
    number = posted(store)
    passes(upkeep, clock, 99)
    assert [entry.post_id for entry in search.posts("soup")] == ["post-1001"]
    assert store.turn(number).intent is not None
    posted(store, "1002")

    passes(upkeep, clock, 2)
    assert [entry.post_id for entry in search.posts("soup")] == ["post-1002"]
    assert [entry.post_id for entry in store.log_entries()] == ["post-1002"]
    emptied = store.turn(number)
    assert (emptied.state, emptied.post_id, emptied.input) == (TurnState.POSTED, "post-1001", SkippedInput())
    assert (emptied.request, emptied.judgment_request, emptied.intent) == (None, None, None)
    assert store.add([replace(an_ask("1001"), handles=())]) == [], "it is still known"
    assert store.add([replace(an_ask("7"), handles=("bob:1001",))]) == []

    passes(upkeep, clock, 101)
    assert store.known({TurnKind.ASK}, ["1001", "1002"]) == {"1002"}
    assert left(database, "handled_posts", "turns") == [1, 1]


def test_what_is_open_or_a_draft_keeps_its_texts(
    database: Database, store: TurnStore, clock: FakeClock
) -> None:
    draft = posted(store, state=TurnState.DRAFTED)
    (waiting, begun) = store.add([replace(an_ask("1"), waits_for="others go first"), an_ask("2")])
    posted(store, "9")
    passes(upkeep_over(database, clock), clock, 150)
    assert store.turn(draft).intent is not None
    passes(upkeep_over(database, clock), clock, 1000)
    assert {turn.id for turn in (store.turn(waiting.id), store.turn(begun.id))} == {waiting.id, begun.id}
    assert store.turn(waiting.id).input != SkippedInput()


def test_the_mood_keeps_what_it_looks_back_to_and_its_numbers_go_on(
    database: Database, store: TurnStore, clock: FakeClock
) -> None:
    upkeep = upkeep_over(database, clock, memory=MEMORY.model_copy(update={"mood_days": 1}))
    posted(store, "1")
    posted(store, "2")
    passes(upkeep, clock, 4)
    assert [one.input_id for one in store.mood_inputs()] == ["1", "2"]
    passes(upkeep, clock, 3)
    (last,) = store.mood_inputs()
    posted(store, "3")
    assert [one.input_id for one in store.mood_inputs(after=last.number)] == ["3"]


def test_logs_lose_nothing_that_is_younger_than_their_age(
    database: Database, store: TurnStore, clock: FakeClock
) -> None:
    ReviewStore(database, clock).note("ann", "operator", "logged in", "", "")
    posted(store)
    passes(upkeep_over(database, clock), clock, 150)
    posted(store, "1002")
    for table in ("post_log", "audit"):
        with pytest.raises((StoreError, IntegrityError)), database.transaction() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    passes(upkeep_over(database, clock), clock, 200)
    assert left(database, "audit") == [0]


def test_much_is_forgotten_in_small_steps(database: Database, store: TurnStore, clock: FakeClock) -> None:
    upkeep = upkeep_over(database, clock)
    number = BATCH * (MOST_BATCHES + 1)
    store.add([replace(an_ask(str(one)), skip_reason="a reason") for one in range(number)])
    clock.advance(150 * DAY)
    emptied = "turns WHERE emptied"
    upkeep.find()
    assert left(database, emptied) == [BATCH * MOST_BATCHES]
    upkeep.find()
    assert left(database, emptied) == [number]


def test_a_clock_that_was_just_set_has_nothing_forgotten(
    database: Database, store: TurnStore, clock: FakeClock
) -> None:
    upkeep = upkeep_over(database, clock)
    number = posted(store)
    upkeep.find()
    clock.set(1000 * DAY)
    for _ in range(10):
        clock.advance(EVERY)
        upkeep.find()
    clock.set(-1000 * DAY)
    clock.advance(EVERY)
    upkeep.find()
    assert store.turn(number).intent is not None


def test_nothing_older_than_the_memory_is_reacted_to(world: World) -> None:
    world.tumblr.ask("what is soup?")
    world.clock.advance(731 * DAY)
    assert world.find() == []
    world.tumblr.ask("what is bread?")
    assert [turn.kind for turn in world.find()] == [TurnKind.ASK]


def test_a_file_becomes_smaller_when_much_was_forgotten(
    tmp_path: Path, store: TurnStore, database: Database, clock: FakeClock
) -> None:
    path = tmp_path / "tumbl.sqlite"
    asks = [replace(an_ask(str(n)), who="x" * 2000, skip_reason="y" * 2000) for n in range(BATCH * 4)]
    store.add(asks)
    pages = pages_of(path)
    for days in (150, 100):
        passes(upkeep_over(database, clock), clock, days)
    assert pages_of(path) < pages / 4


def pages_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])


def test_a_file_of_an_older_program_learns_to_become_smaller(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE soups (name)")
        connection.execute("INSERT INTO soups VALUES ('pea')")
        connection.commit()
    make_shrinkable(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.execute("SELECT name FROM soups").fetchall() == [("pea",)]
