"""What every test gets."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import structlog

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def pytest_configure() -> None:
    """Set the environment of the tests, and of the processes that they start.

    It has no proxies: what the tests call themselves is on this machine. That the project's own calls go
    round a proxy has a test of its own, tests/test_bot_network.py. Threads of OpenMP sleep while they wait:
    by default they spin, and several test processes would take the cores from each other.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when the library is loaded, so before torch
    for name in PROXY_VARIABLES:
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo a process's logging after its test: it writes to a standard error that is closed by then."""
    yield
    structlog.reset_defaults()
