"""A scripted server, and clients of it that do not sleep between their tries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina.instrumentation

from autoresponder.completions.client import CompletionsClient
from autoresponder.model.encoding import TextEncoder
from autoresponder.settings import CompletionsConfig
from tests.autoresponder.completions.scripted import ScriptedServer, serving


@pytest.fixture(autouse=True)
def _logging_as_a_process_has_it() -> Iterator[None]:
    """Without the library's own lines, as ``bot_lifecycle.configure_logging`` has it."""
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.fixture
def served(encoder: TextEncoder) -> Iterator[ScriptedServer]:
    with serving(encoder) as server:
        yield server


@pytest.fixture
def completions(served: ScriptedServer) -> CompletionsConfig:
    return CompletionsConfig(url=served.url, timeout_seconds=20)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Instead of being slept, what would have been slept between tries."""
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    return slept


@pytest.fixture
def client(completions: CompletionsConfig) -> CompletionsClient:
    return CompletionsClient(completions)
