"""Payloads in both forms: they say the same, their facts are read, and nothing makes the reader raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from munging.classic import to_classic
from munging.control import IMAGE_DELIMITER
from munging.legacy_html import thread_from_html
from munging.payload import thread_from_payload
from munging.thread import PostKind, Thread
from tests.munging.both_forms import IMAGE_TEXTS, Described, Part, as_legacy, as_npf, described
from tests.strategies import IDENTITY, json_values, objects_with, words


def read(payload: object) -> Thread:
    return thread_from_payload(payload, IDENTITY, IMAGE_TEXTS).thread


@settings(max_examples=250, deadline=None)
@given(described(IDENTITY.blog))
def test_both_forms_of_a_post_give_equal_threads(post: Described) -> None:
    assert read(as_legacy(post)) == read(as_npf(post))


@settings(max_examples=150, deadline=None)
@given(described(IDENTITY.blog), st.sampled_from((as_legacy, as_npf)))
def test_a_reblog_by_the_bot_is_what_tumblr_would_show(
    post: Described, form: Callable[[Described], dict[str, object]]
) -> None:
    thread = read(form(post))
    assume(thread.posts[-1].text)
    reblog = replace(post, parts=(*post.parts, Part(IDENTITY.blog, ())), tags=())
    shown = read(form(reblog)).awaiting_bot(IDENTITY)
    made = thread.as_reblogged_by(IDENTITY)
    assert to_classic(made, IDENTITY) == to_classic(shown, IDENTITY)


@settings(max_examples=100, deadline=None)
@given(described(IDENTITY.blog))
def test_nothing_anybody_writes_changes_who_speaks(post: Described) -> None:
    speakers = ["Frank" if part.blog == IDENTITY.blog else part.blog or "unknown" for part in post.parts]
    expected = [post.asker, *speakers] if post.asker else speakers
    thread = read(as_npf(post))
    mocked_up = [p for p in thread.posts if p.author not in expected]
    assert [p.author for p in thread.posts if p not in mocked_up] == expected
    assert all(IDENTITY.blog in {part.blog for part in post.parts} for _ in mocked_up)


@settings(max_examples=100, deadline=None)
@given(described(IDENTITY.blog), words(8))
def test_nobody_can_write_the_text_of_an_image(post: Described, recognised: str) -> None:
    for payload in (as_legacy(post), as_npf(post)):
        unseen = thread_from_payload(payload, IDENTITY).thread
        assert IMAGE_DELIMITER not in to_classic(unseen, IDENTITY)
    html = '<p>a</p><img src="https://x.org/a.png"/><p>b</p>'
    thread = thread_from_html(html, IDENTITY, {"https://x.org/a.png": recognised})
    assert to_classic(thread, IDENTITY).count(IMAGE_DELIMITER) in (0, 2)


KEYS = (
    *("type", "blog_name", "blog", "state", "id", "title", "body", "answer", "caption", "description"),
    *("question", "asking_name", "text", "source", "reblog", "photos", "dialogue", "content", "layout"),
    *("trail", "tags", "timestamp", "is_blocks_post_format", "original_type", "is_submission", "post_author"),
)
ITEM_KEYS = ("blog", "broken_blog", "broken_blog_name", "post", "content", "content_raw", "layout")
BLOCK_KEYS = ("type", "text", "subtype", "formatting", "indent_level", "media", "url", "title", "question")
TYPES = st.sampled_from(
    ("text", "blocks", "answer", "photo", "quote", "link", "chat", "image", "poll", "ask", "rows", "bold")
)


def hostile_posts() -> st.SearchStrategy[dict[str, object]]:
    leaves = st.one_of(TYPES, words(6), json_values(), st.sampled_from((True, False, 0, 10**400, -1)))
    small = objects_with(
        ("start", "end", "type", "blocks", "url", "name", "width", "display", "rows"), leaves
    )
    block = objects_with(BLOCK_KEYS, st.one_of(leaves, st.lists(small, max_size=2)))
    item = objects_with(ITEM_KEYS, st.one_of(leaves, st.lists(block, max_size=3), small))
    return objects_with(
        KEYS, st.one_of(leaves, st.lists(item, max_size=3), st.lists(block, max_size=3), item)
    )


@settings(max_examples=400, deadline=None)
@given(st.one_of(json_values(), hostile_posts()))
def test_reading_never_raises(payload: object) -> None:
    result = thread_from_payload(payload, IDENTITY)
    assert isinstance(to_classic(result.thread, IDENTITY), str)


@pytest.mark.parametrize("payload", [None, 7, "post", [], [{}]])
def test_what_is_no_object_is_no_post(payload: object) -> None:
    result = thread_from_payload(payload, IDENTITY)
    assert result.thread == Thread()
    assert result.problems == ("not a post: a JSON object is expected",)


def test_a_body_nested_too_deeply_is_told() -> None:
    result = thread_from_payload({"type": "text", "blog_name": "alice", "body": "<i>a" * 2100}, IDENTITY)
    assert result.problems == ("body: nested too deeply, its end may be missing",)


def test_tags_and_time_are_the_last_posts() -> None:
    trail = [{"blog": {"name": "alice"}, "content_raw": "<p>one</p>"}]
    post = {"type": "text", "blog_name": "bob", "body": "<p>x</p>", "trail": trail, "tags": ["a", "#b ,"]}
    first, last = read(post | {"timestamp": 1_612_500_000}).posts
    assert (first.tags, first.time) == ((), None)
    assert (last.tags, last.time) == (("a", "b"), datetime(2021, 2, 5, 4, 40, tzinfo=UTC))


@pytest.mark.parametrize("timestamp", [None, "1612500000", True, -1, 10**12, 1.5])
def test_a_time_that_is_none_is_left_out(timestamp: object) -> None:
    assert read({"type": "text", "body": "<p>x</p>", "timestamp": timestamp}).posts[-1].time is None


def test_an_ask_that_waits_has_no_other_post() -> None:
    post = {"type": "answer", "state": "submission", "question": "<p>why?</p>", "answer": "", "tags": ["a"]}
    (only,) = read({**post, "blog_name": IDENTITY.blog, "asking_name": "bob"}).posts
    assert (only.author, only.kind, only.text, only.tags) == ("bob", PostKind.ASKED, "why?", ())


def test_a_known_blog_has_its_name_from_training_everywhere() -> None:
    body = '<p><a class="tumblr_blog" href="x">nostalgebraist</a>:</p><blockquote>a</blockquote>b'
    post = {"type": "answer", "answer": body, "question": "q", "asking_name": "nostalgebraist"}
    names = [entry.author for entry in read({**post, "blog_name": "nostalgebraist"}).posts]
    assert names == ["nostalgebraist-my-father"] * 3


def test_a_listed_post_is_read_from_its_trail() -> None:
    quoted = '<p><a class="tumblr_blog" href="https://al.tumblr.com/post/9">al</a>:</p><blockquote><p>x</p></blockquote>'
    trail = [{"blog": {"name": "al"}, "post": {"id": "9"}, "content_raw": "<p>what al said</p>"}]
    post = {"type": "text", "blog_name": "bob", "body": f"{quoted}<p>own</p>", "trail": trail}
    believed = thread_from_payload(post, IDENTITY).thread
    rebuilt = thread_from_payload(post, IDENTITY, rebuild={"9"}).thread
    assert [posted.text.strip() for posted in believed.posts] == ["x", "own"]
    assert rebuilt.posts[0].text.strip() == "what al said"
