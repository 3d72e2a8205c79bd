"""The small parts: the clock, the registry of workers, the shape of bodies, migrations, metrics."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot_lifecycle import SteadyClock
from switchboard.messages import GeneratorPoll, RawSelectRequest, SelectorPoll
from switchboard.messages.fields import MAX_JSON_DEPTH
from switchboard.parsing import RequestError, check_shape
from switchboard.store import StoreUnavailable
from switchboard.store.database import Database
from switchboard.store.migrations import MIGRATIONS, migrate, schema_version
from switchboard.store.schema import jobs
from switchboard.workers import MAX_WORKERS, PRESENT_SECONDS, WorkerRegistry
from tests.switchboard.bench import Bench, FakeClock


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_the_clock_does_not_follow_the_machines_when_that_jumps(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    clock = SteadyClock()
    before = clock()
    real = time.time()
    assert abs(before - real) < 5
    monkeypatch.setattr(time, "time", lambda: real + jump)
    assert 0 <= clock() - before < 5


def nested(depth: int) -> Any:
    value: Any = "x"
    for level in range(depth - 1):
        value = [value] if level % 2 else {"k": value}
    return value


def test_bodies_may_be_nested_so_deep_and_no_deeper() -> None:
    check_shape(nested(MAX_JSON_DEPTH + 1))
    with pytest.raises(RequestError, match="nested deeper"):
        check_shape(nested(MAX_JSON_DEPTH + 2))


@pytest.mark.parametrize("value", ["\x00", ["a", {"b": "c\x00"}], {"a\x00": 1}])
def test_nul_characters_are_refused_wherever_they_are(value: Any) -> None:
    with pytest.raises(RequestError, match="NUL"):
        check_shape(value)


def test_an_error_about_a_message_does_not_quote_it() -> None:
    with pytest.raises(ValidationError) as raised:
        RawSelectRequest.model_validate({"id": "r", "texts": [["a very private text"]]})
    assert "private" not in str(raised.value)


def test_the_registry_knows_who_serves_what() -> None:
    clock = FakeClock()
    registry = WorkerRegistry(clock)
    registry.saw(GeneratorPoll(worker="g", capabilities=["raw_select"]))
    registry.saw(GeneratorPoll())
    clock.advance(10)
    registry.saw(SelectorPoll(worker="s"))
    lines = registry.lines({"g": 3})
    assert [(line.worker, line.role, line.last_contact_seconds, line.leases) for line in lines] == [
        ("s", "selector", 0.0, 0),
        ("g", "generator", 10.0, 3),
    ]
    assert registry.unserved(["answer", "raw_select", "answer"]) == ["answer"]
    clock.advance(PRESENT_SECONDS)
    assert registry.unserved(["raw_select"]) == ["raw_select"]


def test_the_registry_is_bounded() -> None:
    clock = FakeClock()
    registry = WorkerRegistry(clock)
    for number in range(MAX_WORKERS + 10):
        clock.advance(1)
        registry.saw(GeneratorPoll(worker=f"g{number}"))
    lines = registry.lines({})
    assert len(lines) == MAX_WORKERS
    assert lines[-1].worker == "g10"


def test_one_name_in_two_roles_is_two_workers_in_turn() -> None:
    registry = WorkerRegistry(FakeClock())
    registry.saw(GeneratorPoll(worker="w", instance="one"))
    registry.saw(SelectorPoll(worker="w", instance="two"))
    registry.saw(GeneratorPoll(worker="w", instance="one"))
    assert [line.role for line in registry.lines({})] == ["generator"]


def test_migrations_are_applied_once_each(database_url: str) -> None:
    database = Database(database_url)
    with database.write() as connection:
        assert schema_version(connection) == 0
        assert migrate(connection, 1.0) == len(MIGRATIONS)
        assert migrate(connection, 2.0) == len(MIGRATIONS)
        applied = connection.exec_driver_sql("SELECT version, applied_at FROM schema_versions").all()
    assert [tuple(row) for row in applied] == [(number + 1, 1.0) for number in range(len(MIGRATIONS))]
    database.close()


def test_a_database_of_the_first_version_is_brought_up_to_date(database_url: str) -> None:
    """Leases are counted from then on, and probabilities of rejection and announcements kept."""
    database = Database(database_url)
    with database.write() as connection:
        migrate(connection, 1.0)
        connection.exec_driver_sql("ALTER TABLE jobs DROP COLUMN leased")
        for table in ("candidates", "retained"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN autoreview")
        connection.exec_driver_sql("DROP TABLE announced")
        connection.exec_driver_sql("DELETE FROM schema_versions WHERE version > 1")
    with database.write() as connection:
        assert migrate(connection, 2.0) == len(MIGRATIONS)
        assert connection.exec_driver_sql("SELECT leased FROM jobs").all() == []
        for table in ("candidates", "retained"):
            assert connection.exec_driver_sql(f"SELECT autoreview FROM {table}").all() == []
        assert connection.exec_driver_sql("SELECT version FROM announced").all() == []
    database.close()


def run(bench: Bench, *statements: str) -> None:
    with bench.store._database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_transaction_that_fails_leaves_nothing(bench: Bench) -> None:
    bench.answer()
    with pytest.raises(StoreUnavailable):
        run(bench, "DELETE FROM requests", "THIS IS NOT SQL")
    assert bench.line("a")["request"] is not None
    assert bench.answer().collision


def test_a_reader_sees_one_moment_and_keeps_nobody_from_writing(bench: Bench) -> None:
    bench.answer("a")
    with bench.store._database.read() as connection:
        before = connection.execute(jobs.select()).all()
        bench.answer("b")
        assert connection.execute(jobs.select()).all() == before
    assert bench.store.status().counts == {"submitted": 2}


def test_sqlite_writes_are_on_disk_before_they_are_answered(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'er' / 'jobs.sqlite'}")
    with database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()
