"""The keeper of the bot's account: drafts published and sent back, asks answered, the sandbox controlled."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from bench import Served
from pages.stage import LONG_WORD, Stage
from tumblr_sandbox.demo_accounts import DEMO_BLOG, demo_keys
from tumblr_sandbox.store import posts
from walks.conftest import Walker

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/explore",
    "/tagged/herons",
    "/tagged/nothing-at-all",
    "/blog/frank",
    "/blog/tinplate-owl",
    "/blog/memefoundry",
    "/blog/frank/ask",
    "/activity",
    "/inbox",
    "/drafts",
    "/queue",
    "/communities",
    "/communities/readers",
    "/questions",
    "/accounts",
    "/control",
    "/new",
    "/new?with=photo",
)


def test_a_draft_is_sent_back_and_another_published(walker: Walker, stage: Stage, served: Served) -> None:
    served.world.checks.timestamps = False
    walker.be(DEMO_BLOG)
    page = walker.go("/drafts")
    draft = page.locator(".listed-post").filter(has_text="is it true about the moon?")
    draft.get_by_role("button", name="Send back").click()
    expect(page.locator(".told")).to_contain_text("Sent back.")
    expect(draft.locator(".mark")).to_contain_text("the bot will answer again")
    walker.check_width()
    client = served.client(demo_keys(DEMO_BLOG, served.world.database.path))
    tags = [one["tags"] for one in client.drafts(DEMO_BLOG)["posts"] if "moon" in one.get("question", "")]
    assert tags == [["rts"]]
    draft.get_by_role("button", name="Undo").click()
    expect(draft.locator(".mark")).to_have_count(0)

    draft.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="See it").click()
    expect(page).to_have_url(re.compile(r"/blog/frank/post/\d+$"))
    expect(page.locator("article")).to_contain_text("I would not put it past the moon.")


def test_a_draft_is_edited_and_deleted(walker: Walker, stage: Stage) -> None:
    walker.be(DEMO_BLOG)
    page = walker.go("/drafts")
    draft = page.locator(".listed-post").filter(has_text="On stars")
    draft.get_by_role("link", name="Edit").click()
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    page.get_by_role("textbox", name="Title").fill("On most stars")
    page.get_by_role("button", name="Save").click()
    draft = page.locator(".listed-post").filter(has_text="On most stars")
    draft.get_by_role("link", name="Delete").click()
    walker.check_width()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".told")).to_contain_text("Deleted.")
    expect(draft).to_have_count(0)


def test_an_ask_is_answered_by_hand(walker: Walker, stage: Stage) -> None:
    walker.be(DEMO_BLOG)
    page = walker.go("/inbox")
    page.get_by_role("link", name="Answer").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Answer")
    page.get_by_role("textbox", name="Text").fill("A hammer.\n\nNobody would.")
    page.get_by_label("What to do with it").select_option("queued")
    page.get_by_role("button", name="Answer").click()
    expect(page).to_have_url(re.compile("/queue$"))
    expect(page.locator("main")).to_contain_text("Nobody would.")
    walker.check_width()


def test_switching_accounts(walker: Walker, stage: Stage) -> None:
    page = walker.go("/")
    page.get_by_role("link", name="You" if walker.is_phone else "a guest be somebody").click()
    page.get_by_role("button", name=re.compile("crimewave-jam")).click()
    page = walker.go("/accounts")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are crimewave-jam")
    page.get_by_label("Name", exact=True).fill("No Such Name!")
    page.get_by_role("button", name="Be it").click()
    expect(page.get_by_role("alert")).to_contain_text("letters a-z")
    walker.complaints.clear()  # the browser notes the 400 in its console
    page.get_by_label("Name", exact=True).fill("somebody-new")
    page.get_by_role("button", name="Be it").click()
    expect(page.locator(".told")).to_contain_text("Welcome, somebody-new.")
    walker.go("/accounts").get_by_role("button", name="Be a guest").click()
    expect(page.locator(".welcome")).to_be_visible()


def test_the_control_page(walker: Walker, stage: Stage, served: Served) -> None:
    with stage.world.database.read() as connection:
        (first,) = posts.queue_of(connection, stage.blog(DEMO_BLOG).id, limit=1)
    page = walker.go("/control")
    page.get_by_role("button", name="1 day").click()
    expect(page.locator("main")).to_contain_text("1 day ahead of real time")
    with stage.world.database.read() as connection:
        assert posts.get_born_as(connection, first.id) is not None
    page.get_by_label("What goes wrong").select_option(label="the connection is cut")
    page.get_by_label("Times").fill("2")
    page.locator("form[action='/control/add-fault']").get_by_role("button").click()
    expect(page.locator(".faults")).to_contain_text("cut any method * 2 more times")
    walker.check_width()
    page.get_by_role("button", name="All off").click()
    expect(page.locator("main")).to_contain_text("the sandbox behaves")
    page.get_by_role("button", name="Back to real time").click()
    served.world.checks.timestamps = False
    served.client(demo_keys(DEMO_BLOG, served.world.database.path)).info()
    page.get_by_label("Path has").fill("user/info")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("GET /v2/user/info")
    walker.check_width()


def test_nothing_sticks_out_and_everything_has_a_name(walker: Walker, stage: Stage) -> None:
    stage.write("frank", "<p>x</p>", title=LONG_WORD, tags=(LONG_WORD[:140],))
    stage.reply("tinplate-owl", stage.chain(21), LONG_WORD)
    stage.ask(LONG_WORD, "tinplate-owl")
    walker.be("a" * 32)
    for path in ("/", "/accounts", f"/blog/{'a' * 32}", "/drafts"):
        walker.go(path)
    walker.be(DEMO_BLOG)
    application = demo_keys(DEMO_BLOG, stage.world.database.path).consumer_key
    for path in (*PAGES, f"/oauth2/authorize?client_id={application}&redirect_uri=http://127.0.0.1:1/"):
        walker.go(path)
        walker.check_names()
    chain = walker.go("/blog/frank").locator("article:has(details) .time").first.get_attribute("href")
    assert chain is not None
    walker.go(chain)
    walker.check_names()
    walker.go("/there-is-no-such-page")
    walker.check_names()
    walker.complaints.clear()  # the browser notes the 404 in its console
