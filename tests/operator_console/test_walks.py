"""Operators at a real Chromium: with the mouse, with the keyboard alone, on a phone, by day and by night."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.operator_console.stage import PASSWORD, UNDO, Stage
from tests.operator_console.test_learning import report_all
from tumblr.turns.kinds import TurnState

pytestmark = pytest.mark.browser

SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
}
PAGES = ("/review/", "/live", "/learning", "/why", "/why/1", "/people", "/settings", "/audit", "/review/999")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A window onto a stage. What the browser complains about, its policy's refusals too, is a failure."""

    def __init__(self, stage: Stage, chromium: Browser, size: str, scheme: Any) -> None:
        self.stage = stage
        self.url = stage.serve()
        self.context = chromium.new_context(
            base_url=self.url, viewport=SIZES[size], color_scheme=scheme, has_touch=size == "phone"
        )
        self.complaints: list[str] = []
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        return page

    def log_in(self, name: str = "keeper", password: str = PASSWORD) -> None:
        self.page.goto("/login")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/review/**")

    def key(self, key: str) -> None:
        """Press a key, and wait for what it brings."""
        self.page.keyboard.press(key)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is being loaded into the page."""
        for name in ("request", "swapping", "settling"):
            self.page.locator(f".htmx-{name}").first.wait_for(state="detached")

    def says(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for()

    def check(self, path: str) -> None:
        """Nothing sticks out sideways, and axe finds nothing."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert int(wide) <= 0, (path, wide)
        found = Axe().run(self.page, options=RULES)
        assert found.violations_count == 0, (path, found.generate_report())


@pytest.fixture
def visit(make_stage: Callable[..., Stage], chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens a window onto a new stage."""
    opened: list[Visit] = []

    def begin(size: str = "desktop", scheme: str = "light", **how: Any) -> Visit:
        opened.append(Visit(make_stage(**how), chromium, size, scheme))
        return opened[-1]

    yield begin
    for one in opened:
        one.context.close()
        assert one.complaints == []


def states(stage: Stage) -> list[str]:
    return [str(stage.world.store.turn(number).state) for number in range(1, stage._asks + 1)]


def test_ten_are_reviewed_by_mouse(visit: Callable[..., Visit]) -> None:
    here = visit(asks=10)
    page, stage = here.page, here.stage
    here.log_in()
    here.says("10 waiting")
    for left in (9, 8, 7):
        page.get_by_role("button", name="Approve a").click()
        here.says(f"{left} waiting")
    page.get_by_role("button", name="Undo").first.click()
    here.says("Taken back")
    page.get_by_text("Edit", exact=False).first.click()
    page.get_by_label("Words").fill("A stew, then.")
    page.get_by_label("Tags, with commas").fill("stew, dinner")
    page.get_by_role("button", name="Save and approve").click()
    here.says("7 waiting")
    page.get_by_text("3 candidates").click()
    page.get_by_role("button", name="Take this one").first.click()
    here.says("Saved")
    page.get_by_role("button", name="Write again w").click()
    here.says("6 waiting")
    page.get_by_label("Reason").last.fill("too salty")
    page.get_by_role("button", name="Reject r").click()
    here.says("5 waiting")
    for box in page.get_by_role("checkbox").all()[:4]:
        box.check()
    page.get_by_role("region", name="Waiting").get_by_role("button", name="To drafts").click()
    here.says("4 posts")
    page.get_by_role("link", name="To the review").click()
    here.says("1 waiting")
    stage.later()
    counted = {state: states(stage).count(state) for state in set(states(stage))}
    assert counted == {TurnState.POSTED: 3, TurnState.HELD: 2, TurnState.SKIPPED: 1, TurnState.DRAFTED: 4}
    assert sum("A stew, then." in body for body in stage.published()) == 1


def test_ten_are_reviewed_with_the_keyboard_alone(visit: Callable[..., Visit]) -> None:
    here = visit(scheme="dark", asks=10)
    page, stage = here.page, here.stage
    here.log_in()
    for left in (9, 8):
        here.key("a")
        here.says(f"{left} waiting")
    here.key("u")
    here.says("Taken back")
    here.key("j")
    here.key("k")
    here.key("e")
    page.keyboard.press("Control+A")
    page.keyboard.type("A stew by hand.")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("stew")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    here.says("8 waiting")
    here.key("c")
    page.keyboard.press("Enter")
    here.says("Saved")
    here.key("w")
    here.says("7 waiting")
    here.key("r")
    page.keyboard.type("too salty")
    page.keyboard.press("Enter")
    here.says("6 waiting")
    here.key("d")
    here.says("5 waiting")
    here.key("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    here.key("x")
    assert page.get_by_role("checkbox", checked=True).count() == 1
    stage.later()
    assert sorted(states(stage)) == sorted(
        [TurnState.POSTED] * 2 + [TurnState.HELD] * 6 + [TurnState.SKIPPED, TurnState.DRAFTED]
    )
    assert sum("A stew by hand." in body for body in stage.published()) == 1


def test_several_are_decided_at_once_with_the_keyboard_alone(visit: Callable[..., Visit]) -> None:
    """What is chosen stays chosen while one goes through the list."""
    here = visit(asks=4)
    here.log_in()
    for key in "xjjxb":
        here.key(key)
    assert here.page.get_by_role("checkbox", checked=True).count() == 2
    here.page.keyboard.press("Tab")
    here.page.keyboard.press("Enter")
    here.says("2 posts")
    here.stage.later()
    assert states(here.stage).count(TurnState.DRAFTED) == 2
    here.page.go_back()
    here.says("2 waiting")
    assert here.page.get_by_role("checkbox", checked=True).count() == 0


def test_a_tab_has_one_stream_that_comes_back_and_ends_with_the_login(
    visit: Callable[..., Visit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operator_console.streams.HEARTBEAT_SECONDS", 0.5)
    here = visit(asks=2)
    page, stage, asked = here.page, here.stage, [0]
    page.on("request", lambda request: asked.__setitem__(0, asked[0] + request.url.endswith("/stream")))
    here.log_in()
    badge = page.locator("[data-waiting]")
    badge.get_by_text("2").wait_for()
    for name in ("Live", "Why", "Live", "Review", "Live"):  # swapped, not loaded
        page.get_by_role("link", name=name).first.click()
        page.get_by_role("heading", name=name, level=1).wait_for()
    assert (asked[0], stage.streams.number) == (1, 1)
    stage.drop_streams()
    stage.world.tumblr.ask("and the sea?", "a-late-reader")
    stage.world.run()
    badge.get_by_text("3").wait_for()
    assert (asked[0], stage.streams.number) == (2, 1)
    stage.world.clock.advance(stage.settings.session_hours * 3600 + 1)
    page.wait_for_url("**/login**")
    page.wait_for_timeout(500)
    assert (asked[0], stage.streams.number) == (2, 0)


