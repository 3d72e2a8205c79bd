"""docs/operating.md speaks of every state and setting that an operator of this room meets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot_config import Config
from tumblr.__main__ import main
from tumblr.settings import AsksConfig, QueueConfig, ScreeningConfig
from tumblr.turns.commands.registry import commands
from tumblr.turns.kinds import TurnState

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PAGE = (DOCS / "operating.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("state", list(TurnState))
def test_every_state_is_explained(state: TurnState) -> None:
    assert f"| {state} |" in PAGE


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_explained(command: str) -> None:
    assert f"`!{command}" in PAGE


@pytest.mark.parametrize(
    "setting", [*AsksConfig.model_fields, *ScreeningConfig.model_fields, *QueueConfig.model_fields]
)
def test_every_rule_of_the_operator_is_explained(setting: str) -> None:
    assert setting in PAGE


def test_the_settings_it_names_exist() -> None:
    for section, key in re.findall(r"`(blog|tumblr|loop|asks|queue|switchboard|generator)\.(\w+)`", PAGE):
        assert key in type(getattr(Config(), section)).model_fields


def test_the_settings_have_a_page_of_their_own_that_it_links() -> None:
    assert "](settings.md)" in PAGE
    assert (DOCS / "settings.md").is_file()


def test_the_parts_of_the_page_that_it_links_exist() -> None:
    titles = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors


def test_tumblrs_own_rules_are_linked() -> None:
    assert "https://www.tumblr.com/docs/en/api_agreement" in PAGE
    assert "https://www.tumblr.com/policy/en/community" in PAGE


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m tumblr (\w+)", PAGE))))
def test_the_commands_it_names_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "usage" in capsys.readouterr().out
