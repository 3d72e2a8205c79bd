"""docs/operating.md speaks of every state and setting that an operator of this room meets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot_config import Config
from bot_settings.tumblr import AsksConfig, QueueConfig, ScreeningConfig
from tumblr.turns import TurnState

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "operating.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("state", list(TurnState))
def test_every_state_is_explained(state: TurnState) -> None:
    assert f"| {state} |" in PAGE


@pytest.mark.parametrize(
    "setting", [*AsksConfig.model_fields, *ScreeningConfig.model_fields, *QueueConfig.model_fields]
)
def test_every_rule_of_the_operator_is_explained(setting: str) -> None:
    assert setting in PAGE


def test_the_settings_it_names_exist() -> None:
    for section, key in re.findall(r"`(blog|tumblr|loop|asks|queue|switchboard|generator)\.(\w+)`", PAGE):
        assert key in type(getattr(Config(), section)).model_fields
