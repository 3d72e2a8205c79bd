"""Post bodies: any HTML can be read, in time linear in its length, and the two signs of a wrong body."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from munging.classic import from_classic, to_classic
from munging.legacy_html import thread_from_html
from munging.legacy_payload import is_malformed
from munging.user_text import question_from_html
from tests.strategies import IDENTITY, words


@settings(max_examples=300, deadline=None)
@given(words(20))
def test_any_html_is_a_thread(html: str) -> None:
    thread = thread_from_html(html, IDENTITY)
    assert from_classic(to_classic(thread, IDENTITY), IDENTITY) == thread
    assert question_from_html(html).strip("\n") == question_from_html(html)


def chain(names: list[str]) -> str:
    body = ""
    for name in names:
        link = f'<p><a class="tumblr_blog" href="https://{name}.tumblr.com/post/1">{name}</a>:</p>'
        body = f"{link}<blockquote>{body}<p>{name} says</p></blockquote>"
    return f"{body}<p>end</p>"


def test_a_chain_of_two_hundred_is_read_to_its_root() -> None:
    names = [f"blog{number}" for number in range(200)]
    thread = thread_from_html(chain(names), IDENTITY)
    assert [post.author for post in thread.posts] == [*names, "Frank"]
    assert thread.posts[0].text == "\n\nblog0 says\n\n\n"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    [
        "<b>x",
        "<blockquote>",
        '<p><a class="tumblr_blog" ',
        "<p>",
        "<",
        "&",
        " ",
        "#1 ",
        "it's ",
        "\u53cb",
        "=",
        "a:\n",
    ],
)
def test_a_megabyte_of_anything_is_read(piece: str) -> None:
    thread_from_html(piece * (1_000_000 // len(piece) // 4), IDENTITY)


@pytest.mark.parametrize(
    "division", ["<div>{}</div>", "<article><div>{}</div></article>", "<section>{}</section>"]
)
def test_divisions_around_everything_are_looked_through(division: str) -> None:
    thread = thread_from_html(division.format(chain(["bob"])), IDENTITY)
    assert [post.author for post in thread.posts] == ["bob", "Frank"]


QUOTE = '<p><a class="tumblr_blog" href="x">{}</a>:</p><blockquote>{}</blockquote>{}'


@pytest.mark.parametrize(
    ("body", "malformed"),
    [
        ("", False),
        ("<p>one</p>", False),
        (QUOTE.format("a", "<p>one</p>", "<p>two</p>"), False),
        (QUOTE.format("b", QUOTE.format("a", "<p>one</p>", "<p>two</p>"), "<p>three</p>"), False),
        (QUOTE.format("b", QUOTE.format("a", "<p>one</p>", ""), "<p>three</p>"), True),
        (QUOTE.format("b", QUOTE.format("a", "<p>one</p>", "\n"), "<p>three</p>"), True),
        (QUOTE.format("b", "<p>stray</p>" + QUOTE.format("a", "x", "y"), "z"), True),
        ("<p>stray</p>" + QUOTE.format("a", "x", "y"), True),
        ("\n" + QUOTE.format("a", "x", "y"), False),
    ],
)
def test_the_signs_of_a_wrong_body(body: str, malformed: bool) -> None:
    assert is_malformed(body) is malformed
