"""What the bot posts: balanced, whitelisted, escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from munging.tumblr_html import ALLOWED_ATTRIBUTES, ALLOWED_SCHEMES, ALLOWED_TAGS, to_html
from tests.strategies import IDENTITY, words

EMPTY = {"br", "img"}


class Checker(HTMLParser):
    """Complains about any tag that is not allowed, not closed, or that does anything."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.opened: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED_TAGS
        for name, value in attrs:
            assert name in ALLOWED_ATTRIBUTES[tag]
            if name in ("href", "src"):
                scheme, colon, _ = (value or "").partition(":")
                assert not colon or "/" in scheme or scheme.lower() in ALLOWED_SCHEMES
        if tag not in EMPTY:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag not in EMPTY
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("an instruction")


def check(html: str) -> str:
    """Check some HTML; its words."""
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert not checker.opened
    return "".join(checker.said)


@settings(max_examples=300, deadline=None)
@given(words())
def test_html_is_balanced_and_allowed(text: str) -> None:
    html = to_html(text, IDENTITY)
    said = check(html)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd\uffff]", said)
    assert html.startswith("<p>")


@settings(max_examples=100, deadline=None)
@given(words())
def test_words_without_markup_come_through(text: str) -> None:
    plain = "".join(letter for letter in text if letter.isalnum()).lstrip("\u7ff0")
    assert check(to_html(plain, IDENTITY)) == plain


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ('<b onclick="x">y</b>', '<p>&lt;b onclick="x"&gt;y</p>'),
        ('<a href="javascript:x">y</a>', "<p><a>y</a></p>"),
        ('<a href="https://x.org/?a=1&b=2">y</a>', '<p><a href="https://x.org/?a=1&amp;b=2">y</a></p>'),
        ("<b>bold", "<p><b>bold</b></p>"),
        ("<b>a <b>b</b> c", "<p><b>a b</b> c</p>"),
        ("</b>a", "<p>a</p>"),
        ("<ul><li>a<li>b</ul>", "<p></p><ul><li>a</li><li>b</li></ul><p></p>"),
        ("</p></div>", "<p>&lt;/p&gt;&lt;/div&gt;</p>"),
        ("a & b &amp; c", "<p>a &amp; b &amp;amp; c</p>"),
        ("one\r\ntwo\rthree", "<p>one</p><p>two</p><p>three</p>"),
        (" Frank posted:\nSoup", "<p>Soup</p>"),
        ("\u7ff0Soup", "<p>Soup</p>"),
        ("\u57dfSoup \u7ff0\u6797", "<p>\u57dfSoup \u7ff0\u6797</p>"),
        ("<h2>Title</h2>\nbody", "<p></p><h2>Title</h2><p></p><p>body</p>"),
        ("<ul><li>a</li></ul>", "<p></p><ul><li>a</li></ul><p></p>"),
        ("half \ud83d a pair", "<p>half  a pair</p>"),
    ],
)
def test_what_is_posted(text: str, html: str) -> None:
    assert to_html(text, IDENTITY) == html


@pytest.mark.parametrize(
    "piece", ["<b>x", "<i>a\n", "<blockquote>x\n", "<ul><li>x", '<a href="x">y\n', "<li>x\n"]
)
def test_unclosed_tags_cost_time_in_proportion(piece: str) -> None:
    """What is written grows as what is read does: each tag is opened once, not again in every paragraph."""
    sizes = [len(to_html(piece * count, IDENTITY)) / count for count in (200, 2000)]
    assert sizes[1] < 2 * sizes[0]
