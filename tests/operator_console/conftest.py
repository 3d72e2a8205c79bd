"""Fixtures: a stage before which posts wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.operator_console.stage import Stage


@pytest.fixture
def make_stage(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Makes stages, and takes them down in the end."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(Stage(_new_folder(tmp_path), **how))


def _new_folder(parent: Path) -> Path:
    folder = parent / f"stage{len(list(parent.iterdir()))}"
    folder.mkdir()
    return folder


@pytest.fixture
def stage(make_stage: Callable[..., Any]) -> Stage:
    """A stage with one post that waits."""
    made: Stage = make_stage()
    return made
