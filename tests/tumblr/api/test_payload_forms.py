"""A post says the same in both forms, as HTML and as blocks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.strategies import words
from tests.tumblr.fakes import RULES
from tumblr.api.models import TumblrPost, read_mentions, read_post
from tumblr.api.payload_forms import TrailEntry

COMMON = {
    "id": 12,
    "id_string": "12",
    "blog_name": "carol",
    "reblog_key": "aB",
    "timestamp": 30,
    "note_count": 4,
}
REBLOGGED = {"reblogged_from_id": "11", "reblogged_root_name": "alice", "source_title": "alice"}


def blocks(*texts: str) -> list[dict[str, object]]:
    return [{"type": "text", "text": text} for text in texts]


def npf_item(blog: str, number: str, text: str) -> dict[str, object]:
    return {"post": {"id": number}, "blog": {"name": blog}, "content": blocks(text), "layout": []}


def legacy_item(blog: str, number: str, text: str, **more: object) -> dict[str, object]:
    return {"blog": {"name": blog}, "post": {"id": number}, "content_raw": f"<p>{text}</p>", **more}


def npf(own: str = "three", **more: object) -> TumblrPost:
    trail = [npf_item("alice", "9", "one"), npf_item("frank", "11", "two")]
    content = blocks(own) if own else []
    return read_post(
        {**COMMON, "type": "blocks", "content": content, "layout": [], "trail": trail, **more}, RULES
    )


def legacy(own: str = "three", **more: object) -> TumblrPost:
    return read_post(legacy_payload(own, **more), RULES)


def legacy_payload(own: str = "three", **more: object) -> dict[str, Any]:
    tree = (
        '<p><a class="tumblr_blog" href="https://frank.tumblr.com/post/11">frank</a>:</p><blockquote>'
        '<p><a class="tumblr_blog" href="https://alice.tumblr.com/post/9">alice</a>:</p>'
        "<blockquote><p>one</p></blockquote><p>two</p></blockquote>"
    )
    comment = f"<p>{own}</p>" if own else ""
    trail = [legacy_item("alice", "9", "one", is_root_item=True), legacy_item("frank", "11", "two")]
    if own:
        trail.append(legacy_item("carol", "12", own, is_current_item=True))
    reblog = {"comment": comment, "tree_html": tree}
    fields = {"type": "text", "body": tree + comment, "reblog": reblog, "trail": trail}
    return {**COMMON, **fields, **more}


@pytest.mark.parametrize("own", ["three", ""])
def test_a_chain(own: str) -> None:
    for read in (npf, legacy):
        found = read(own, **REBLOGGED)
        assert found.body == (f"<p>{own}</p>" if own else "")
        assert found.trail == (TrailEntry("alice", "9"), TrailEntry("frank", "11"))
        assert found.contributors[2:] == ((TrailEntry("carol", "12"),) if own else ())
        assert (found.is_reblog, found.parent_id, found.root_blog, found.type) == (
            True,
            "11",
            "alice",
            "text",
        )
        assert (found.name, found.reblog_key, found.note_count) == ("carol:12", "aB", 4)
        assert found.has_text
        assert not found.has_video


def test_an_original_speaks_for_itself() -> None:
    html = read_post(
        {**COMMON, "type": "text", "body": "<p>x</p>", "reblog": {"comment": "<p>x</p>", "tree_html": ""}},
        RULES,
    )
    made = read_post({**COMMON, "type": "blocks", "content": blocks("x"), "layout": [], "trail": []}, RULES)
    for found in (html, made):
        assert found.body == "<p>x</p>"
        assert not found.is_reblog
        assert (found.contributors, found.root_blog) == ((TrailEntry("carol", "12"),), "carol")


def ask_layout(asker: str | None) -> list[dict[str, object]]:
    who = (
        {}
        if asker is None
        else {"attribution": {"blog": {"name": asker}, "url": f"https://{asker}.tumblr.com"}}
    )
    return [{"type": "ask", "blocks": [0], **who}]


@pytest.mark.parametrize(("asker", "name"), [("bob", "bob"), (None, "Anonymous")])
def test_an_ask_of_blocks(asker: str | None, name: str) -> None:
    found = npf("why?", trail=[], layout=ask_layout(asker), state="submission")
    assert found.is_ask
    assert (found.asking_name, found.question, found.body, found.trail) == (name, "<p>why?</p>", "", ())


def test_a_reblogged_ask_keeps_its_question() -> None:
    root = {**npf_item("alice", "9", "why?"), "layout": ask_layout("bob")}
    root["content"] = blocks("why?", "because")
    found = npf("so?", trail=[root])
    assert (found.type, found.question, found.asking_name, found.body) == (
        "answer",
        "<p>why?</p>",
        "bob",
        "<p>so?</p>",
    )


def test_a_broken_blog_in_a_trail() -> None:
    gone = {"broken_blog_name": "gone", "content": blocks("x"), "layout": []}
    assert npf(trail=[gone]).trail == (TrailEntry("gone", None),)
    assert npf(trail=[gone]).trail[0].name is None


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "video"}, {"type": "video", "has_video": True}),
        ({"type": "image", "media": [{"url": "u"}]}, {"type": "photo", "images": 1, "has_text": False}),
        ({"type": "audio"}, {"type": "audio"}),
        ({"type": "link", "url": "u"}, {"type": "link"}),
        ({"type": "text", "text": "x", "subtype": "quote"}, {"type": "quote", "has_text": True}),
        ({"type": "text", "text": " "}, {"type": "text", "has_text": False}),
    ],
)
def test_kinds_of_posts_of_blocks(block: dict[str, object], expected: dict[str, object]) -> None:
    found = npf(trail=[], content=[block])
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"type": "video", "caption": "<p>x</p>"}, {"has_video": True, "type": "video", "body": "<p>x</p>"}),
        ({"type": "photo", "caption": "", "photos": [{}, {}]}, {"images": 2, "has_text": False}),
        ({"type": "text", "body": "<figure><img src='u'></figure>"}, {"images": 1, "has_text": False}),
        ({"type": "quote", "text": "said", "source": ""}, {"has_text": True}),
        ({"type": "text", "body": "<p>x</p>", "reblogged_from_id": 7}, {"parent_id": "7", "is_reblog": True}),
    ],
)
def test_kinds_of_html_posts(changes: dict[str, Any], expected: dict[str, object]) -> None:
    found = read_post({**COMMON, **changes}, RULES)
    assert {key: getattr(found, key) for key in expected} == expected


@settings(max_examples=50, deadline=None)
@given(words(6), words(6))
def test_any_words_are_read(own: str, question: str) -> None:
    assert npf(own, trail=[], layout=ask_layout("bob")).is_ask
    read_post(
        {**COMMON, "type": "answer", "answer": own, "question": question, "trail": [{}, {"post": 3}]}, RULES
    )


def test_notifications_that_are_no_mentions() -> None:
    odd = [
        None,
        {},
        {"type": "user_mention"},
        {"type": "user_mention", "target_post_id": "3", "timestamp": 3},
    ]
    assert read_mentions({"notifications": odd}) == []
