"""What people type: text to HTML and back, tags."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import sanitise
from tumblr_sandbox.pages.compose import (
    HTML,
    TEXT,
    content_of,
    html_of_text,
    tags_of,
    text_of_html,
    typed_from,
)


def is_frank(name: str) -> bool:
    return name == "frank"


@pytest.mark.parametrize(
    "text",
    ["a", "a\nb", "a\n\nb", "hi @frank", "1 < 2 & 3 > 2", "https://e.com/x", "\"quoted\" 'so'", "¡é 域!"],
)
def test_text_comes_back_as_it_was_typed(text: str) -> None:
    assert typed_from(content_of(text, TEXT, is_frank)) == (text, TEXT)


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60))
def test_typed_text_never_becomes_markup(text: str) -> None:
    made = html_of_text(text, is_frank)
    assert sanitise(made) == made
    assert "<script" not in made


@pytest.mark.parametrize("stored", ["<p>a <b>b</b></p>", "<ul><li>a</li></ul>", "plain", "<h1>a</h1>"])
def test_what_is_more_than_text_is_shown_as_html(stored: str) -> None:
    assert text_of_html(stored) is None
    assert typed_from(Content(html=stored)) == (stored, HTML)


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("a, b", ("a", "b")),
        ("#a #b c", ("a", "b c")),
        (" , #,", ()),
        ("a,a", ("a",)),
        ("x" * 200, ("x" * 140,)),
        (",".join(map(str, range(99))), tuple(map(str, range(30)))),
    ],
)
def test_tags(typed: str, tags: tuple[str, ...]) -> None:
    assert tags_of(typed) == tags
