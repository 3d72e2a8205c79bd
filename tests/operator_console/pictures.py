"""Take the pictures of the console: a queue at a desk by day, a post on a phone by night.

    .venv/bin/python -m tests.operator_console.pictures docs/images

Needs Chromium; CHROMIUM names its program where it is not on the path.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from demo.screenshot import DESK, PHONE, find_chromium, picture
from tests.operator_console.stage import PASSWORD, Stage


def take(browser: Browser, url: str, size: ViewportSize, scheme: Any, path: Path, keys: str) -> None:
    """Log in, press some keys, and take a picture of what is seen."""
    context = browser.new_context(base_url=url, viewport=size, color_scheme=scheme, device_scale_factor=2)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill("keeper")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/**")
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(800)
    page.mouse.move(0, 0)
    picture(page, path)
    context.close()


def main(folder: Path) -> None:
    """Take them all."""
    with (
        tempfile.TemporaryDirectory() as work,
        Stage(Path(work), asks=8) as stage,
        sync_playwright() as playwright,
    ):
        url = stage.serve()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        take(browser, url, DESK, "light", folder / "console.png", "a")
        take(browser, url, PHONE, "dark", folder / "console-phone.png", "j")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
