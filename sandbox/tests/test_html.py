"""What survives of posted HTML, and how it is rendered."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from tumblr_sandbox.markup.html import (
    ALLOWED_TAGS,
    MAX_DEPTH,
    markdown,
    nesting_depth,
    paragraphs,
    render_content,
    sanitise,
    truncated,
)


@pytest.mark.parametrize(
    "kept",
    [
        "<p>one</p>",
        "hello é 域 + % ~ ' ( ) * \n",
        "<p>a<br>b</p>",
        "<h1>a</h1><h2>b</h2><h6>c</h6>",
        "<ul><li>a</li></ul><ol><li>b</li></ol>",
        '<p><a href="https://example.com/?a=1&amp;b=2">x</a></p>',
        '<a class="tumblelog" href="https://bob.tumblr.com/">@bob</a>',
        '<p><a class="tumblr_blog" href="https://a.tumblr.com/post/1">a</a>:</p><blockquote>q</blockquote>',
        '<p class="npf_quote">q</p>',
        '<span style="color:#ff0000">red</span>',
        "<pre><code>x  y</code></pre>",
        '<figure data-orig-height="2" data-orig-width="3"><img src="https://x/y.png"></figure>',
        "<p>[[MORE]]</p>",
        '<a href="/relative">r</a><a href="mailto:a@b.c">m</a>',
    ],
)
def test_what_is_kept_as_it_is(kept: str) -> None:
    assert sanitise(kept) == kept


@pytest.mark.parametrize(
    ("posted", "stored"),
    [
        ("<script>alert(1)</script><p>a</p>", "<p>a</p>"),
        ("<style>p{}</style>a", "a"),
        ('<iframe src="https://x"></iframe>a', "a"),
        ("<object>x</object><form>y<input></form>z", "z"),
        ('<p onclick="x()" id="i">a</p>', "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href=" jAvAsCrIpT:alert(1)">a</a>', "<a>a</a>"),
        ('<a href="data:text/html,x">a</a>', "<a>a</a>"),
        ('<img src="x" onerror="alert(1)">', '<img src="x">'),
        ('<p style="color: red; position: fixed">a</p>', '<p style="color:red">a</p>'),
        ('<p class="evil npf_chat">a</p>', '<p class="npf_chat">a</p>'),
        ('<p class="evil">a</p>', "<p>a</p>"),
        ("<custom>a</custom>", "a"),
        ("<p>a<b>b", "<p>a<b>b</b></p>"),
        ("a & b < c", "a &amp; b &lt; c"),
        ("<!-- secret -->a", "a"),
        ('<img src="x" alt="a &lt;b&gt;\nc">', '<img src="x" alt="a  c">'),
        ("<svg><script>x</script></svg>a", "a"),
        ("</p></div>a", "<p></p>a"),
    ],
)
def test_what_is_changed(posted: str, stored: str) -> None:
    assert sanitise(posted) == stored


def test_a_hundred_blockquotes_are_kept() -> None:
    deep = "<blockquote>" * 100 + "x" + "</blockquote>" * 100
    assert sanitise(deep) == deep
    assert nesting_depth(deep) == 100


def test_nesting_without_end_becomes_text() -> None:
    stored = sanitise("<b>" * 50_000 + "a &amp; <i>b</i>")
    assert stored == "<p>a &amp; b</p>"


HOSTILE = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<b>",
            "<blockquote>",
            "<script>",
            "</script>",
            "<img src=x onerror=y>",
            "<svg>",
            "<a href=javascript:x>",
            "</a>",
            "<style>",
            "<!--",
            "-->",
            "<![CDATA[",
            "&lt;script&gt;",
            "域",
            '"',
            "<math><mi>",
            "<textarea>",
            "<title>",
            "<noscript>",
            "<template>",
            "on",
            "=",
            "<iframe srcdoc=x>",
        ]
    ),
    max_size=30,
).map("".join)


@given(HOSTILE)
def test_nothing_that_runs_survives(posted: str) -> None:
    stored = sanitise(posted)
    for element in BeautifulSoup(stored, "lxml").find_all(True):
        assert element.name in ALLOWED_TAGS | {"html", "body"}
        assert not any(name.startswith("on") for name in element.attrs)
        assert not str(element.attrs.get("href", "")).lower().startswith("javascript")
    assert nesting_depth(stored) <= MAX_DEPTH


@given(HOSTILE)
def test_sanitising_twice_changes_nothing_more(posted: str) -> None:
    assert sanitise(sanitise(posted)) == sanitise(posted)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one", "<p>one</p>"),
        ("a\n\nb", "<p>a</p><p>b</p>"),
        ("a\nb", "<p>a<br>b</p>"),
        ("a\r\n\r\nb", "<p>a</p><p>b</p>"),
        ("<b> & co", "<p>&lt;b&gt; &amp; co</p>"),
        ("  x  ", "<p>x</p>"),
    ],
)
def test_plain_text_as_paragraphs(text: str, html: str) -> None:
    assert paragraphs(text) == html


def test_markdown_has_paragraphs_and_lets_html_pass() -> None:
    assert markdown("a\n\n<h1>b</h1>\n\nc\nd") == "<p>a</p><h1>b</h1><p>c<br>d</p>"


def test_rendered_content_closes_breaks_and_names_quotes() -> None:
    assert render_content(
        "<p>it's<br>\N{LEFT DOUBLE QUOTATION MARK}so\N{RIGHT DOUBLE QUOTATION MARK}</p>"
    ) == ("<p>it&rsquo;s<br />&ldquo;so&rdquo;</p>")


def test_rendering_leaves_attributes_alone() -> None:
    assert render_content('<a href="/it\'s">x</a>') == '<a href="/it\'s">x</a>'


def test_read_more_in_a_reblog_is_a_link() -> None:
    kept = truncated("<p>a</p><p>[[MORE]]</p><p>b</p>", "https://a.tumblr.com/post/1/a")
    assert kept == (
        '<p>a</p><p><a class="tmblr-truncated-link read_more" href="https://a.tumblr.com/post/1/a">'
        "Keep reading</a></p>"
    )


def test_read_more_inside_a_paragraph_leaves_no_open_tag() -> None:
    kept = truncated("<p><b>a[[MORE]]b</b></p>", "https://a/1")
    assert re.match(r"<p><b>a</b></p><p><a ", kept)


def test_without_read_more_all_is_kept() -> None:
    assert truncated("<p>a</p>", "https://a/1") == "<p>a</p>"
