"""Fixtures of the sandbox's tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.app import create_app
from sandbox.driver import SandboxDriver
from sandbox.records import KeySet
from sandbox.world import World
from tests.sandbox.bench import FakeClock, Served, new_world


@pytest.fixture
def clock() -> FakeClock:
    """Stands still at the present: clients sign with real time."""
    return FakeClock(float(int(time.time())))


@pytest.fixture
def world(tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    """An empty sandbox."""
    world = new_world(tmp_path / "sandbox.sqlite", clock)
    yield world
    world.close()


@pytest.fixture
def app(world: World) -> Flask:
    """The sandbox as a WSGI application."""
    return create_app(world)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser without a network, on this machine."""
    return app.test_client()


@pytest.fixture
def served(world: World) -> Iterator[Served]:
    """The sandbox over real HTTP."""
    with Served(world) as served:
        yield served


@pytest.fixture
def driver(served: Served) -> SandboxDriver:
    """The control face of the served sandbox."""
    return served.driver


@pytest.fixture
def keys(driver: SandboxDriver) -> KeySet:
    """The keys of frank, whose blog is frank; bob and carol are there as well."""
    keys = driver.create_user("frank", title="Frank")
    for name in ("bob", "carol"):
        driver.create_user(name)
    return keys


@pytest.fixture
def frank(served: Served, keys: KeySet) -> Any:
    """pytumblr with frank's keys."""
    return served.client(keys)
