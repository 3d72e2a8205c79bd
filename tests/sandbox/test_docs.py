"""The documentation names everything there is."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from sandbox import __main__ as command
from sandbox.control.messages import LimitFigures
from sandbox.faults import Fault, FaultKind
from sandbox.store.accounts import BlogSettings
from tests.sandbox.bench import ROOT

DOCS = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


def documented(path: str) -> str:
    """A rule's path as the documentation writes it."""
    path = re.sub(r"<(?:int:)?post_id>", "ID", path)
    path = re.sub(r"<int:number>", "NUMBER", path)
    return re.sub(r"<name>", "NAME", path)


def test_every_request_of_the_control_face(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/sandbox")]
    assert len(rules) > 20
    for rule in rules:
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert f"`{method} {documented(rule.rule)}`" in DOCS


def test_every_endpoint_of_the_api(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        path = rule.rule.removeprefix("/v2/")
        if path != rule.rule and path and "<path:" not in path:
            name = documented(path.removeprefix("blog/<identifier>/"))
            name = name.replace("/<kind>", "/TYPE").replace("/<size>", "")
            assert f"`{name}`" in DOCS, name


@pytest.mark.parametrize(
    "name",
    [
        *(kind.value for kind in FaultKind),
        *(name for name in Fault.model_fields if name != "kind"),
        *BlogSettings.model_fields,
        *LimitFigures.model_fields,
    ],
)
def test_every_name_that_can_be_sent(name: str) -> None:
    assert f"`{name}`" in DOCS or f"`{name}:" in DOCS


def test_every_option_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.parse_arguments(["serve", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert len(options) > 4
    for option in options:
        assert f"`{option}`" in DOCS
