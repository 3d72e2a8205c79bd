"""Take the README's picture: the demo started, a question typed into the ask box, the answer waited for.

    python -m deploy.screenshot docs/images

Needs Chromium; CHROMIUM names its program where it is not on the path.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bot_config import load_config
from bot_process import FatalError, Shutdown, run_door
from deploy.demo import wait_until_ready
from deploy.demo_config import write_demo_config
from deploy.supervised import HOME, Supervised, free_port

QUESTION = "Hi Frank! What do you think about the moon?"
ANSWER_SECONDS = 60.0
SIZES = {"ask": (1100, 820), "ask-phone": (400, 800)}


def find_chromium() -> str:
    """The path of Chromium; raises FatalError when there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise FatalError("Chromium is not found", "install it, or name its program in CHROMIUM")
    return found


def ask_in_browser(browser: Browser, page_url: str, size: tuple[int, int], picture: Path) -> None:
    """Ask as a visitor does, wait until the answer shows, and photograph it."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, device_scale_factor=2)
    page.goto(page_url)
    page.get_by_role("link", name="Ask me anything").click()
    page.get_by_role("textbox").fill(QUESTION)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_selector("#answer", timeout=ANSWER_SECONDS * 1000)
    page.screenshot(path=picture)
    page.close()


def main(argv: list[str] | None = None) -> int:
    """Run the demo for as long as the pictures take."""
    parser = argparse.ArgumentParser(prog="deploy.screenshot", description="take the README's pictures")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    arguments = parser.parse_args(argv)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    program = find_chromium()
    port = free_port()
    with tempfile.TemporaryDirectory() as run, sync_playwright() as playwright:
        path = write_demo_config(Path(run), HOME / "sandbox" / "demo_model", port, free_port())
        with Supervised(Path(run), path, port) as supervised:
            wait_until_ready(supervised, load_config(path), Shutdown())
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            for name, size in SIZES.items():
                ask_in_browser(browser, f"http://127.0.0.1:{port}/", size, arguments.folder / f"{name}.png")
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(run_door(main))
