"""The store: what is written stays, turns move one way, and the log is never changed."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.tumblr.fakes import START, FakeClock, a_request, an_ask, an_intent, outcome
from tumblr.api.errors import StaleTurn, StoreError, StoreFull
from tumblr.store.database import Database
from tumblr.store.migrations import MIGRATIONS
from tumblr.store.turns import TurnStore
from tumblr.turns.kinds import CLOSED, MOVES, TurnKind, TurnState
from tumblr.turns.turn import Judgment, StoredMoodInput, Turn


def posting(store: TurnStore, input_id: str = "1001") -> Turn:
    """A turn on its way to tumblr."""
    (turn,) = store.add([an_ask(input_id)])
    turn = store.request(turn, a_request(f"job-{input_id}"), a_request(f"scores-{input_id}", "raw_select"))
    return store.intend(store.choose(turn, outcome()), an_intent())


def kick(input_id: str = "1001", *, logit_diff: float = 1.0) -> StoredMoodInput:
    return StoredMoodInput(TurnKind.ASK, "bob", input_id, 5, logit_diff, 0.5, START)


def test_a_turn_is_added_once(store: TurnStore) -> None:
    assert len(store.add([an_ask(), an_ask()])) == 1
    assert store.add([an_ask()]) == []
    assert len(store.add([an_ask("1002")])) == 1


def test_what_waits_is_not_in_work_until_its_turn_comes(store: TurnStore, clock: FakeClock) -> None:
    later = replace(an_ask(), waits_for="others go first")
    (waiting,) = store.add([later])
    assert (waiting.state, waiting.reason) == (TurnState.WAITING, "others go first")
    assert store.waiting({TurnKind.ASK}) == [later]
    assert store.open_turns() == []
    assert store.add([later]) == []
    clock.advance(60)
    (begun,) = store.add([an_ask()])
    assert (begun.id, begun.state, begun.created_at) == (waiting.id, TurnState.FOUND, clock())
    assert store.waiting({TurnKind.ASK}) == []
    assert store.add([later, an_ask()]) == []


def test_what_waits_may_be_skipped(store: TurnStore) -> None:
    store.add([replace(an_ask(), waits_for="others go first")])
    (skipped,) = store.add([replace(an_ask(), waits_for="others go first", skip_reason="a reason")])
    assert (skipped.state, skipped.reason) == (TurnState.SKIPPED, "a reason")


def test_everything_survives_closing_and_opening(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "deep" / "er" / "tumbl.sqlite"
    with Database.open(path) as database:
        store = TurnStore(database, clock)
        turn = posting(store)
        store.record_post(turn, "77", TurnState.POSTED, {"why": "because"}, kick())
    with Database.open(path) as database:
        store = TurnStore(database, clock)
        again = store.turn(turn.id)
        assert (again.state, again.post_id) == (TurnState.POSTED, "77")
        assert again.request == turn.request
        assert again.intent == an_intent()
        assert store.log_entries()[0].entry == {"why": "because"}
        assert store.mood_inputs() == [kick()]


def test_a_request_keeps_its_numbers_of_submissions(store: TurnStore) -> None:
    (turn,) = store.add([an_ask()])
    turn = store.request(turn, a_request("a"), a_request("b", "raw_select"))
    assert turn.request is not None
    assert turn.judgment_request is not None
    turn = store.confirm(store.confirm(turn, turn.judgment_request), turn.request)
    assert turn.request is not None
    assert turn.judgment_request is not None
    assert (turn.request.submissions, turn.judgment_request.submissions) == (1, 1)


@pytest.mark.parametrize("state", list(TurnState))
def test_only_the_moves_of_the_table_are_made(store: TurnStore, state: TurnState) -> None:
    (turn,) = store.add([an_ask()])
    allowed = state in MOVES[TurnState.FOUND]
    if allowed and state in CLOSED:
        assert store.close(turn, state, "why").state is state
    elif not allowed:
        with pytest.raises(StaleTurn):
            store.close(turn, state, "why")


def test_a_turn_seen_in_another_state_is_not_moved(store: TurnStore) -> None:
    (turn,) = store.add([an_ask()])
    store.request(turn, a_request(), None)
    with pytest.raises(StaleTurn):
        store.request(turn, a_request("other"), None)
    with pytest.raises(StaleTurn):
        store.judge(turn, Judgment(logit_diff=1.0))


def test_nothing_leaves_posting_backwards(store: TurnStore) -> None:
    turn = posting(store)
    with pytest.raises(StaleTurn):
        store.try_again(turn, "no", 0.0)


def test_recording_is_all_or_nothing(store: TurnStore) -> None:
    turn = posting(store)
    store.record_post(turn, "77", TurnState.POSTED, {}, kick())
    with pytest.raises(StaleTurn):
        store.record_post(turn, "78", TurnState.POSTED, {}, kick("1002"))
    assert [entry.post_id for entry in store.log_entries()] == ["77"]
    assert len(store.mood_inputs()) == 1


def test_the_first_kick_wins(store: TurnStore) -> None:
    store.record_post(posting(store, "1"), "77", TurnState.DRAFTED, {}, kick("1"))
    store.record_post(posting(store, "2"), "78", TurnState.POSTED, {}, kick("1", logit_diff=-9.0))
    assert [stored.logit_diff for stored in store.mood_inputs()] == [1.0]


def test_mood_inputs_are_looked_up_by_time(store: TurnStore) -> None:
    store.record_post(posting(store), "77", TurnState.POSTED, {}, kick())
    hour = timedelta(hours=1)
    assert len(store.mood_inputs(START - hour)) == 1
    assert store.mood_inputs(START + hour) == []


def test_mood_inputs_are_numbered_as_they_are_stored(store: TurnStore) -> None:
    store.record_post(posting(store, "1"), "77", TurnState.POSTED, {}, kick("1"))
    store.record_post(posting(store, "2"), "78", TurnState.POSTED, {}, kick("2"))
    assert [(stored.input_id, stored.number) for stored in store.mood_inputs()] == [("1", 1), ("2", 2)]
    assert [stored.input_id for stored in store.mood_inputs(after=1)] == ["2"]
    assert store.mood_inputs(after=2) == []


def test_the_post_log_is_only_appended_to(store: TurnStore, database: Database) -> None:
    store.record_post(posting(store), "77", TurnState.POSTED, {}, None)
    for statement in ("UPDATE post_log SET post_id = '1'", "DELETE FROM post_log"):
        with pytest.raises(StoreError, match="only ever appended"), database.transaction() as connection:
            connection.execute(text(statement))
    assert store.logged_post_ids() == {"77"}


def test_the_log_is_found_by_the_id_of_the_post_or_of_the_ask(store: TurnStore) -> None:
    store.record_post(posting(store, "5"), "77", TurnState.POSTED, {}, None)
    assert len(store.log_entries("77")) == len(store.log_entries("5")) == 1
    assert store.log_entries("6") == []


def test_attempts_and_rests(store: TurnStore, clock: FakeClock) -> None:
    (turn,) = store.add([an_ask()])
    turn = store.rest(turn, "trouble", clock() + 5)
    turn = store.wait(turn, "a limit", clock() + 9)
    assert (turn.attempts, turn.not_before, turn.reason) == (1, clock() + 9, "a limit")
    turn = store.try_again(store.request(turn, a_request(), None), "failed", clock() + 60)
    assert (turn.state, turn.attempts) == (TurnState.FOUND, 2)


def test_jobs_are_settled_once_they_are_not_needed(store: TurnStore) -> None:
    turn = posting(store)
    assert store.unsettled() == []
    recorded = store.record_post(turn, "77", TurnState.POSTED, {}, None)
    assert [t.id for t in store.unsettled()] == [turn.id]
    store.settle(recorded)
    assert store.unsettled() == []


def test_counts_and_failures(store: TurnStore) -> None:
    store.add([an_ask("1"), an_ask("2")])
    first, _ = store.open_turns()
    store.close(first, TurnState.FAILED, "why")
    assert store.counts() == {TurnState.FAILED: 1, TurnState.FOUND: 1}
    assert [turn.reason for turn in store.in_state(TurnState.FAILED)] == ["why"]
    assert store.open_turns(TurnKind.ORIGINAL) == []
    with pytest.raises(KeyError):
        store.turn(99)


def test_many_ids_are_looked_up_at_once(store: TurnStore) -> None:
    store.add([an_ask("7")])
    assert store.known({TurnKind.ASK}, [str(n) for n in range(40_000)]) == {"7"}


def test_a_full_disk_loses_nothing(tmp_path: Path, clock: FakeClock) -> None:
    with Database.open(tmp_path / "tumbl.sqlite") as database:
        store = TurnStore(database, clock)
        turn = posting(store)
        with database.transaction() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        with database.transaction() as connection:
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(StoreFull, match="make room on its disk"):
            store.record_post(turn, "77", TurnState.POSTED, {"big": "x" * 100_000}, kick())
        assert store.turn(turn.id).state is TurnState.POSTING
        assert store.log_entries() == []
        with database.transaction() as connection:
            connection.execute(text("PRAGMA max_page_count = 100000"))
        store.record_post(turn, "77", TurnState.POSTED, {"big": "x" * 100_000}, kick())
        assert len(store.log_entries()) == 1


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "tumbl.sqlite"
    with Database.open(path), pytest.raises(StoreError, match="another process uses"):
        Database.open(path)
    Database.open(path).close()


def test_a_database_is_one_by_whatever_name_it_is_reached(tmp_path: Path) -> None:
    path, link = tmp_path / "tumbl.sqlite", tmp_path / "elsewhere" / "bot.sqlite"
    link.parent.mkdir()
    link.symlink_to(path)
    with Database.open(path), pytest.raises(StoreError, match="another process uses"):
        Database.open(link)


def test_a_damaged_database_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "tumbl.sqlite"
    path.write_bytes(b"my novel " * 1000)
    with pytest.raises(StoreError, match=r"damaged .* put the newest copy in its place"):
        Database.open(path)


def test_a_copy_in_memory_sees_everything_and_changes_nothing(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "tumbl.sqlite"
    with Database.open(path) as database:
        store = TurnStore(database, clock)
        turn = posting(store)
        with Database.read(path) as copy:
            copied = TurnStore(copy, clock)
            copied.record_post(copied.turn(turn.id), "77", TurnState.POSTED, {}, None)
        assert store.turn(turn.id).state is TurnState.POSTING
    with Database.read(tmp_path / "none.sqlite") as empty:
        assert TurnStore(empty, clock).open_turns() == []


def test_files_that_cannot_be_used_are_said_to_be_so(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.sqlite"
    garbage.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Database.open(garbage)
    with pytest.raises(StoreError, match="not a database"):
        Database.read(garbage)
    with pytest.raises(StoreError, match=r"set tumblr\.database"):
        Database.open(garbage / "below" / "tumbl.sqlite")


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tumbl.sqlite"
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StoreError, match="schema is version"):
        Database.open(path)


def test_the_file_is_durable_at_every_commit(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
