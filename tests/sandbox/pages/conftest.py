"""Fixtures of the pages' tests."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from sandbox.demo_seed import seed_demo
from sandbox.world import World
from tests.sandbox.pages.stage import Stage
from tests.sandbox.pages.visitor import Visitor


@pytest.fixture
def stage(world: World) -> Stage:
    """The demonstration's people, ready to do things."""
    seed_demo(world)
    return Stage(world)


@pytest.fixture
def visitor(browser: FlaskClient) -> Visitor:
    """Somebody who looks at the pages; a guest at first."""
    return Visitor(browser)
