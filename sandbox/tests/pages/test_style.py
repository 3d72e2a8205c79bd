"""The style sheet: every text can be read, by day and by night."""

from __future__ import annotations

import re

import pytest

from bench import ROOT

SHEET = (ROOT / "tumblr_sandbox" / "static" / "sandbox.css").read_text(encoding="utf-8")
PAIRS = [
    *((colour, ground) for colour in ("text", "quiet", "link") for ground in ("card", "bubble")),
    *((colour, "card") for colour in ("good", "warn", "problem")),
    *(
        (colour, ground)
        for colour in ("on-ground", "on-ground-quiet", "accent")
        for ground in ("ground", "raised")
    ),
    ("on-accent", "accent"),
]
LEAST_CONTRAST = 4.5
"""Of text against its ground (WCAG 2, level AA)."""


def palette(*, night: bool) -> dict[str, str]:
    blocks = re.findall(r":root \{([^}]*)\}", SHEET)
    assert len(blocks) >= 2
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", blocks[0]))
    if night:
        found |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", blocks[1]))
    return found


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
@pytest.mark.parametrize(("colour", "ground"), PAIRS)
def test_contrast(colour: str, ground: str, night: bool) -> None:
    colours = palette(night=night)
    assert contrast(colours[colour], colours[ground]) >= LEAST_CONTRAST


def test_white_on_dangerous_buttons() -> None:
    assert contrast("#fff", palette(night=False)["danger"]) >= LEAST_CONTRAST


def test_every_colour_that_is_named_is_there() -> None:
    named = set(re.findall(r"var\(--([a-z-]+)\)", SHEET))
    assert named <= set(re.findall(r"--([a-z-]+):", SHEET))


def test_nothing_comes_from_elsewhere() -> None:
    assert "@import" not in SHEET
    assert "url(" not in SHEET
