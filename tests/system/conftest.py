"""One running bot for the tests that only use it, and a cluster of services for bots to be killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.cluster import READER, Cluster, MoveIn, RunningBot
from tests.system.harness import RunningDemo


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Send the tests that are allowed the most time first: no worker waits for another at the end."""
    items.sort(key=_seconds_allowed, reverse=True)


def _seconds_allowed(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


@pytest.fixture(scope="session")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A bot that answers, shared by the session."""
    with RunningDemo(tmp_path_factory.mktemp("bot")) as running:
        yield running


@pytest.fixture(scope="session")
def whole_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The services, shared by the session."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.driver.create_user(READER)
        cluster.driver.create_user("friend")
        yield cluster


@pytest.fixture
def cluster(whole_cluster: Cluster) -> Iterator[Cluster]:
    """The services, all of them up again afterwards."""
    yield whole_cluster
    whole_cluster.repair()


@pytest.fixture
def move_in(cluster: Cluster) -> Iterator[MoveIn]:
    """Makes bots that live in the cluster."""
    bots: list[RunningBot] = []

    def move(blog: str, **changes: dict[str, Any]) -> RunningBot:
        bots.append(RunningBot(cluster, blog, **changes))
        return bots[-1]

    yield move
    for bot in bots:
        bot.tumbl.kill()
