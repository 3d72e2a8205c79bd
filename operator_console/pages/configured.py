"""The settings: what they are, what they mean, and where they come from. Nothing is changed here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from operator_console.parts import parts

PAGES = Blueprint("configured", __name__)


@PAGES.get("/settings")
def page() -> Any:
    """All settings by section; those that are not as by default first, if that is asked for."""
    changed = request.args.get("changed") == "yes"
    shown = {
        section: [line for line in lines if not changed or line.source != "default"]
        for section, lines in parts().configured.items()
    }
    found = {section: lines for section, lines in shown.items() if lines}
    return render_template("settings.html", sections=found, changed=changed)
