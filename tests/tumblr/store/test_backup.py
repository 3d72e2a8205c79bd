"""Backup and restore: whole copies, also under work; nothing is lost on the way back."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot_lifecycle import FatalError
from tests.tumblr.fakes import FakeClock, World, an_ask
from tumblr.__main__ import main
from tumblr.api.errors import StoreError
from tumblr.store.backup import back_up, restore
from tumblr.store.database import Database
from tumblr.store.migrations import MIGRATIONS
from tumblr.store.turns import TurnStore

NOW = 1_612_600_000.0


def turns_in(path: Path) -> int:
    with Database.read(path) as database:
        return sum(TurnStore(database, FakeClock()).counts().values())


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    """A database with one answered ask."""
    world = World(tmp_path)
    world.tumblr.ask("soup?")
    world.run()
    world.stop()
    return tmp_path / "tumbl.sqlite"


def test_a_copy_of_a_database_at_work_is_whole(tmp_path: Path) -> None:
    world = World(tmp_path)

    def copy() -> None:
        for number in range(5):
            back_up(tmp_path / "tumbl.sqlite", tmp_path / f"copy{number}")

    copying = threading.Thread(target=copy)
    copying.start()
    number = 0
    while copying.is_alive():
        number += 1
        world.store.add([an_ask(str(number)), an_ask(f"1{number:09}")])
    copying.join()
    world.stop()
    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"copy{number}")) as connection, connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT count(*) % 2 FROM turns").fetchone() == (0,)
        connection.close()
    assert not list(tmp_path.glob("copy*-wal")) + list(tmp_path.glob("*.unfinished"))


def test_a_copy_is_never_written_over(answered: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        back_up(answered, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"
    with pytest.raises(StoreError, match="no database"):
        back_up(tmp_path / "none.sqlite", tmp_path / "other")


def test_a_copy_that_cannot_be_written_leaves_nothing(answered: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        back_up(answered, tmp_path / "file" / "copy")


def test_the_way_back_keeps_the_old_database(answered: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backups" / "copy"
    back_up(answered, copy)
    with Database.open(answered) as database:
        TurnStore(database, FakeClock()).add([an_ask("77")])
    kept = restore(copy, answered, NOW)
    assert kept == tmp_path / "tumbl.sqlite.before-20210206T082640Z"
    assert (turns_in(answered), turns_in(kept), turns_in(copy)) == (1, 2, 1)
    with Database.open(answered) as database:
        assert len(TurnStore(database, FakeClock()).log_entries()) == 1


def test_without_an_old_database_nothing_is_kept(answered: Path, tmp_path: Path) -> None:
    back_up(answered, tmp_path / "copy")
    new = tmp_path / "elsewhere" / "tumbl.sqlite"
    assert restore(tmp_path / "copy", new, NOW) is None
    assert turns_in(new) == 1


def test_the_way_back_from_a_damaged_database_keeps_it_as_it_is(answered: Path, tmp_path: Path) -> None:
    back_up(answered, tmp_path / "copy")
    answered.write_bytes(b"damaged" * 1000)
    kept = restore(tmp_path / "copy", answered, NOW)
    assert kept is not None
    assert kept.read_bytes() == b"damaged" * 1000
    assert turns_in(answered) == 1


def test_what_still_stands_beside_the_old_database_is_kept_and_does_not_mix(
    answered: Path, tmp_path: Path
) -> None:
    back_up(answered, tmp_path / "copy")
    holding = sqlite3.connect(answered)  # keeps SQLite from tidying up, as a kill does
    holding.execute("SELECT count(*) FROM turns").fetchone()
    with Database.open(answered) as database:
        TurnStore(database, FakeClock()).add([an_ask("77")])
    assert (tmp_path / "tumbl.sqlite-wal").stat().st_size > 0
    kept = restore(tmp_path / "copy", answered, NOW)
    holding.close()
    assert kept is not None
    assert (turns_in(answered), turns_in(kept)) == (1, 2)


def test_nothing_is_restored_while_the_bot_runs(answered: Path, tmp_path: Path) -> None:
    back_up(answered, tmp_path / "copy")
    with Database.open(answered), pytest.raises(StoreError, match="another process uses"):
        restore(tmp_path / "copy", answered, NOW)
    assert list(tmp_path.glob("*.before-*")) == []


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "there is no file"),
        (lambda path: path.write_bytes(b"garbage" * 500), "cannot be read"),
        (lambda path: execute(path, "CREATE TABLE x (y)"), "no database of"),
    ],
)
def test_only_a_copy_is_restored(answered: Path, tmp_path: Path, make: object, said: str) -> None:
    copy = tmp_path / "copy"
    make(copy)  # type: ignore[operator]
    with pytest.raises(StoreError, match=said):
        restore(copy, answered, NOW)
    assert turns_in(answered) == 1
    assert list(tmp_path.glob("*.before-*")) == []


def test_a_copy_of_a_newer_program_is_refused(answered: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    back_up(answered, copy)
    execute(copy, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreError, match="newer program"):
        restore(copy, answered, NOW)


def test_on_the_command_line(answered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"tumblr": {"database": str(answered)}}))
    copy = str(tmp_path / "copy")
    assert main(["backup", copy, "--config", str(config)]) == 0
    assert main(["restore", copy, "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert f"copied to {copy}" in told
    assert "it was kept as" in told
    with pytest.raises(FatalError, match="exists already"):
        main(["backup", copy, "--config", str(config)])
    with pytest.raises(FatalError, match="there is no file"):
        main(["restore", str(tmp_path / "none"), "--config", str(config)])
