"""Stores on both databases, with a clock one turns by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from switchboard.job_factory import JobRules
from switchboard.settings import SwitchboardConfig
from tests.switchboard.bench import Bench
from tests.switchboard.postgres import PrivateServer, find_programs
from tests.switchboard.service import Service

MakeBench = Callable[..., Bench]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PrivateServer]:
    """A server of this session's own; skips, saying why, where there is none."""
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL on this machine (initdb and postgres are not found): its part is not run")
    server = PrivateServer(programs)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    server: PrivateServer = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture
def make_bench(database_url: str) -> Iterator[MakeBench]:
    """Make a bench with settings of one's own."""
    made: list[Bench] = []

    def make(settings: SwitchboardConfig | None = None, rules: JobRules | None = None) -> Bench:
        made.append(Bench(database_url, settings, rules))
        return made[-1]

    yield make
    for bench in made:
        bench.store.close()


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """A bench with the usual settings; answers want 13 candidates, text posts 15."""
    return make_bench()


@pytest.fixture
def sqlite_bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench on SQLite alone, for what does not depend on the database."""
    bench = Bench(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield bench
    bench.store.close()


@pytest.fixture
def service(sqlite_bench: Bench) -> Iterator[Service]:
    """The HTTP service over a store on SQLite."""
    service = Service(sqlite_bench)
    yield service
    service.parts.notifier.close()