@pytest.mark.parametrize(
    ("size", "scheme", "pages"),
    [
        ("desktop", "light", PAGES),
        ("phone", "dark", PAGES),
        ("desktop", "dark", PAGES[:3]),  # these have every colour
        ("phone", "light", PAGES[:3]),
    ],
)
def test_every_page_can_be_used_by_everybody(
    visit: Callable[..., Visit], size: str, scheme: str, pages: Sequence[str]
) -> None:
    here = visit(size, scheme, asks=3)
    report_all(here.stage.keep_heads())
    here.page.goto("/login")
    here.check("/login")
    here.log_in()
    here.page.get_by_role("article").get_by_role("button", name="Approve").click()
    here.says("2 waiting")
    for path in pages:
        here.page.goto(path)
        for summary in here.page.locator("summary").all():
            summary.click()
        here.check(path)


def test_a_phone_decides_too(visit: Callable[..., Visit]) -> None:
    here = visit("phone", "light", asks=2)
    here.log_in("helper")
    assert here.page.get_by_role("button", name="Stop").count() == 0
    here.page.get_by_role("article").get_by_role("button", name="Approve").tap()
    here.says("1 waiting")
    here.page.get_by_role("link", name="reader-1").tap()
    here.page.get_by_role("article").get_by_label("Reason").fill("no")
    here.page.get_by_role("article").get_by_role("button", name="Reject").tap()
    here.says("Nothing waits")
    here.page.get_by_role("button", name="Log out").tap()
    here.page.wait_for_url("**/login")
    here.page.go_back()
    here.page.wait_for_url("**/login**")
    assert here.page.get_by_text("Nothing waits").count() == 0


def test_the_bot_is_stopped_under_load_and_the_page_follows_without_a_reload(
    visit: Callable[..., Visit],
) -> None:
    here = visit(asks=1)
    page, posting = here.page, here.stage.world.bot.posting
    writes, over = [0], threading.Event()

    def write() -> None:
        while not over.is_set():
            try:
                with posting.write("POST /v2/blog/frank/posts"):
                    writes[0] += 1
                    over.wait(0.01)
            except Exception:  # noqa: BLE001 - halted
                over.wait(0.01)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        here.log_in()
        page.goto("/live")
        page.get_by_role("button", name="Stop", exact=True).click()
        here.says("Stopped: nothing is written to tumblr")
        begun = writes[0]
        over.wait(0.3)
        assert writes[0] == begun
    finally:
        over.set()
        for thread in threads:
            thread.join()
    other = here.new_page()
    other.goto("/live")
    other.get_by_role("heading", name="Posting: stopped").wait_for()
    page.get_by_role("button", name="Resume").click()
    other.get_by_role("heading", name="Posting: on").wait_for(timeout=5_000)


def test_no_request_of_a_stranger_s_words_is_made_and_undo_is_in_time(visit: Callable[..., Visit]) -> None:
    here = visit(asks=1)
    here.stage.world.tumblr.ask('&lt;p hx-post="/posting" hx-trigger="load"&gt; soup', "mallory")
    here.stage.world.run()
    sent: list[str] = []
    here.page.on("request", lambda request: sent.append(request.method))
    here.log_in()
    here.says("2 waiting")
    here.key("e")
    here.page.get_by_label("Words").fill(
        '<p hx-post="/posting" hx-trigger="load">soup</p><img src=x onerror=1>'
    )
    sent.clear()
    here.page.get_by_role("button", name="Save", exact=True).click()
    here.says("as edited")
    here.page.wait_for_timeout(300)
    assert sent.count("POST") == 1
    here.key("a")
    here.says("1 waiting")
    here.stage.later(UNDO / 2)
    here.key("u")
    here.says("Taken back")
