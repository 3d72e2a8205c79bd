"""A real Chromium that walks through the pages of a furnished sandbox, at two widths."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from bench import FakeClock, Served, new_world
from pages.stage import Stage, furnish
from tumblr_sandbox.world import World

WIDTHS: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
}
START = 1_700_000_000.0
NAMELESS = """() => {
  const name = e => [e.getAttribute("aria-label"), e.title, e.textContent,
    ...[...(e.labels || [])].map(l => l.textContent), ...[...e.querySelectorAll("img")].map(i => i.alt)]
    .join("").trim();
  const all = "a[href], button, select, textarea, input:not([type=hidden])";
  const controls = [...document.querySelectorAll(all)];
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  return [
    ...controls.filter(e => !name(e) && !e.closest("[hidden], [aria-hidden=true]")).map(e => e.outerHTML),
    ...[...document.querySelectorAll("img:not([alt])")].map(e => e.outerHTML),
    ...ids.filter((id, place) => ids.indexOf(id) !== place),
    ...(document.querySelectorAll("h1").length === 1 && document.title ? [] : ["one heading and a title"]),
  ];
}"""
"""What somebody who does not see the page would miss: names of controls and pictures, the page's own."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database to copy: furnishing takes longer than a walk."""
    path = tmp_path_factory.mktemp("furnished") / "sandbox.sqlite"
    world = new_world(path, FakeClock(START))
    furnish(world)
    world.close()
    return path


@pytest.fixture
def world(tmp_path: Path, furnished: Path) -> Iterator[World]:
    """A furnished sandbox whose clock stands still."""
    path = tmp_path / "sandbox.sqlite"
    for made, copy in ((furnished, path), (f"{furnished}.keys", f"{path}.keys")):
        shutil.copy(made, copy)
    world = new_world(path, FakeClock(START))
    yield world
    world.close()


@pytest.fixture
def stage(world: World) -> Stage:
    """Does what others do in the sandbox."""
    return Stage(world)


class Walker:
    """A visitor with a window. Whatever the browser complains about is kept in ``complaints``."""

    def __init__(self, context: BrowserContext, name: str) -> None:
        self.context = context
        self.name = name
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type == "error" else None
        )

    @property
    def is_phone(self) -> bool:
        """Whether the window is a phone's."""
        return self.name == "phone"

    def go(self, path: str) -> Page:
        """Open an address; nothing on the page may stick out sideways."""
        self.page.goto(path)
        self.check_width()
        return self.page

    def check_width(self) -> None:
        """Nothing sticks out sideways."""
        # After a click the next document may be there without its root element yet.
        self.page.wait_for_load_state()
        sticking_out = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert int(sticking_out) <= 0, (self.page.url, sticking_out)

    def check_names(self) -> None:
        """Whatever can be used or read on the page has a name."""
        assert self.page.evaluate(NAMELESS) == [], self.page.url

    def be(self, name: str) -> None:
        """Switch to an account on the page for that."""
        page = self.go("/accounts")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Be it").click()


@pytest.fixture(params=list(WIDTHS))
def walker(request: pytest.FixtureRequest, chromium: Browser, served: Served) -> Iterator[Walker]:
    """A visitor with JavaScript, by day on a desk and by night on a phone."""
    yield from _walk(chromium, served, request.param, scripts=True)


@pytest.fixture(params=list(WIDTHS))
def plain_walker(request: pytest.FixtureRequest, chromium: Browser, served: Served) -> Iterator[Walker]:
    """A visitor whose browser runs no scripts."""
    yield from _walk(chromium, served, request.param, scripts=False)


def _walk(chromium: Browser, served: Served, name: str, *, scripts: bool) -> Iterator[Walker]:
    context = chromium.new_context(
        viewport=WIDTHS[name],
        color_scheme="dark" if name == "phone" else "light",
        base_url=served.url,
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    walker = Walker(context, name)
    yield walker
    context.close()
    assert walker.complaints == []
