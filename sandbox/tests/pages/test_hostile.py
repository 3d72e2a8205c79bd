"""Nothing that people write runs, leads astray, or breaks a page."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.stage import HOSTILE, Stage
from pages.visitor import Visitor
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import paragraphs, sanitise
from tumblr_sandbox.pages.render import clean, shown
from tumblr_sandbox.pages.views import ago, day_name
from tumblr_sandbox.rendering.avatars import avatar_png

ALLOWED_SOURCES = ("/static/", "/64.media.tumblr.com/")


def check_harmless(html: str) -> None:
    page = BeautifulSoup(html, "lxml")
    for script in page.select("script"):
        assert script.get("src") == "/static/sandbox.js"
    for element in page.find_all(True):
        assert not any(name.startswith("on") or name == "style" for name in element.attrs), element
        for name in ("href", "action", "src"):
            address = str(element.get(name) or "")
            assert not address.lower().replace(" ", "").startswith(("javascript", "data", "vbscript")), (
                element
            )
    for image in page.select("img[src]"):
        assert str(image["src"]).startswith(ALLOWED_SOURCES), image


def test_nothing_that_people_write_runs(stage: Stage, visitor: Visitor) -> None:
    number = visitor.ask(HOSTILE)
    stage.write("frank", HOSTILE, title=HOSTILE, tags=(HOSTILE,))
    quote = stage.write("frank", HOSTILE, type="quote", details={"text": HOSTILE})
    stage.write("frank", HOSTILE, type="link", details={"url": "javascript:alert(1)", "title": HOSTILE})
    stage.write("frank", HOSTILE, type="chat")
    stage.reblog("quietmarsh", quote, HOSTILE, tags=(HOSTILE,))
    stage.reply("quietmarsh", quote, HOSTILE)
    stage.answer(stage.ask(HOSTILE), sanitise(HOSTILE), "draft", tags=(HOSTILE,))
    trap = stage.community("trap", "frank", title=HOSTILE, description=HOSTILE)
    stage.post_into(trap, "frank", HOSTILE)
    visitor.be("frank")
    paths = (
        "/communities",
        "/communities/trap",
        f"/blog/frank/asked/{number}",
        "/blog/frank",
        f"/blog/frank/post/{quote.id}",
        f"/reblog/{quote.id}",
        f"/edit/{quote.id}",
        f"/delete/{quote.id}?next=javascript:alert(1)",
        "/",
        "/explore",
        "/inbox",
        "/drafts",
        "/activity",
        "/questions",
        "/new?next=javascript:alert(1)",
        "/accounts?q=%22%3E%3Cscript%3E&next=javascript:alert(1)",
        "/control?path=%22%3E%3Cscript%3E",
        "/tagged/%3Cscript%3E",
    )
    for path in paths:
        check_harmless(str(visitor.see(path)))
    for path, form in (
        ("/blog/frank/ask", {"question": HOSTILE * 99}),
        ("/accounts", {"name": HOSTILE}),
        ("/new", {"title": HOSTILE * 9, "body": HOSTILE, "tags": HOSTILE, "state": "x", "form": HOSTILE}),
        ("/control/add-fault", {"kind": HOSTILE}),
    ):
        answer = visitor.send(path, 400, next="javascript:alert(1)", **form)
        check_harmless(answer.text)
    check_harmless(str(visitor.see(f"/blog/{HOSTILE.replace('/', '')}", 404)))


@settings(max_examples=100, deadline=None)
@given(st.text("<>\"'=/ abimgscriptonerrorhref:javascript()&;#x0-", max_size=80))
def test_no_words_become_a_script(words: str) -> None:
    check_harmless(f"<div>{clean(words)}</div>")


def test_blocks_are_cleaned_as_well(stage: Stage, visitor: Visitor) -> None:
    blocks = (
        {"type": "link", "url": "javascript:alert(1)", "title": "trap"},
        {
            "type": "text",
            "text": "trap",
            "formatting": [{"type": "link", "start": 0, "end": 4, "url": "data:x"}],
        },
        {
            "type": "text",
            "text": "trap",
            "formatting": [{"type": "color", "start": 0, "end": 4, "hex": "url(x)"}],
        },
    )
    post = stage.change(stage.write("frank", "<p>x</p>"), content=Content(blocks=blocks))
    check_harmless(str(visitor.see(f"/blog/frank/post/{post.id}")))


def test_pages_forbid_what_they_do_not_need(stage: Stage, visitor: Visitor) -> None:
    headers = visitor.client.get("/blog/frank").headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["img-src"] == "'self'"
    assert policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("stored", "page_html"),
    [
        ('<a href="https://bob.tumblr.com/">b</a>', '<a href="/blog/bob" rel="{}">b</a>'),
        ('<a href="https://bob.tumblr.com">b</a>', '<a href="/blog/bob" rel="{}">b</a>'),
        (
            '<a href="https://bob.tumblr.com/post/12/a-slug">b</a>',
            '<a href="/blog/bob/post/12" rel="{}">b</a>',
        ),
        ('<a href="https://bob.tumblr.com/post/12">b</a>', '<a href="/blog/bob/post/12" rel="{}">b</a>'),
        (
            '<a href="https://bob.tumblr.com/archive">b</a>',
            '<a href="https://bob.tumblr.com/archive" rel="{}">b</a>',
        ),
        ('<a href="https://example.com/">b</a>', '<a href="https://example.com/" rel="{}">b</a>'),
        ('<p style="color: red">a</p>', "<p>a</p>"),
        ('<p class="npf_quote other">a</p>', '<p class="npf_quote">a</p>'),
        ('<img src="https://e.com/x.png" alt="x">', '<img alt="x">'),
        ('<img src="http://h:1/64.media.tumblr.com/k/x.png">', '<img src="/64.media.tumblr.com/k/x.png">'),
        ("<p>a</p><p>[[MORE]]</p><p>b</p>", "<p>a</p><p></p><hr><p></p><p>b</p>"),
    ],
)
def test_what_a_page_makes_of_stored_html(stored: str, page_html: str) -> None:
    made = str(shown(Content(html=stored)))
    assert made == page_html.format("noopener noreferrer nofollow")


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


def test_names_of_days() -> None:
    noon = 1612612800
    assert [day_name(noon - 86_400 * days, noon) for days in (0, 1, 2)] == [
        "Today",
        "Yesterday",
        "Thursday, 4 February 2021",
    ]


def test_pictures_differ_and_stay_the_same() -> None:
    names = ["frank", "quietmarsh", "tinplate-owl", "memefoundry", "crimewave-jam", "anonymous"]
    names += [f"person-{number}" for number in range(40)]
    pictures = [avatar_png(name, 64) for name in names]
    assert len(set(pictures)) == len(names)
    assert pictures == [avatar_png(name, 64) for name in names]
    assert all(picture.startswith(b"\x89PNG\r\n\x1a\n") for picture in pictures)


def test_questions_keep_their_lines() -> None:
    assert paragraphs("a\nb\n\nc") == "<p>a<br>b</p><p>c</p>"
