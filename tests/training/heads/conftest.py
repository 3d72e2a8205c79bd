"""Fixtures of the heads' tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from tests.training.heads.toy import NOW, configuration
from training.__main__ import main


@pytest.fixture(autouse=True)
def _no_waiting_for_a_switchboard() -> Iterator[None]:
    """Nobody runs one: each command would wait for it before it says that it told nobody."""
    with stamina.set_testing(True):
        yield


@pytest.fixture(autouse=True)
def _at_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("training.scoring_heads.making", "training.scoring_heads.reviewer", "training.weekly"):
        monkeypatch.setattr(f"{module}.now", lambda: NOW)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """Runs a command; gives its status, the report it printed, and what it said."""
    config = configuration(tmp_path, promotion={"min_rows": 20})

    def call(*arguments: object) -> tuple[int, dict[str, Any], str]:
        status = main([str(arguments[0]), "--config", str(config), *map(str, arguments[1:])])
        out, err = capsys.readouterr()
        report = json.loads(out.splitlines()[-1]) if status in (0, 4) else {}
        return status, report, err

    return call
