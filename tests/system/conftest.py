"""One running bot for the tests that only use it; those that break it start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.harness import RunningBot


@pytest.fixture(scope="session")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """A bot that answers, shared by the session."""
    with RunningBot(tmp_path_factory.mktemp("bot")) as running:
        yield running
