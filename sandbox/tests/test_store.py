"""The database: migrations, transactions, and what does not go through the API yet."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy

from bench import FakeClock, new_world
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.store import communities, notes, posts, social
from tumblr_sandbox.store.accounts import find_blog
from tumblr_sandbox.store.database import Database, get_setting, put_setting
from tumblr_sandbox.store.migrations import MIGRATIONS, DatabaseTooNewError
from tumblr_sandbox.store.notes import Note, NoteFilter
from tumblr_sandbox.store.schema import metadata
from tumblr_sandbox.world import World


def test_the_tables_are_what_the_queries_think(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite")
    with database.read() as connection:
        found = sqlalchemy.inspect(connection)
        assert set(found.get_table_names()) - {"sqlite_sequence"} == set(metadata.tables)
        for name, table in metadata.tables.items():
            assert {column["name"] for column in found.get_columns(name)} == set(table.columns.keys())
            keys = found.get_pk_constraint(name)["constrained_columns"]
            assert set(keys) == {column.name for column in table.primary_key}
    database.close()


def test_a_database_is_migrated_once(tmp_path: Path) -> None:
    for _ in range(2):
        database = Database(tmp_path / "x.sqlite")
        with database.read() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        assert (version, mode, synchronous) == (len(MIGRATIONS), "wal", 2)
        database.close()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_database_of_before(tmp_path: Path, version: int) -> None:
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path)) as before, before:
        before.create_function("casefold", 1, str.casefold, deterministic=True)
        for script in MIGRATIONS[:version]:
            before.executescript(script)
        before.execute(f"PRAGMA user_version = {version}")
        before.execute("INSERT INTO users VALUES (1, 'u', 0)")
        before.execute("INSERT INTO blogs VALUES (1, 'u', 't:u', 1, 1, 0, '{}')")
        before.execute(
            "INSERT INTO posts (id, blog_id, state, type, content, details, trail, tree_id, tags, slug,"
            " summary, reblog_key, timestamp)"
            " VALUES (7, 1, 'published', 'text', ?, '{}', '[]', 7, '[]', '', '', 'k', 5)",
            [json.dumps(Content(html="<p>a</p>").to_json())],
        )
    database = Database(path)
    with database.read() as connection:
        post = posts.get(connection, 7)
        assert post is not None
        assert (post.content.as_text(), post.in_community) == ("a", False)
        assert communities.public(connection, limit=5) == []
    database.close()


def test_a_database_of_a_later_version(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path)) as later, later:
        later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(DatabaseTooNewError, match="99"):
        Database(path)


def test_a_failed_transaction_leaves_nothing(world: World) -> None:
    def fail() -> None:
        with world.database.write() as connection:
            put_setting(connection, "a", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with world.database.read() as connection:
        assert get_setting(connection, "a") is None


def test_settings_are_json(world: World) -> None:
    with world.database.write() as connection:
        put_setting(connection, "a", {"b": [1, None]})
        put_setting(connection, "a", {"b": [2]})
        assert get_setting(connection, "a") == {"b": [2]}


def test_writers_take_turns(world: World) -> None:
    def count() -> None:
        for _ in range(25):
            with world.database.write() as connection:
                put_setting(connection, "n", get_setting(connection, "n", 0) + 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.database.read() as connection:
        assert get_setting(connection, "n") == 100


def test_a_reader_sees_one_moment(world: World) -> None:
    with world.database.write() as connection:
        put_setting(connection, "n", 1)
    with world.database.read() as reader:
        assert get_setting(reader, "n") == 1
        with world.database.write() as connection:
            put_setting(connection, "n", 2)
        assert get_setting(reader, "n") == 1


def test_notes_of_one_moment_keep_their_order(world: World) -> None:
    with world.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO users VALUES (1, 'u', 0)")
        connection.exec_driver_sql("INSERT INTO blogs VALUES (1, 'u', 't:u', 1, 1, 0, '{}')")
        for n in range(5):
            notes.add(connection, Note(7, "reply", 1, 1000, text=str(n)))
        notes.add(connection, Note(7, "reply", 1, 10, text="late clock"))
        found = notes.of_tree(connection, 7, NoteFilter(), limit=10)
    assert [note.text for note in found] == ["late clock", "4", "3", "2", "1", "0"]
    assert len({note.moment for note in found}) == 6


def test_the_newest_notes_of_several_trees_are_those_of_each(world: World) -> None:
    with world.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO users VALUES (1, 'u', 0)")
        connection.exec_driver_sql("INSERT INTO blogs VALUES (1, 'u', 't:u', 1, 1, 0, '{}')")
        for tree, count in ((7, 5), (8, 1), (9, 0)):
            for n in range(count):
                notes.add(connection, Note(tree, "reply", 1, 1000, text=str(n), tags=("a",)))
        found = notes.newest_of_trees(connection, {7, 8, 9}, limit=3)
        for tree in (7, 8, 9):
            assert found[tree] == notes.of_tree(connection, tree, NoteFilter(), limit=3)


def test_unknown_ids_are_not_found(world: World) -> None:
    with world.database.read() as connection:
        assert posts.get(connection, 1) is None
        assert posts.get(connection, 2**80) is None
        assert posts.get_born_as(connection, 2**80) is None
        assert find_blog(connection, "nobody") is None
        assert find_blog(connection, "t:nobody") is None


def test_the_clock_offset_is_kept(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "x.sqlite"
    world = new_world(path, clock)
    world.set_clock_offset(1234.5)
    world.close()
    world = new_world(path, clock)
    assert world.clock.now() == clock.time + 1234.5
    world.close()


def test_blocks_end(world: World) -> None:
    with world.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO users VALUES (1, 'u', 0)")
        for n in (1, 2):
            row = (n, f"b{n}", f"t:{n}", 1, 1, 0, "{}")
            connection.exec_driver_sql("INSERT INTO blogs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        social.block(connection, 1, 2)
        social.block(connection, 1, 2)
        assert social.is_blocked(connection, 1, 2)
        assert not social.is_blocked(connection, 2, 1)
        social.unblock(connection, 1, 2)
        assert not social.is_blocked(connection, 1, 2)
