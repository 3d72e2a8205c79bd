"""What every test gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo a process's logging after its test: it writes to a standard error that is closed by then."""
    yield
    structlog.reset_defaults()
