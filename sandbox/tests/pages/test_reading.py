"""Pages to read: feeds, blogs, posts with their notes."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from bench import FakeClock
from pages.stage import Stage, furnish
from pages.visitor import Visitor, cards, text_of
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.pages.layout import POSTS_PER_PAGE
from tumblr_sandbox.pages.reading import NOTES_PER_PAGE
from tumblr_sandbox.pages.views import FIRST, LAST
from tumblr_sandbox.store import accounts
from tumblr_sandbox.world import World

# The dashboard


@pytest.mark.parametrize("address", ["/", "/dashboard"])
def test_a_guest_sees_everything_and_is_asked_in(stage: Stage, visitor: Visitor, address: str) -> None:
    page = visitor.see(address)
    assert len(cards(page)) == 7
    assert page.select_one(".welcome input[name=name]") is not None
    assert page.select_one('.invite a[href="/blog/frank/ask"]') is not None


def test_the_dashboard_has_posts_of_followed_blogs_and_ones_own(stage: Stage, visitor: Visitor) -> None:
    visitor.be("quietmarsh")
    authors = [text_of(card.select_one("h2")) for card in cards(visitor.see("/"))]
    assert set(authors) == {"frank", "quietmarsh"}
    visitor.send("/follow/memefoundry")
    authors = [text_of(card.select_one("h2")) for card in cards(visitor.see("/"))]
    assert "memefoundry" in authors


def test_newcomers_follow_some_and_may_end_it(stage: Stage, visitor: Visitor) -> None:
    visitor.be("busy-one")
    stage.write("busy-one", "<p>hello</p>")
    visitor.be("newcomer")
    assert len(cards(visitor.see("/"))) == 8
    visitor.send("/unfollow/busy-one")
    assert len(cards(visitor.see("/"))) == 7
    for name in ("frank", "quietmarsh", "tinplate-owl", "memefoundry", "crimewave-jam"):
        visitor.send(f"/unfollow/{name}")
    assert "Nobody to read yet" in visitor.see("/").get_text()


def test_an_empty_sandbox_says_so(world: World, visitor: Visitor) -> None:
    assert "--seed-demo" in visitor.see("/").get_text()
    assert "Nothing here yet" in visitor.see("/explore").get_text()
    visitor.see("/questions")


def test_feeds_go_on_where_the_page_ended(stage: Stage, visitor: Visitor) -> None:
    for number in range(2 * POSTS_PER_PAGE):
        stage.write("frank", f"<p>post {number}</p>", tags=("numbered",))
    for feed in ("/", "/explore"):
        seen: list[str] = []
        path: str | None = feed
        while path is not None:
            page = visitor.see(path)
            seen += [str(card["id"]) for card in cards(page)]
            link = page.select_one("a[rel=next]")
            path = None if link is None else str(link["href"])
        assert len(seen) == len(set(seen)) == 2 * POSTS_PER_PAGE + 7


def test_posts_with_a_tag(stage: Stage, visitor: Visitor, clock: FakeClock) -> None:
    for number in range(POSTS_PER_PAGE + 2):
        clock.advance(1)
        stage.write("frank", f"<p>post {number}</p>", tags=("A/B c?",))
    first = visitor.see("/tagged/a/b%20c%3F")
    assert len(cards(first)) == POSTS_PER_PAGE
    following = first.select_one("a[rel=next]")
    assert following is not None
    assert len(cards(visitor.see(str(following["href"])))) == 2
    tag = cards(first)[0].select_one(".tags a")
    assert tag is not None
    assert len(cards(visitor.see(str(tag["href"])))) == POSTS_PER_PAGE
    assert "No posts" in visitor.see("/tagged/nothing").get_text()


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("frank", "/blog/frank"),
        ("@Frank", "/blog/frank"),
        ("#fog", "/tagged/fog"),
        (" two words ", "/tagged/two%20words"),
        ("", "/explore"),
        ("#", "/explore"),
    ],
)
def test_searching(stage: Stage, browser: FlaskClient, typed: str, place: str) -> None:
    assert browser.get("/search", query_string={"q": typed}).headers["Location"] == place


def test_how_many_posts_are_new(stage: Stage, visitor: Visitor) -> None:
    page = visitor.see("/explore")
    line = page.select_one("[data-news]")
    assert line is not None
    address = str(line["data-news"])
    assert visitor.client.get(address).json == {"posts": 0}
    stage.write("crimewave-jam", "<p>new</p>")
    assert visitor.client.get(address).json == {"posts": 1}
    visitor.be("quietmarsh")
    assert visitor.client.get(address.replace("explore", "dashboard")).json == {"posts": 0}
    assert visitor.client.get(f"/news?since={2**70}").json == {"posts": 0}


# Blogs and posts


def test_the_front_of_a_blog_under_its_own_name(stage: Stage, browser: FlaskClient) -> None:
    answer = browser.get("/", headers={"Host": "frank.tumblr.com"})
    assert '<style type="text/css">' in answer.text


def test_a_blog(stage: Stage, visitor: Visitor) -> None:
    page = visitor.see("/blog/frank")
    assert text_of(page.h1) == "Frank"
    assert "3 posts 4 followers" in text_of(page.select_one(".masthead"))
    newest = cards(page)[0]
    assert text_of(newest.select_one(".asker")) == "Anonymous asked:"
    assert "favourite kind of weather" in text_of(newest.select_one(".bubble"))
    assert text_of(newest.select_one(".card > .text")).startswith("Fog.")
    assert [text_of(tag) for tag in newest.select(".tags li")] == ["#anonymous", "#weather"]
    assert text_of(newest.select_one(".notes")) == "1 note"
    link = newest.select_one(".time")
    assert link is not None
    assert re.fullmatch(r"/blog/frank/post/\d+", str(link["href"]))
    assert text_of(link) == "5 hours ago"
    assert len(cards(visitor.see("/blog/frank?tag=WEATHER"))) == 1


def test_older_posts_of_a_blog_are_a_page_away(stage: Stage, visitor: Visitor) -> None:
    for number in range(POSTS_PER_PAGE + 2):
        stage.write("frank", f"<p>post {number}</p>")
    first = visitor.see("/blog/frank")
    assert len(cards(first)) == POSTS_PER_PAGE
    assert first.select_one("a[rel=prev]") is None
    following = first.select_one("a[rel=next]")
    assert following is not None
    second = visitor.see(str(following["href"]))
    assert len(cards(second)) == 5
    assert second.select_one("a[rel=next]") is None
    back = second.select_one("a[rel=prev]")
    assert back is not None
    assert back["href"] == "/blog/frank"
    assert not cards(visitor.see("/blog/frank?page=99"))
    assert len(cards(visitor.see("/blog/frank?page=nonsense"))) == POSTS_PER_PAGE
    visitor.see(f"/blog/frank?page={10**30}")


def test_a_pinned_post_comes_first(stage: Stage, visitor: Visitor) -> None:
    pinned = stage.write("frank", "<p>pinned</p>", tags=("p",))
    for number in range(POSTS_PER_PAGE + 3):
        stage.write("frank", f"<p>post {number}</p>", tags=("p",))
    frank = stage.blog("frank")
    with stage.world.database.write() as connection:
        changed = frank.settings.model_copy(update={"pinned_post": pinned.id})
        accounts.save_settings(connection, frank, changed)
    pages = [cards(visitor.see(f"/blog/frank?page={number}")) for number in (1, 2)]
    seen = [str(card["id"]) for page in pages for card in page]
    assert seen[0] == f"post-{pinned.id}"
    assert len(seen) == len(set(seen)) == POSTS_PER_PAGE + 7
    assert pages[0][0].select_one(".pinned") is not None
    assert cards(visitor.see("/blog/frank?tag=p"))[0]["id"] != seen[0]
    stage.change(pinned, state="private")
    assert len(cards(visitor.see("/blog/frank"))) == POSTS_PER_PAGE


def test_a_chain_shows_who_said_what(stage: Stage, visitor: Visitor) -> None:
    root = stage.write("quietmarsh", "<p>one</p>", title="T")
    middle = stage.reblog("memefoundry", root)
    last = stage.reblog("frank", middle, "<p>two</p>")
    (card,) = cards(visitor.see(f"/blog/frank/post/{last.id}"))
    assert [text_of(one) for one in card.select(".speaker .name")] == ["quietmarsh", "frank"]
    assert [text_of(one) for one in card.select(".said .text")] == ["one", "two"]
    assert text_of(card.select_one(".from a")) == "memefoundry"
    assert text_of(card.select_one(".said:first-of-type .title")) == "T"


def test_a_naked_reblog_of_an_answer_shows_question_and_answer(stage: Stage, visitor: Visitor) -> None:
    answer = stage.answer(stage.ask("hm?"), "<p>Hm.</p>")
    naked = stage.reblog("memefoundry", answer)
    (card,) = cards(visitor.see(f"/blog/memefoundry/post/{naked.id}"))
    assert "quietmarsh asked: hm?" in text_of(card.select_one(".bubble"))
    assert [text_of(one) for one in card.select(".speaker .name")] == ["frank"]


def test_a_long_chain_is_folded_among_others_and_whole_by_itself(stage: Stage, visitor: Visitor) -> None:
    post = stage.chain(21)
    card = next(one for one in cards(visitor.see("/explore")) if one["id"] == f"post-{post.id}")
    assert text_of(card.select_one("details > summary")) == f"{21 - FIRST - LAST} more in between"
    assert len(card.select(".said")) == 21
    assert len(card.select("details .said")) == 21 - FIRST - LAST
    path = card.select_one(".head .time")
    assert path is not None
    (alone,) = cards(visitor.see(str(path["href"])))
    assert alone.select_one("details") is None
    assert len(alone.select(".said")) == 21


def test_the_read_more_waits_on_the_posts_own_page(stage: Stage, visitor: Visitor) -> None:
    post = stage.write("frank", "<p>Before.</p><p>[[MORE]]</p><p>After.</p>")
    card = cards(visitor.see("/blog/frank"))[0]
    assert "After." not in card.get_text()
    link = next((a for a in card.select("a") if text_of(a) == "Keep reading"), None)
    assert link is not None
    assert link["href"] == f"/blog/frank/post/{post.id}"
    assert "After." in visitor.see(str(link["href"])).get_text()


def test_types_of_posts(stage: Stage, visitor: Visitor) -> None:
    stage.write("frank", "<p>W.</p>", type="quote", details={"text": "To <be>"})
    stage.write("frank", "", type="link", details={"url": "https://e.com/", "title": "E & F"})
    stage.write("frank", "<p>a: b<br>c</p>", type="chat", title="talk")
    stage.write("frank", "", type="link", details={"url": "javascript:alert(1)"})
    nowhere, chat, link, quote = cards(visitor.see("/blog/frank"))[:4]
    assert text_of(quote.select_one(".quotation")) == "To <be>"
    anchor = link.select_one(".link a")
    assert anchor is not None
    assert (anchor["href"], text_of(anchor)) == ("https://e.com/", "E & F e.com")
    assert [text_of(line) for line in chat.select(".chat div")] == ["a: b", "c"]
    assert text_of(chat.select_one(".title")) == "talk"
    assert nowhere.select_one(".link a") is None


def test_every_page_of_a_furnished_sandbox(world: World, visitor: Visitor) -> None:
    furnish(world)
    visitor.be("frank")
    for path in ("/", "/explore", "/inbox", "/drafts", "/queue", "/activity", "/new", "/control"):
        page = visitor.see(path)
        assert page.html is not None
        assert page.html["lang"] == "en"
        assert page.title is not None
        assert page.select_one("main#main") is not None
        assert len(page.select("h1")) == 1, path
        assert all(image.has_attr("alt") for image in page.select("img"))
        assert page.select_one('meta[name="viewport"]') is not None
        assert page.select_one("[style]") is None
        for field in page.select("textarea, select, input:not([type=hidden])"):
            named = page.select_one(f'label[for="{field.get("id")}"]') or field.find_parent("label")
            assert named is not None, (path, field)
        ids = [str(element["id"]) for element in page.select("[id]")]
        assert len(ids) == len(set(ids)), path


# Notes


def test_the_notes_of_a_post(stage: Stage, visitor: Visitor) -> None:
    root = stage.write("frank", "<p>one</p>")
    stage.reblog("quietmarsh", root, "<p>so <b>true</b></p>", tags=("yes",))
    stage.like("memefoundry", root)
    stage.reply("crimewave-jam", root, "hm")
    path = f"/blog/frank/post/{root.id}"
    page = visitor.see(f"{path}/any-slug")
    assert [text_of(note) for note in page.select("#notes ol li")] == [
        "crimewave-jam replied just now hm",
        "memefoundry liked this just now",
        "quietmarsh reblogged this from frank just now so true #yes",
        "frank posted this just now",
    ]
    assert text_of(page.select_one("#notes .tabs")) == "All 3 Replies 1 Reblogs 1 Likes 1"
    for kind in ("replies", "reblogs", "likes"):
        assert len(visitor.see(f"{path}?notes={kind}").select("#notes ol li")) == 1
    assert len(visitor.see(f"{path}?notes=nonsense").select("#notes ol li")) == 4


def test_older_notes_are_a_page_away(stage: Stage, visitor: Visitor) -> None:
    root = stage.write("frank", "<p>one</p>")
    for number in range(NOTES_PER_PAGE + 3):
        stage.reply("quietmarsh", root, f"reply {number}")
    page = visitor.see(f"/blog/frank/post/{root.id}?notes=replies")
    assert len(page.select("#notes ol li")) == NOTES_PER_PAGE
    older = page.select_one(".more-notes a")
    assert older is not None
    rest = visitor.see(str(older["href"]).split("#")[0])
    assert [text_of(note.select_one(".added")) for note in rest.select("#notes ol li")] == [
        "reply 2",
        "reply 1",
        "reply 0",
    ]


# What is not there


@pytest.mark.parametrize(
    "path",
    [
        "/blog/nobody",
        "/blog/nobody/ask",
        "/blog/frank/post/1",
        f"/blog/frank/post/{2**70}",
        "/nonsense",
        "/blog/nobody/asked/1",
        "/reblog/1",
    ],
)
def test_pages_that_do_not_exist(stage: Stage, visitor: Visitor, path: str) -> None:
    page = visitor.see(path, 404)
    assert text_of(page.h1) == "Not Found"
    assert page.select_one('main a[href="/"]') is not None


@pytest.mark.parametrize("number", [2**63, -(2**70), "x", ""])
def test_pages_that_begin_at_no_place(stage: Stage, visitor: Visitor, number: object) -> None:
    post = stage.write("frank", "<p>here</p>", tags=("here",))
    visitor.be("frank")
    for path in ("/", "/explore", "/tagged/here", "/activity", "/drafts", f"/blog/frank/post/{post.id}"):
        visitor.see(f"{path}?before={number}")
    visitor.see(f"/blog/frank?page={number}")


@pytest.mark.parametrize(("setting", "status"), [("deactivated", 404), ("password_protected", 403)])
def test_blogs_that_nobody_may_see(stage: Stage, visitor: Visitor, setting: str, status: int) -> None:
    post = stage.write("quietmarsh", "<p>hidden words</p>", tags=("herons and all",))
    blog = stage.blog("quietmarsh")
    with stage.world.database.write() as connection:
        accounts.save_settings(connection, blog, blog.settings.model_copy(update={setting: True}))
    for path in ("/blog/quietmarsh", f"/blog/quietmarsh/post/{post.id}", "/blog/quietmarsh/ask"):
        visitor.see(path, status)
    visitor.be("tinplate-owl")
    for path in ("/", "/explore", "/tagged/herons%20and%20all"):
        assert "hidden words" not in visitor.see(path).get_text()


def test_what_is_not_published_has_no_page(stage: Stage, visitor: Visitor) -> None:
    for state in ("draft", "queued", "private"):
        post = stage.write("frank", "<p>secret</p>", state=state)
        visitor.see(f"/blog/frank/post/{post.id}", 404)
    waiting = stage.ask("hidden?")
    stage.answer(waiting, "<p>secret</p>", "draft")
    for path in ("/blog/frank", "/", "/explore"):
        assert "secret" not in visitor.see(path).get_text()
    elsewhere = stage.write("quietmarsh", "<p>a</p>")
    visitor.see(f"/blog/frank/post/{elsewhere.id}", 404)


def test_posts_made_as_blocks(stage: Stage, visitor: Visitor) -> None:
    blocks = (
        {"type": "text", "text": "plain"},
        {"type": "text", "text": "first", "subtype": "ordered-list-item"},
        {"type": "link", "url": "javascript:alert(1)", "title": "trap"},
    )
    post = stage.write("frank", "<p>x</p>")
    stage.change(post, content=Content(blocks=blocks))
    card = cards(visitor.see("/blog/frank"))[0]
    assert text_of(card.select_one(".text ol")) == "first"
    assert not [a for a in card.select("a[href]") if text_of(a) == "trap"]
