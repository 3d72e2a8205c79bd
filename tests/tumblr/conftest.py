"""Fixtures: a clock, a store on a file, and a whole small world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tumblr.fakes import FakeClock, World
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until it is moved."""
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An open, empty database."""
    with Database.open(tmp_path / "tumbl.sqlite") as opened:
        yield opened


@pytest.fixture
def store(database: Database, clock: FakeClock) -> TurnStore:
    """A store on the database."""
    return TurnStore(database, clock)


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes worlds, each with a folder of its own, and stops them in the end."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        folder = tmp_path / f"world{len(made)}"
        folder.mkdir()
        made.append(World(folder, **settings))
        return made[-1]

    yield make
    for world in made:
        world.stop()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A world in which what passes the screening is published."""
    return make_world()
