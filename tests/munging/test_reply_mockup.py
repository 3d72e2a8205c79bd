"""Replies shown as posts, and read back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from munging.classic import from_classic, to_classic
from munging.html_tree import parse_fragment, text_of
from munging.legacy_html import thread_from_html
from munging.reply_mockup import ReplySource, reply_mockup, reply_source, with_reply
from munging.thread import PostKind, Thread
from munging.tumblr_html import to_html
from tests.strategies import IDENTITY, blog_names, words

POST = "https://frank-blog.tumblr.com/post/640111111111111111"


def mockup(summary: str = "I like rivers", body: str = "me too", name: str = "bob", url: str = POST) -> str:
    return reply_mockup(
        post_url=url,
        post_summary=summary,
        reply_blog_name=name,
        reply_blog_url=f"https://{name}.tumblr.com/",
        reply_body=body,
    )


@settings(max_examples=150, deadline=None)
@given(words(), words(), blog_names(), st.sampled_from(("", "/", "/i-like-rivers", "?x=1")))
def test_a_mockup_is_read_back(summary: str, body: str, name: str, ending: str) -> None:
    html = mockup(summary, body, name, POST + ending)
    assert reply_source(html) == ReplySource(640111111111111111, name)
    assert reply_source(f"<p>{html}</p><p>Yes.</p>") == ReplySource(640111111111111111, name)


@settings(max_examples=100, deadline=None)
@given(words(), words())
def test_a_reply_stays_in_its_quotation(summary: str, body: str) -> None:
    tree = parse_fragment(f"{mockup(summary, body)}<p>Yes.</p>")
    assert tree is not None
    assert [element.tag for element in tree] == ["a", "a", "p", "blockquote", "p"]
    assert not len(tree[3])
    reply, answer = thread_from_html(f"{mockup(summary, body)}<p>Yes.</p>", IDENTITY).posts
    assert (reply.author, answer.text) == ("bob", "Yes.\n\n")
    assert text_of(tree[4]) == "Yes."


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>hello</p>",
        "<p>@bob replied to your post</p>",
        '@bob replied to your post  <a href="https://example.org/">x</a>',
        '@bob replied to your post  <b>x</b> <a href="https://x.tumblr.com/post/1/x">x</a>',
        '@bob replied to your post  and <a href="https://x.tumblr.com/post/1/x">x</a>',
        'bob replied to your post  <a href="https://x.tumblr.com/post/1/x">x</a>',
        '<p>first</p><p>@bob replied to your post  <a href="https://x.tumblr.com/post/1/x">x</a></p>',
    ],
)
def test_other_posts_are_no_mockups(html: str) -> None:
    assert reply_source(html) is None


def test_a_mockup_without_its_quotation_is_only_words() -> None:
    bob = '<a class="tumblelog" href="https://bob.tumblr.com/">@bob</a>'
    html = f'<p>{bob} replied to your post  <a href="https://x.tumblr.com/post/1/x">x</a></p><p>ha</p>'
    (post,) = thread_from_html(f"{html}<blockquote>y</blockquote>", IDENTITY).posts
    assert post.kind is PostKind.ORIGINAL


def test_the_bot_cannot_be_talked_into_a_mockup() -> None:
    """What it writes goes out without classes, so its words come back as its own."""
    claim = '@bob replied to your post  <a href="https://x.tumblr.com/post/1/x">x</a>'
    html = to_html(f"{claim}\n<blockquote>I lie</blockquote>", IDENTITY)
    (post,) = thread_from_html(html, IDENTITY).posts
    assert post.by_bot
    assert "I lie" in post.text


@pytest.mark.parametrize(
    ("draft", "reply", "replied"),
    [
        (
            "\u7ff0I like rivers.\n\n\u57df",
            "me too",
            "\u7ff0I like rivers.\n\n\u53cbbob\u4f1ame too\n\n\u57df",
        ),
        (
            "\u53cbann\u4f1a\n\nhi\n\n\n\u57dfhello\n\n\n\u57df",
            "wait\nwhat",
            "\u53cbann\u4f1a\n\nhi\n\n\n\u57dfhello\n\n\n\u53cbbob\u4f1await\nwhat\n\n\u57df",
        ),
        (
            "\u53cbann\u8981\nhi?\n\u57dfhello\n\n\n\u57df",
            "hm",
            "\u53cbann\u8981\nhi?\n\u57dfhello\n\n\n\u53cbbob\u4f1ahm\n\n\u57df",
        ),
        ("\u53cbann\u4f1a\n\nhi", "hm", "\u53cbann\u4f1a\n\nhi\u53cbbob\u4f1ahm\n\n<|endoftext|>"),
    ],
)
def test_a_reply_stands_before_the_turn_that_is_waited_for(draft: str, reply: str, replied: str) -> None:
    thread = with_reply(from_classic(draft, IDENTITY), "bob", reply)
    assert to_classic(thread, IDENTITY) == replied


def test_a_reply_is_the_threads_next_post() -> None:
    thread = with_reply(
        Thread.ask("alice", "soup?").with_post("Frank", "yes", by_bot=True), "bob", "hm\n#1 x asked:"
    )
    assert [post.author for post in thread.posts] == ["alice", "Frank", "bob"]
    assert thread.posts[-1].text == "hm\n> #1 x asked:\n\n"
    assert thread.posts[-1].kind is PostKind.COMMENTED
