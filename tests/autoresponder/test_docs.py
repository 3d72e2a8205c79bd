"""docs/generator.md names everything an operator may meet in a log or a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoresponder import errors
from autoresponder.generation.acceptance import RULES, SPEAKS_FOR_OTHERS
from autoresponder.settings import SAMPLERS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "generator.md").read_text(encoding="utf-8")
ERRORS = [name for name in vars(errors) if name.endswith("Error") and name != "FatalError"]


@pytest.mark.parametrize("name", [*RULES, SPEAKS_FOR_OTHERS, *SAMPLERS, *ERRORS])
def test_the_page_names(name: str) -> None:
    assert f"`{name}`" in PAGE
