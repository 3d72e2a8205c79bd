"""Fixtures of the sandbox's tests."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from assembly import Assembly
from bench import FakeClock, Served, make_person, new_world
from tumblr_sandbox.app import build_app, serve_world
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet
from tumblr_sandbox.world import World


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo a process's logging after its test: it writes to a standard error that is closed by then."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> FakeClock:
    """Stands still at the present: clients sign with real time."""
    return FakeClock(float(int(time.time())))


@dataclass(frozen=True)
class Template:
    """A database to copy, which is faster than to make one for every test."""

    path: Path
    franks_keys: KeySet


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A sandbox in which frank, bob and carol are."""
    path = tmp_path_factory.mktemp("template") / "sandbox.sqlite"
    world = new_world(path, FakeClock(float(int(time.time()))), seed=1)
    keys = [make_person(world, name) for name in ("frank", "bob", "carol")]
    world.close()
    return Template(path, keys[0])


@pytest.fixture
def world(tmp_path: Path, clock: FakeClock, request: pytest.FixtureRequest) -> Iterator[World]:
    """A sandbox: empty, unless the test asks for keys."""
    path = tmp_path / "sandbox.sqlite"
    if "keys" in request.fixturenames:
        shutil.copy(request.getfixturevalue("template").path, path)
    world = new_world(path, clock)
    yield world
    world.close()


@pytest.fixture(scope="session")
def any_app() -> Flask:
    """One application for all worlds in turn: its rules take longer to build than most tests."""
    return build_app()


@pytest.fixture
def app(any_app: Flask, world: World) -> Flask:
    """The sandbox as a WSGI application."""
    return serve_world(any_app, world)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser without a network, on this machine."""
    return app.test_client()


@pytest.fixture
def served(world: World, app: Flask) -> Iterator[Served]:
    """The sandbox over real HTTP."""
    with Served(world, app) as served:
        yield served


@pytest.fixture
def driver(served: Served) -> SandboxDriver:
    """The control face of the served sandbox."""
    return served.driver


@pytest.fixture
def keys(template: Template) -> KeySet:
    """The keys of frank, whose blog is frank; bob and carol are there as well."""
    return template.franks_keys


@pytest.fixture
def frank(served: Served, keys: KeySet) -> Any:
    """pytumblr with frank's keys."""
    return served.client(keys)


@pytest.fixture
def club(app: Flask, world: World, clock: FakeClock, keys: KeySet) -> Assembly:
    """A community of frank's and bob's, without a network."""
    return Assembly(app, world, clock)
