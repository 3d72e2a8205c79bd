"""Older databases become those of today, and nothing in them is lost."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text

from tumblr.store.migrations import MIGRATIONS, migrate
from tumblr.store.schema import metadata


def columns(connection: Connection) -> dict[str, set[tuple[str, str, bool]]]:
    """Every table's columns: name, type, and whether it may be empty."""
    inspector = inspect(connection)
    return {
        table: {(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)}
        for table in inspector.get_table_names()
        if not table.startswith("sqlite_")
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
                connection.exec_driver_sql(statement)
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
