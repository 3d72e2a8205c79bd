"""The settings: what they are, what they mean, and where they come from. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template, request

PAGES = Blueprint("configured", __name__)


@dataclass(frozen=True)
class SettingLine:
    """A setting as it is shown; of a secret the value says only whether it is set."""

    name: str
    value: str
    source: str
    meaning: str


@PAGES.get("/settings")
def page() -> Any:
    """All settings by section; those that are not as by default first, if that is asked for."""
    sections: Mapping[str, Sequence[SettingLine]] = current_app.extensions["console"].configured
    changed = request.args.get("changed") == "yes"
    shown = {
        section: [line for line in lines if not changed or line.source != "default"]
        for section, lines in sections.items()
    }
    found = {section: lines for section, lines in shown.items() if lines}
    return render_template("settings.html", sections=found, changed=changed)
