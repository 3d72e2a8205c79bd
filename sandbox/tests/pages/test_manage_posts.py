"""Inbox, drafts and queue: publish, queue, send back, accept, delete."""

from __future__ import annotations

import pytest

from pages.stage import Stage
from pages.visitor import Visitor, text_of
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.records import Call
from tumblr_sandbox.services.posting import Written
from tumblr_sandbox.store import posts
from tumblr_sandbox.store.posts import StoredPost


@pytest.fixture
def draft(stage: Stage) -> StoredPost:
    """An answer of the bot's that waits for a human."""
    return stage.answer(stage.ask("hm?"), "<p>Hm.</p>", "draft", tags=("x",))


def now(stage: Stage, post: StoredPost) -> StoredPost:
    with stage.world.database.read() as connection:
        found = posts.get(connection, post.id) or posts.get_born_as(connection, post.id)
    assert found is not None
    return found


def buttons(visitor: Visitor, path: str) -> list[str]:
    return [text_of(one) for one in visitor.see(path).select(".bar .button")]


def test_the_inbox(stage: Stage, visitor: Visitor) -> None:
    visitor.be("frank")
    assert "No questions waiting" in visitor.see("/inbox").get_text()
    ask = stage.ask("hm?")
    page = visitor.see("/inbox")
    assert "quietmarsh asked: hm?" in text_of(page.select_one(".bubble"))
    assert page.select_one(f'.bar a[href^="/edit/{ask.id}"]') is not None
    assert text_of(page.select_one(".tabs [aria-current]")) == "Inbox 1"
    assert text_of(page.select_one('.rail a[href="/inbox"]')) == "Inbox 1 new"


def test_posts_that_were_handed_in(stage: Stage, visitor: Visitor) -> None:
    written = Written(content=Content(html="<p>take this</p>"))
    with stage.world.database.write() as connection:
        frank, giver = stage.blog("frank"), stage.blog("memefoundry")
        given = stage.world.writer.submit(connection, frank, written, giver, stage.world.clock.now())
        stage.world.writer.submit(connection, frank, written, None, stage.world.clock.now())
    visitor.be("frank")
    page = visitor.see("/inbox")
    assert [text_of(one) for one in page.select(".submitted")] == [
        "Somebody handed this in",
        "memefoundry handed this in",
    ]
    assert buttons(visitor, "/inbox") == ["Publish", "Queue"] * 2
    assert text_of(visitor.see(f"/edit/{given.id}").h1) == "Edit"
    visitor.send(f"/manage/{given.id}/publish")
    assert now(stage, given).state == "published"


def test_publishing_a_draft(stage: Stage, visitor: Visitor, draft: StoredPost) -> None:
    visitor.be("frank")
    assert buttons(visitor, "/drafts") == ["Publish", "Send back", "Accept", "Queue"]
    answer = visitor.send(f"/manage/{draft.id}/publish", next="/drafts")
    assert answer.headers["Location"] == "/drafts"
    published = now(stage, draft)
    assert (published.state, published.genesis_id) == ("published", draft.id)
    told = visitor.see("/drafts").select_one(".told a")
    assert told is not None
    assert "Hm." in visitor.see(str(told["href"])).get_text()


def test_sending_back_tags_the_draft_for_the_bot(stage: Stage, visitor: Visitor, draft: StoredPost) -> None:
    visitor.be("frank")
    for action, tags, says in (
        ("send-back", ("x", "rts"), "Sent back"),
        ("accept", ("x", "a"), "Accepted"),
        ("keep", ("x",), None),
    ):
        visitor.send(f"/manage/{draft.id}/{action}", next="/drafts")
        assert now(stage, draft).tags == tags
        assert now(stage, draft).state == "draft"
        page = visitor.see("/drafts")
        if says is not None:
            assert says in text_of(page.select_one(".mark"))
            assert buttons(visitor, "/drafts") == ["Undo"]
        assert [text_of(tag) for tag in page.select(".tags li")] == ["#x"]


def test_only_programs_read_such_tags(stage: Stage, visitor: Visitor) -> None:
    stage.write("quietmarsh", "<p>a</p>", state="draft")
    visitor.be("quietmarsh")
    assert buttons(visitor, "/drafts") == ["Publish", "Queue"]
    call = Call(
        number=0,
        time=0,
        method="GET",
        path="/",
        parameters={},
        consumer="c",
        user="quietmarsh",
        status=200,
        fault=None,
    )
    stage.world.calls.add(call)
    assert buttons(visitor, "/drafts") == ["Publish", "Accept", "Queue"]


def test_the_queue(stage: Stage, visitor: Visitor, draft: StoredPost) -> None:
    visitor.be("frank")
    visitor.send(f"/manage/{draft.id}/queue")
    page = visitor.see("/queue")
    assert "UTC" in text_of(page.select_one(".when"))
    assert buttons(visitor, "/queue") == ["Publish", "To drafts"]
    visitor.send(f"/manage/{draft.id}/draft")
    assert now(stage, draft).state == "draft"
    visitor.send(f"/manage/{draft.id}/unanswer")
    assert now(stage, draft).state == "submission"


def test_what_cannot_be_done_is_said(stage: Stage, visitor: Visitor) -> None:
    ask = stage.ask("hm?")
    visitor.be("frank")
    visitor.send(f"/manage/{ask.id}/publish", next="/inbox")
    assert "cannot be empty" in text_of(visitor.see("/inbox").select_one(".told"))
    visitor.send(f"/manage/{ask.id}/send-back", 409)
    visitor.send(f"/manage/{ask.id}/explode", 404)
    assert now(stage, ask).state == "submission"


def test_deleting_asks_first(stage: Stage, visitor: Visitor, draft: StoredPost) -> None:
    visitor.be("frank")
    page = visitor.see(f"/delete/{draft.id}?next=/drafts")
    assert "Hm." in page.get_text()
    assert now(stage, draft) == draft
    answer = visitor.send(f"/delete/{draft.id}", next="/drafts")
    assert answer.headers["Location"] == "/drafts"
    assert "No drafts" in visitor.see("/drafts").get_text()


def test_lists_have_pages(stage: Stage, visitor: Visitor) -> None:
    for number in range(12):
        stage.write("frank", f"<p>{number}</p>", state="draft")
    visitor.be("frank")
    first = visitor.see("/drafts")
    following = first.select_one("a[rel=next]")
    assert following is not None
    assert len(visitor.see(f"/drafts{following['href']}").select(".listed-post")) == 2
    visitor.see(f"/drafts?page={10**40}")
