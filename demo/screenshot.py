"""Take the README's pictures: the demo started, two visitors who join, ask the bot, and read its answers.

    python -m demo.screenshot docs/images

``dashboard.png`` is the dashboard after one of them reblogged the answer, ``phone.png`` the page on which
the other waited for theirs. Needs Chromium; CHROMIUM names its program where it is not on the path.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bot_config import load_config
from bot_lifecycle import FatalError, Shutdown
from bot_process import run_process
from demo.configuration import write_demo_config
from demo.pretrained import choose_model
from demo.run import DEFAULT_MODEL, say, switch_people, wait_until_ready
from demo.supervisor import Supervised, free_port

ANSWER_SECONDS = 180.0
PEOPLE, PEOPLE_SPEED = 24, 20.0
"""As the demo has it."""
OTHERS_SECONDS = 60.0
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def find_chromium() -> str:
    """The path of Chromium; raises FatalError when there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise FatalError("Chromium is not found", "install it, or name its program in CHROMIUM")
    return found


@contextmanager
def visit(browser: Browser, url: str, name: str, *, phone: bool) -> Iterator[Page]:
    """Come in as a newcomer."""
    context = browser.new_context(
        viewport=PHONE if phone else DESK,
        color_scheme="dark" if phone else "light",
        base_url=url,
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_placeholder("a-name-of-yours").fill(name)
    page.get_by_role("button", name="Join").click()
    yield page
    context.close()


def ask(page: Page, question: str) -> None:
    """Ask as a visitor does, and wait until the answer shows."""
    page.goto("/blog/frank/ask")
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_selector("#answer", timeout=ANSWER_SECONDS * 1000)


def reblog_and_go_home(page: Page, words: str, tags: str) -> None:
    """Like the answer, add some words to it, and look at the dashboard when somebody else has posted."""
    page.get_by_role("button", name="Like").click()
    page.wait_for_selector("button[aria-pressed=true]")
    page.get_by_role("link", name="Reblog").click()
    page.get_by_role("textbox", name="Text").fill(words)
    page.get_by_label("Tags, with commas between").fill(tags)
    page.get_by_role("button", name="Reblog").click()
    page.goto("/")
    with suppress(PlaywrightTimeout):
        page.wait_for_selector(".news:not([hidden])", timeout=OTHERS_SECONDS * 1000)
    page.goto("/")


def picture(page: Page, path: Path) -> None:
    """A picture of a page in 256 colours, which is a third of its size."""
    with Image.open(BytesIO(page.screenshot())) as whole:
        few = whole.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def take_pictures(browser: Browser, url: str, folder: Path) -> None:
    """Both pictures."""
    with visit(browser, url, "noor", phone=False) as page:
        ask(page, "Hi Frank! What do you think about the moon?")
        reblog_and_go_home(page, "I will tell it that you said so, @frank.", "the moon, frank")
        picture(page, folder / "dashboard.png")
    with visit(browser, url, "ida", phone=True) as page:
        ask(page, "Do you like the rain?")
        picture(page, folder / "phone.png")


def main(argv: list[str] | None = None) -> int:
    """Run the demo for as long as the pictures take."""
    parser = argparse.ArgumentParser(prog="demo.screenshot", description="take the README's pictures")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    arguments = parser.parse_args(argv)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    program = find_chromium()
    port = free_port()
    with tempfile.TemporaryDirectory() as run, sync_playwright() as playwright:
        model = choose_model(DEFAULT_MODEL, say)
        path = write_demo_config(Path(run), model.folder, port, free_port(), heads=model.heads)
        with Supervised(Path(run), path, port, people=PEOPLE, people_speed=PEOPLE_SPEED) as supervised:
            wait_until_ready(supervised, load_config(path), Shutdown())
            switch_people(port, None, None, wide=model.heads is not None)
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            take_pictures(browser, f"http://127.0.0.1:{port}", arguments.folder)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(run_process(main))
