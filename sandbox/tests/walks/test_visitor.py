"""A visitor comes in, asks, reads the answer, reblogs it, replies, likes, looks at the notes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from bench import Served, edit
from pages.stage import Stage
from tumblr_sandbox.demo_accounts import DEMO_BLOG, demo_keys
from tumblr_sandbox.store import posts
from walks.conftest import Walker

pytestmark = pytest.mark.browser

FOCUS = """(() => {
  const here = document.activeElement, box = here.getBoundingClientRect();
  const named = here.getAttribute("aria-label") || here.textContent.trim();
  const visible = box.width > 0 && box.height > 0 && getComputedStyle(here).outlineStyle !== "none";
  return [box.top + scrollY, named, visible, here.closest("main") !== null];
})()"""
"""Where the focus is: from the top in pixels, its name, whether one sees it, whether it is in the page."""


def answer_the_ask(served: Served, asker: str, answer: str) -> None:
    """Play the bot: answer an ask over the API."""
    client = served.client(demo_keys(DEMO_BLOG, served.world.database.path))
    ask = next(one for one in client.submission(DEMO_BLOG)["posts"] if one["asking_name"] == asker)
    edit(client, DEMO_BLOG, id=ask["id"], answer=answer, state="published")


def join(page: Page, name: str) -> None:
    """Come in from the first page."""
    page.get_by_placeholder("a-name-of-yours").fill(name)
    page.get_by_role("button", name="Join").click()
    expect(page.locator(".told")).to_contain_text(f"Welcome, {name}.")


def test_from_the_door_to_the_notes(walker: Walker, served: Served, stage: Stage) -> None:
    served.world.checks.timestamps = False
    page = walker.go("/")
    join(page, "noor")
    walker.check_width()
    page.get_by_role("link", name="Ask Frank").first.click()

    # The question box has the focus; the rest goes by keyboard alone.
    expect(page.get_by_label("Your question")).to_be_focused()
    walker.check_width()
    page.keyboard.type("Do you dream of <b>springs</b>?")
    page.keyboard.press("Control+Enter")
    status = page.locator("main .status")
    expect(status).to_contain_text("Your question is with Frank.")
    expect(page.locator(".bubble")).to_contain_text("Do you dream of <b>springs</b>?")
    walker.check_width()

    answer_the_ask(served, "noor", "<p>Only of small ones.</p>")
    expect(status).to_contain_text("Frank has answered your question.")
    answer = page.locator("#answer")
    expect(answer).to_contain_text("Only of small ones.")
    expect(answer).to_be_focused()
    expect(answer).to_be_in_viewport()
    walker.check_width()

    # Reblog it.
    answer.get_by_role("link", name="Reblog").click()
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    page.keyboard.type("He does, @frank!")
    page.get_by_label("Tags, with commas between").fill("springs, frank")
    walker.check_width()
    page.get_by_role("button", name="Reblog").click()
    expect(page.locator(".told")).to_contain_text("Posted.")
    page.get_by_role("link", name="See it").click()
    said = page.locator(".said")
    expect(said).to_have_count(2)
    expect(said.last.get_by_role("link", name="@frank")).to_have_attribute("href", "/blog/frank")
    expect(page.locator(".tags")).to_contain_text("#springs")

    # Like the answer in place, reply to it, and look at the notes.
    said.first.locator(".time").click()
    heart = page.get_by_role("button", name="Like")
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(page.locator("article a.notes")).to_have_text("2 notes")
    expect(heart).to_be_focused()
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "false")
    page.get_by_label("Your reply").fill("sleep well")
    page.get_by_role("button", name="Reply").click()
    expect(page).to_have_url(re.compile(r"#notes$"))
    expect(page.locator("#notes ol li")).to_contain_text(["sleep well", "He does", "posted this"])
    page.get_by_role("navigation", name="Kinds of notes").get_by_role("link", name="Reblogs").click()
    expect(page.locator("#notes ol li")).to_have_count(1)
    walker.check_width()

    # The bot's side sees it all.
    walker.be(DEMO_BLOG)
    page = walker.go("/activity")
    lines = page.locator(".events li.new")
    expect(lines.nth(0)).to_contain_text("noor replied to your post")
    expect(page.locator(".events").first).to_contain_text("noor reblogged your post and said")


def test_without_scripts(plain_walker: Walker, served: Served, stage: Stage) -> None:
    served.world.checks.timestamps = False
    page = plain_walker.go("/")
    join(page, "noor")
    page = plain_walker.go("/blog/frank/ask")
    page.get_by_label("Your question").fill("And without scripts?")
    page.get_by_role("button", name="Ask", exact=True).click()
    answer_the_ask(served, "noor", "<p>Just as well.</p>")
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("#answer")).to_contain_text("Just as well.")
    page.get_by_role("button", name="Like").click()
    expect(page.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    page.locator("article a.notes").click()
    page.get_by_label("Your reply").fill("hm")
    page.get_by_role("button", name="Reply").click()
    expect(page.locator("#notes ol li").first).to_contain_text("hm")
    page.get_by_role("link", name="Reblog").first.click()
    page.get_by_role("button", name="Reblog").click()
    page.get_by_role("link", name="See it").click()
    expect(page.locator(".from")).to_contain_text("frank")
    plain_walker.go("/questions").get_by_role("link", name="And without scripts?").click()
    expect(page.locator("#answer")).to_contain_text("Just as well.")
    fold = plain_walker.go("/blog/crimewave-jam").locator("details.fold").first
    expect(fold.locator(".said").first).to_be_hidden()
    fold.locator("summary").click()
    expect(fold.locator(".said").first).to_be_visible()
    plain_walker.check_width()


def test_by_keyboard_alone(walker: Walker, stage: Stage) -> None:
    walker.be("quietmarsh")
    page = walker.go("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    # Every stop is visible and named, and none lies far above the one before.
    height_so_far = 0.0
    for _ in range(14):
        page.keyboard.press("Tab")
        top, name, visible, in_main = page.evaluate(FOCUS)
        assert name
        assert visible
        assert in_main
        assert top > height_so_far - 60
        height_so_far = top

    # j and k go from post to post.
    places = []
    for pressed in "jjk":
        page.keyboard.press(pressed)
        places.append(str(page.evaluate("document.activeElement.id")))
    assert all(place.startswith("post-") for place in places)
    assert places[0] == places[2] != places[1]
    walker.check_width()


def test_news_are_announced(walker: Walker, stage: Stage) -> None:
    walker.be("quietmarsh")
    page = walker.go("/")
    stage.write("frank", "<p>something new</p>")
    line = page.get_by_role("link", name="1 new post")
    expect(line).to_be_visible(timeout=10_000)
    line.click()
    expect(page.locator("article.post").first).to_contain_text("something new")


def test_searching_and_following(walker: Walker, stage: Stage) -> None:
    walker.be("quietmarsh")
    page = walker.go("/explore")
    page.get_by_role("searchbox").fill("#herons")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("#herons")
    walker.check_width()
    page = walker.go("/blog/memefoundry")
    page.locator(".actions").get_by_role("button", name="Follow", exact=True).click()
    expect(page.locator(".actions").get_by_role("button", name="Unfollow")).to_be_visible()
    with stage.world.database.read() as connection:
        found = posts.of_blog(connection, stage.blog("memefoundry").id, posts.Selection(), limit=1)
    page = walker.go("/")
    expect(page.locator(f"#post-{found[0].id}")).to_be_visible()
