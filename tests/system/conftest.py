"""One running bot for the tests that only use it, and a street of neighbours for bots to be killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.harness import RunningBot
from tests.system.street import READER, Bot, MoveIn, Street


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Send the tests that are allowed the most time first: no worker waits for another at the end."""
    items.sort(key=_seconds_allowed, reverse=True)


def _seconds_allowed(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


@pytest.fixture(scope="session")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """A bot that answers, shared by the session."""
    with RunningBot(tmp_path_factory.mktemp("bot")) as running:
        yield running


@pytest.fixture(scope="session")
def whole_street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """The neighbours, shared by the session."""
    with Street(tmp_path_factory.mktemp("street")) as street:
        street.driver.create_user(READER)
        street.driver.create_user("friend")
        yield street


@pytest.fixture
def street(whole_street: Street) -> Iterator[Street]:
    """The neighbours, with everybody alive again afterwards."""
    yield whole_street
    whole_street.mend()


@pytest.fixture
def move_in(street: Street) -> Iterator[MoveIn]:
    """Makes bots that live in the street."""
    bots: list[Bot] = []

    def move(blog: str, **changes: dict[str, Any]) -> Bot:
        bots.append(Bot(street, blog, **changes))
        return bots[-1]

    yield move
    for bot in bots:
        bot.tumbl.kill()
