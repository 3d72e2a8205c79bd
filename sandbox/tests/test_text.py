"""Summaries, slugs, tags, blog names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumblr_sandbox.markup.html import sanitise
from tumblr_sandbox.markup.text import (
    MAX_TAG_LENGTH,
    MAX_TAGS,
    SLUG_LENGTH,
    SUMMARY_LENGTH,
    blog_name_of,
    has_text,
    make_slug,
    plain_text,
    split_tags,
    summarise,
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("a<br>b", "a\nb"),
        ("<p>a &amp; b &lt;c&gt;</p>", "a & b <c>"),
        ("<ul><li>x</li><li>y</li></ul>", "x\ny"),
        ("plain", "plain"),
        ("<p></p>", ""),
        ("<b>bo</b>ld", "bold"),
        ("<blockquote><p>q</p></blockquote>after", "q\nafter"),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    assert plain_text(html) == text


PIECES = st.sampled_from(
    (
        *("<p>", "</p>", "<br>", "<hr>", "<img src='a>b'>", '<a title="x > y">', "<a title='\"'>", "</a>"),
        *(" ", "\n", "&nbsp;", "\N{NO-BREAK SPACE}", "a", "<", "&", "&#32;", "<b", "\x1c", "&lt;"),
    )
)


@given(st.lists(PIECES, max_size=8).map("".join).map(sanitise))
def test_whether_there_is_any_text(html: str) -> None:
    assert has_text(html) == bool(plain_text(html))


def test_a_command_is_its_summary() -> None:
    assert summarise(plain_text("<p> !follow </p>")) == "!follow"


def test_a_long_summary_ends_at_a_word() -> None:
    summary = summarise("word " * 60)
    assert summary.endswith("word...")
    assert SUMMARY_LENGTH - 8 <= len(summary) <= SUMMARY_LENGTH


def test_a_long_word_is_cut_anyway() -> None:
    assert summarise("x" * 500) == "x" * (SUMMARY_LENGTH - 3) + "..."


@given(st.text(max_size=400))
def test_a_summary_is_one_short_line(text: str) -> None:
    summary = summarise(text)
    assert len(summary) <= SUMMARY_LENGTH
    assert summary == summary.strip()
    assert "\n" not in summary


@pytest.mark.parametrize(
    ("summary", "slug"),
    [
        ("Is it warm? Yes!", "is-it-warm-yes"),
        ("Héllo, wörld", "héllo-wörld"),
        ("日本 の 本", "日本-の-本"),
        ("it's a_b - c", "its-ab-c"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_slugs(summary: str, slug: str) -> None:
    assert make_slug(summary) == slug


def test_a_long_slug_keeps_whole_words() -> None:
    slug = make_slug("The heron was back this morning. It stood in the reeds for an hour")
    assert slug == "the-heron-was-back-this-morning-it-stood-in-the"
    assert len(slug) <= SLUG_LENGTH


@given(st.text(max_size=200))
def test_a_slug_needs_no_escaping_in_a_path(text: str) -> None:
    assert not set(make_slug(text)) & set("/?#&% <>\"'")


@pytest.mark.parametrize(
    ("posted", "tags"),
    [
        ("a,b", ["a", "b"]),
        (" a b , c ,, ", ["a b", "c"]),
        ("", []),
        ("[]", ["[]"]),
        ("#a,B", ["#a", "B"]),
        ("x,x", ["x", "x"]),
    ],
)
def test_tags(posted: str, tags: list[str]) -> None:
    assert split_tags(posted) == tags


def test_tags_have_bounds() -> None:
    assert len(split_tags(",".join(map(str, range(99))))) == MAX_TAGS
    assert split_tags("t" * 999) == ["t" * MAX_TAG_LENGTH]


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("frank", "frank"),
        ("Frank", "frank"),
        ("@frank", "frank"),
        ("frank.tumblr.com", "frank"),
        ("https://frank.tumblr.com/post/12/slug", "frank"),
        ("http://frank.tumblr.com", "frank"),
        ("t:AbC_-1", "t:AbC_-1"),
        ("t:AbC_-1.tumblr.com", "t:AbC_-1"),
    ],
)
def test_blog_identifiers(identifier: str, name: str) -> None:
    assert blog_name_of(identifier) == name


@given(st.text(max_size=100))
def test_text_of_sanitised_html_never_fails(text: str) -> None:
    plain_text(sanitise(text))
