"""The pages, without a browser: what they show, where they lead, and that nothing in them runs."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from sandbox.demo_seed import seed_demo
from sandbox.markup.content import Content
from sandbox.markup.html import paragraphs, sanitise
from sandbox.pages.blueprint import MAX_QUESTION, POSTS_PER_PAGE
from sandbox.pages.pictures import avatar_png
from sandbox.pages.views import ago, shown
from sandbox.posting import Changes, Written
from sandbox.store import accounts, posts
from sandbox.store.accounts import Blog
from sandbox.store.posts import StoredPost
from sandbox.world import World
from tests.sandbox.bench import FakeClock

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><b>bold</b></textarea>\"'"


@pytest.fixture
def demo(world: World) -> World:
    """A world with the demonstration in it."""
    seed_demo(world)
    return world


def blog_of(world: World, name: str) -> Blog:
    with world.database.read() as connection:
        blog = accounts.find_blog(connection, name)
    assert blog is not None
    return blog


def write(world: World, name: str, html: str, **more: object) -> StoredPost:
    written = Written(content=Content(html=sanitise(html)), **more)  # type: ignore[arg-type]
    with world.database.write() as connection:
        return world.writer.create(connection, blog_of(world, name), written, world.clock.now())


def reblog(world: World, name: str, parent: StoredPost, html: str = "") -> StoredPost:
    written = Written(content=Content(html=html))
    with world.database.write() as connection:
        return world.writer.reblog(connection, blog_of(world, name), parent, written, world.clock.now())


def change(world: World, post_id: int, **changes: object) -> StoredPost:
    with world.database.write() as connection:
        post = posts.get(connection, post_id)
        assert post is not None
        wanted = Changes(**changes)  # type: ignore[arg-type]
        return world.writer.edit(connection, blog_of(world, "frank"), post, wanted, world.clock.now())


def page(browser: FlaskClient, path: str, status: int = 200) -> BeautifulSoup:
    answer = browser.get(path)
    assert answer.status_code == status, path
    return BeautifulSoup(answer.text, "lxml")


def text_of(element: Tag | None) -> str:
    assert element is not None
    return " ".join(element.get_text(" ").split())


def ask(browser: FlaskClient, question: str, asker: str = "quietmarsh", **headers: str) -> int:
    form = {"question": question, "asker": asker}
    answer = browser.post(
        "/blog/frank/ask", data=form, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/blog/frank/asked/(\d+)", answer.headers["Location"])
    assert found is not None
    return int(found.group(1))


# Reading


def test_the_first_page_is_the_bots_blog(demo: World, browser: FlaskClient) -> None:
    assert browser.get("/").headers["Location"] == "/blog/frank"
    assert browser.head("/").status_code < 400


def test_an_empty_sandbox_says_so(world: World, browser: FlaskClient) -> None:
    assert "--seed-demo" in page(browser, "/").get_text()


def test_the_front_of_a_blog_under_its_own_name(demo: World, browser: FlaskClient) -> None:
    answer = browser.get("/", headers={"Host": "frank.tumblr.com"})
    assert '<style type="text/css">' in answer.text


def test_a_blog(demo: World, browser: FlaskClient) -> None:
    soup = page(browser, "/blog/frank")
    assert text_of(soup.h1) == "Frank"
    cards = soup.select("article.post")
    assert len(cards) == 3
    newest = cards[0]
    assert text_of(newest.select_one(".asker")) == "Anonymous asked:"
    assert "favourite kind of weather" in text_of(newest.select_one(".bubble"))
    assert text_of(newest.select_one(".own")).startswith("Fog.")
    assert [text_of(tag) for tag in newest.select(".tags li")] == ["#anonymous", "#weather"]
    assert text_of(newest.select_one(".notes")) == "1 note"
    link = newest.select_one(".time")
    assert link is not None
    assert re.fullmatch(r"/blog/frank/post/\d+", str(link["href"]))
    assert text_of(link) == "5 hours ago"


def test_everything_has_words_for_those_who_do_not_see(demo: World, browser: FlaskClient) -> None:
    for path in ("/blog/frank", "/blog/frank/ask"):
        soup = page(browser, path)
        assert soup.html is not None
        assert soup.html["lang"] == "en"
        assert soup.title is not None
        assert soup.select_one("main#main") is not None
        assert len(soup.select("h1")) == 1
        assert all(image.has_attr("alt") for image in soup.select("img"))
        for field in soup.select("textarea"):
            assert soup.select_one(f'label[for="{field["id"]}"]') is not None
        assert soup.select_one('meta[name="viewport"]') is not None


def test_older_posts_are_a_page_away(demo: World, browser: FlaskClient) -> None:
    for n in range(POSTS_PER_PAGE + 2):
        write(demo, "frank", f"<p>post {n}</p>")
    first = page(browser, "/blog/frank")
    assert len(first.select("article.post")) == POSTS_PER_PAGE
    assert first.select_one('a[rel="prev"]') is None
    following = first.select_one('a[rel="next"]')
    assert following is not None
    second = page(browser, str(following["href"]))
    assert len(second.select("article.post")) == 5
    assert second.select_one('a[rel="next"]') is None
    back = second.select_one('a[rel="prev"]')
    assert back is not None
    assert back["href"] == "/blog/frank"
    assert len(page(browser, "/blog/frank?page=99").select("article.post")) == 0
    assert len(page(browser, "/blog/frank?page=nonsense").select("article.post")) == POSTS_PER_PAGE


def test_a_chain_shows_who_said_what(demo: World, browser: FlaskClient) -> None:
    root = write(demo, "quietmarsh", "<p>one</p>", title="T")
    middle = reblog(demo, "memefoundry", root)
    last = reblog(demo, "frank", middle, "<p>two</p>")
    card = page(browser, f"/blog/frank/post/{last.id}").select_one("article.post")
    assert card is not None
    assert [text_of(one) for one in card.select(".speaker")] == ["quietmarsh", "frank"]
    assert [text_of(one) for one in card.select(".said .text")] == ["one", "two"]
    assert text_of(card.select_one(".from")).endswith("memefoundry")
    assert text_of(card.select_one(".title")) == "T"


def test_the_notes_of_a_post(demo: World, browser: FlaskClient) -> None:
    root = write(demo, "frank", "<p>one</p>")
    reblog(demo, "quietmarsh", root, "<p>so <b>true</b></p>")
    notes = page(browser, f"/blog/frank/post/{root.id}/any-slug").select("#notes li")
    assert text_of(notes[0]) == "quietmarsh reblogged this from frank just now so true"
    assert text_of(notes[1]) == "frank posted this just now"


def test_quotes_and_links(demo: World, browser: FlaskClient) -> None:
    write(demo, "frank", "<p>W.</p>", type="quote", details={"text": "To <be>"})
    write(demo, "frank", "", type="link", details={"url": "https://e.com/", "title": "E & F"})
    soup = page(browser, "/blog/frank")
    assert text_of(soup.select_one(".quotation")) == "To <be>"
    link = soup.select_one(".link a")
    assert link is not None
    assert (link["href"], text_of(link)) == ("https://e.com/", "E & F")


@pytest.mark.parametrize(
    "path",
    [
        "/blog/nobody",
        "/blog/nobody/ask",
        "/blog/frank/post/1",
        f"/blog/frank/post/{2**70}",
        "/nonsense",
        "/blog/nobody/asked/1",
    ],
)
def test_pages_that_do_not_exist(demo: World, browser: FlaskClient, path: str) -> None:
    soup = page(browser, path, 404)
    assert text_of(soup.h1) == "Not Found"
    assert soup.select_one('a[href="/"]') is not None


def test_what_is_not_published_has_no_page(demo: World, browser: FlaskClient) -> None:
    for state in ("draft", "queued", "private"):
        post = write(demo, "frank", "<p>secret</p>", state=state)
        page(browser, f"/blog/frank/post/{post.id}", 404)
    assert "secret" not in browser.get("/blog/frank").text
    published = write(demo, "quietmarsh", "<p>a</p>")
    page(browser, f"/blog/frank/post/{published.id}", 404)


# Asking


def test_the_ask_box(demo: World, browser: FlaskClient) -> None:
    soup = page(browser, "/blog/frank/ask")
    choices = [str(one["value"]) for one in soup.select('input[name="asker"]')]
    assert choices == ["quietmarsh", "tinplate-owl", "memefoundry", "crimewave-jam", ""]
    assert soup.select_one("input[checked]") is not None


def test_from_the_question_to_the_answer(demo: World, browser: FlaskClient, clock: FakeClock) -> None:
    number = ask(browser, "Do you dream?\nOften?")
    path = f"/blog/frank/asked/{number}"
    waiting = page(browser, path)
    assert text_of(waiting.select_one("[role=status]")) == "Your question is with Frank."
    assert "quietmarsh asked: Do you dream? Often?" in text_of(waiting.select_one(".waiting"))
    assert waiting.select_one("noscript meta[http-equiv=refresh]") is not None
    assert browser.get(f"{path}/status").json == {"state": "waiting"}
    assert "1 question waiting" in page(browser, "/blog/frank").get_text()

    clock.advance(5)
    post = change(demo, number, content=Content(html="<p>Of springs.</p>"), state="published", tags=("x",))
    assert browser.get(f"{path}/status").json == {"state": "answered"}
    answered = page(browser, path)
    assert text_of(answered.select_one("[role=status]")) == "Frank has answered your question."
    assert text_of(answered.select_one("#answer .own")) == "Of springs."
    assert answered.select_one(f'a[href="/blog/frank/post/{post.id}"]') is not None
    assert answered.select_one("meta[http-equiv=refresh]") is None
    assert "Of springs." in page(browser, "/blog/frank").get_text()


@pytest.mark.parametrize(
    ("state", "told", "says"),
    [("draft", "held", "approval"), ("queued", "queued", "queue"), ("private", "private", "private")],
)
def test_answers_that_are_not_out_yet(
    demo: World, browser: FlaskClient, state: str, told: str, says: str
) -> None:
    number = ask(browser, "Do you dream?")
    change(demo, number, content=Content(html="<p>secret</p>"), state=state)
    path = f"/blog/frank/asked/{number}"
    assert browser.get(f"{path}/status").json == {"state": told}
    soup = page(browser, path)
    assert says in text_of(soup.select_one("[role=status]"))
    assert "secret" not in soup.get_text()


def test_a_question_that_was_deleted(demo: World, browser: FlaskClient) -> None:
    number = ask(browser, "Do you dream?")
    with demo.database.write() as connection:
        posts.remove(connection, number)
    path = f"/blog/frank/asked/{number}"
    assert browser.get(f"{path}/status").json == {"state": "gone"}
    assert "will not answer" in text_of(page(browser, path).select_one("[role=status]"))
    text_post = write(demo, "frank", "<p>a</p>")
    assert browser.get(f"/blog/frank/asked/{text_post.id}/status").json == {"state": "gone"}


def test_an_anonymous_question(demo: World, browser: FlaskClient) -> None:
    number = ask(browser, "Do you dream?", "")
    assert "Anonymous asked:" in page(browser, f"/blog/frank/asked/{number}").get_text()


@pytest.mark.parametrize("question", ["", "  \n ", "x" * (MAX_QUESTION + 1)])
def test_questions_that_are_sent_back(demo: World, browser: FlaskClient, question: str) -> None:
    answer = browser.post("/blog/frank/ask", data={"question": question, "asker": "memefoundry"})
    assert answer.status_code == 400
    soup = BeautifulSoup(answer.text, "lxml")
    assert "question of up to" in text_of(soup.select_one("[role=alert]"))
    chosen = soup.select_one("input[checked]")
    assert chosen is not None
    assert chosen["value"] == "memefoundry"


def test_line_ends_of_forms_count_once(demo: World, browser: FlaskClient) -> None:
    number = ask(browser, "a\r\n" * (MAX_QUESTION // 2))
    assert number


def test_blogs_that_take_no_questions(demo: World, browser: FlaskClient) -> None:
    frank = blog_of(demo, "frank")
    for changed in ({"ask_anon": False}, {"ask": False}):
        with demo.database.write() as connection:
            accounts.save_settings(connection, frank, frank.settings.model_copy(update=changed))
        answer = browser.post("/blog/frank/ask", data={"question": "hm?", "asker": ""})
        assert answer.status_code == 409
    assert "takes no questions" in page(browser, "/blog/frank/ask").get_text()
    assert browser.post("/blog/frank/ask", data={"question": "x", "asker": "nobody"}).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 303),
        ({}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
def test_other_sites_cannot_ask(
    demo: World, browser: FlaskClient, headers: dict[str, str], status: int
) -> None:
    form = {"question": "hm?", "asker": ""}
    assert browser.post("/blog/frank/ask", data=form, headers=headers).status_code == status


# Hostile words


def test_nothing_that_people_write_runs(demo: World, browser: FlaskClient) -> None:
    number = ask(browser, HOSTILE)
    answer = Content(html=sanitise(HOSTILE))
    write(demo, "frank", HOSTILE, title=HOSTILE, tags=(HOSTILE,))
    quote = write(demo, "frank", HOSTILE, type="quote", details={"text": HOSTILE})
    reblog(demo, "frank", quote, sanitise(HOSTILE))
    waiting = f"/blog/frank/asked/{number}"
    pages = [browser.get(path).text for path in (waiting, "/blog/frank", f"/blog/frank/post/{quote.id}")]
    change(demo, number, content=answer, state="published", tags=(HOSTILE,))
    pages += [browser.get(waiting).text, browser.get("/blog/frank").text]
    pages.append(browser.post("/blog/frank/ask", data={"question": HOSTILE * 99, "asker": HOSTILE}).text)
    for html in pages:
        soup = BeautifulSoup(html, "lxml")
        assert all(script.get("src") == "/static/asked.js" for script in soup.select("script"))
        assert not any(name.startswith("on") for element in soup.find_all(True) for name in element.attrs)
        assert len(soup.select("textarea")) <= 1


def test_pages_forbid_what_they_do_not_need(demo: World, browser: FlaskClient) -> None:
    headers = browser.get("/blog/frank").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


# Small parts


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (7200, "2 hours ago"),
        (86_400, "1 day ago"),
        (6 * 86_400, "6 days ago"),
        (8 * 86_400, "6 Feb 2021"),
    ],
)
def test_how_long_ago(passed: int, words: str) -> None:
    published = 1612581212
    assert ago(published, published + passed) == words


@pytest.mark.parametrize(
    ("stored", "page_html"),
    [
        ('<a href="https://bob.tumblr.com/">b</a>', '<a href="/blog/bob">b</a>'),
        ('<a href="https://bob.tumblr.com">b</a>', '<a href="/blog/bob">b</a>'),
        ('<a href="https://bob.tumblr.com/post/12/a-slug">b</a>', '<a href="/blog/bob/post/12">b</a>'),
        ('<a href="https://bob.tumblr.com/archive">b</a>', '<a href="https://bob.tumblr.com/archive">b</a>'),
        ('<a href="https://example.com/">b</a>', '<a href="https://example.com/">b</a>'),
        ("<p>a</p><p>[[MORE]]</p>", "<p>a</p><p><hr></p>"),
    ],
)
def test_links_to_blogs_stay_in_the_sandbox(stored: str, page_html: str) -> None:
    assert shown(stored) == page_html


def test_pictures_differ_and_stay_the_same() -> None:
    names = ["frank", "quietmarsh", "tinplate-owl", "memefoundry", "crimewave-jam", "anonymous"]
    pictures = [avatar_png(name, 64) for name in names]
    assert len(set(pictures)) == len(names)
    assert pictures == [avatar_png(name, 64) for name in names]
    assert all(picture.startswith(b"\x89PNG\r\n\x1a\n") for picture in pictures)


def test_questions_keep_their_lines() -> None:
    assert paragraphs("a\nb\n\nc") == "<p>a<br>b</p><p>c</p>"
