"""Fixtures of the pages' tests."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bench import FakeClock, new_world
from pages.stage import Stage
from pages.visitor import Visitor
from tumblr_sandbox.demo_seed import seed_demo
from tumblr_sandbox.world import World


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration in a file to copy, which is faster than to make it for every test."""
    path = tmp_path_factory.mktemp("seeded") / "sandbox.sqlite"
    world = new_world(path, FakeClock(float(int(time.time()))))
    seed_demo(world)
    world.close()
    return path


@pytest.fixture
def world(tmp_path: Path, clock: FakeClock, request: pytest.FixtureRequest) -> Iterator[World]:
    """A sandbox: empty, unless the test wants a stage."""
    path = tmp_path / "sandbox.sqlite"
    if "stage" in request.fixturenames:
        seeded = request.getfixturevalue("seeded")
        for made, copy in ((seeded, path), (f"{seeded}.keys", f"{path}.keys")):
            shutil.copy(made, copy)
    world = new_world(path, clock)
    yield world
    world.close()


@pytest.fixture
def stage(world: World) -> Stage:
    """The demonstration's people, ready to do things."""
    return Stage(world)


@pytest.fixture
def visitor(browser: FlaskClient) -> Visitor:
    """Somebody who looks at the pages; a guest at first."""
    return Visitor(browser)
