"""The pages in a real browser: a visitor asks, waits, and reads the answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from sandbox.demo_accounts import DEMO_BLOG, demo_keys
from sandbox.demo_seed import seed_demo
from tests.sandbox.bench import Served, edit

pytestmark = pytest.mark.browser

DESKTOP: ViewportSize = {"width": 1200, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(params=["desktop", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, served: Served) -> Iterator[Page]:
    seed_demo(served.world)
    phone = request.param == "phone"
    context = chromium.new_context(
        viewport=PHONE if phone else DESKTOP, color_scheme="dark" if phone else "light", base_url=served.url
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert problems == []


def fits(page: Page) -> bool:
    """Whether nothing sticks out sideways."""
    wide: Any = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return int(wide) <= 0


def test_a_visitor_asks_and_reads_the_answer(page: Page, served: Served) -> None:
    page.goto("/")
    expect(page).to_have_url(f"{served.url}/blog/frank")
    expect(page.locator("article.post")).to_have_count(3)
    assert fits(page)
    page.get_by_role("link", name="Ask me anything").click()
    # The question box gets the focus; the rest goes by keyboard alone.
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("Do you dream of <b>springs</b>?")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="tinplate-owl")).to_be_checked()
    assert fits(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("Your question is with Frank.")
    expect(page.locator(".bubble")).to_contain_text("Do you dream of <b>springs</b>?")
    assert fits(page)
    client = served.client(demo_keys(DEMO_BLOG))
    (ask,) = client.submission(DEMO_BLOG)["posts"]
    assert ask["asking_name"] == "tinplate-owl"
    edit(client, DEMO_BLOG, id=ask["id"], answer="<p>Only of small ones.</p>", state="published")

    expect(page.get_by_role("status")).to_contain_text("Frank has answered your question.", timeout=10_000)
    expect(page.locator("#answer")).to_contain_text("Only of small ones.")
    expect(page.locator("#answer")).to_be_focused()
    expect(page.locator("#answer")).to_be_in_viewport()
    page.get_by_role("link", name="The post itself").click()
    expect(page.get_by_role("heading", name="0 notes")).to_be_visible()
    assert fits(page)
