"""Older databases become those of today, and nothing in them is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from tests.tumblr.fakes import World
from tumblr.responding.post_log import explain, flat_record
from tumblr.store.migrations import MIGRATIONS, migrate
from tumblr.store.schema import metadata
from tumblr.turns.inputs import AskInput, CommandInput, TreatInput
from tumblr.turns.kinds import Action, TurnKind, TurnState
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Intent, Turn

VERSION_0_1_0 = Path(__file__).parent / "fixtures" / "version-0.1.0.sql"
"""A database that version 0.1.0 of the program wrote, with turns of every kind in every state it can have."""


def columns(connection: Connection) -> dict[str, set[tuple[str, str, bool]]]:
    """Every table's columns: name, type, and whether it may be empty."""
    inspector = inspect(connection)
    return {
        table: {(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)}
        for table in inspector.get_table_names()
        if not table.startswith(("sqlite_", "post_words"))  # the latter is a search index of SQLite's own
    }


def test_the_steps_make_the_tables_that_the_program_knows(tmp_path: Path) -> None:
    stepped = create_engine(f"sqlite:///{tmp_path / 'stepped.sqlite'}")
    known = create_engine(f"sqlite:///{tmp_path / 'known.sqlite'}")
    try:
        metadata.create_all(known)
        with stepped.begin() as old, known.begin() as new:
            assert migrate(old) == len(MIGRATIONS)
            assert columns(old) == columns(new)
    finally:
        stepped.dispose()
        known.dispose()


def test_a_first_database_keeps_its_turns(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
    try:
        with engine.begin() as connection:
            for statement in MIGRATIONS[0]:
                connection.exec_driver_sql(str(statement))
            connection.execute(
                text(
                    "INSERT INTO turns (kind, input_id, who, state, input, created_at, updated_at, attempts, "
                    "not_before, settled) VALUES ('ask', '1', 'bob', 'found', '{}', 1, 1, 0, 0, 1)"
                )
            )
            connection.execute(text("PRAGMA user_version = 1"))
        with engine.begin() as connection:
            migrate(connection)
            assert connection.execute(text("SELECT who, rejections FROM turns")).all() == [("bob", 0)]
            assert migrate(connection) == len(MIGRATIONS)
    finally:
        engine.dispose()


@pytest.fixture
def old_world(tmp_path: Path) -> Iterator[World]:
    """A bot of today over a database of version 0.1.0."""
    with closing(sqlite3.connect(tmp_path / "tumbl.sqlite")) as connection:
        connection.executescript(VERSION_0_1_0.read_text(encoding="utf-8"))
    world = World(tmp_path)
    yield world
    world.stop()


def turns_of(world: World) -> list[Turn]:
    return [turn for state in TurnState for turn in world.store.in_state(state)]


def test_turns_of_version_0_1_0_are_all_understood(old_world: World) -> None:
    turns = turns_of(old_world)
    assert len(turns) == VERSION_0_1_0.read_text(encoding="utf-8").count('INSERT INTO "turns"') > 80
    assert {turn.kind for turn in turns} == set(TurnKind)
    assert {turn.state for turn in turns} == set(TurnState) - {
        TurnState.WAITING,
        TurnState.HELD,
    }  # which came later
    for turn in turns:
        was_skipped = turn.state is TurnState.SKIPPED and turn.input.kind == "skipped"
        assert was_skipped or turn.input.kind == turn.kind
    assert {turn.input.command for turn in turns if isinstance(turn.input, CommandInput)} == {
        "follow",
        "unfollow",
        "pid",
    }
    (hidden,) = (turn for turn in turns if turn.who == "ghost")
    assert isinstance(hidden.input, AskInput)
    assert hidden.input.question == "do you see me?"
    assert len(hidden.input.tags) == 2
    (edit,) = old_world.outbox.open_edits()
    assert (edit.action, edit.post_id, edit.fields) == ("edit", "1001", {"state": "published"})
    assert old_world.cursors.follows() == {"alice", "carol"}


def test_the_bot_goes_on_with_turns_of_version_0_1_0(old_world: World) -> None:
    begun = {turn.id for turn in old_world.store.open_turns()}
    for _ in range(4):
        old_world.clock.advance(60)
        old_world.driver.round()
    left = [turn for turn in turns_of(old_world) if turn.id in begun]
    assert not [turn.reason for turn in left if turn.reason and "Error(" in turn.reason]
    assert not [turn for turn in left if turn.state in (TurnState.FOUND, TurnState.REQUESTED)]


def test_what_will_be_reblogged_has_the_name_of_its_blog(old_world: World) -> None:
    turns = [turn for turn in turns_of(old_world) if turn.is_open]
    planned: list[tuple[Turn, Intent | PlannedPost | None]] = [
        (turn, turn.intent) for turn in turns if turn.state is TurnState.POSTING
    ]
    planned += [(turn, turn.input.post) for turn in turns if isinstance(turn.input, TreatInput)]
    reblogs = [(turn, one) for turn, one in planned if one is not None and one.action is Action.REBLOG]
    assert {turn.kind for turn, _ in reblogs} == {
        TurnKind.REBLOG,
        TurnKind.MENTION,
        TurnKind.DASH,
        TurnKind.TREAT,
    }
    for turn, one in reblogs:
        assert one.target
        assert one.target in turn.input_id


def test_the_post_log_of_version_0_1_0_can_be_read(old_world: World) -> None:
    entries = old_world.store.log_entries()
    assert {entry.entry["kind"] for entry in entries} == set(TurnKind) - {TurnKind.COMMAND}
    for entry in entries:
        assert f"input: {entry.entry['kind']} {entry.input_id}" in explain(entry)
        assert flat_record(entry)["post_id"] == entry.post_id
