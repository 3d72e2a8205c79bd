"""Tumblr's answers become plain data, or an error that says what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tumblr.fakes import RULES
from tumblr.api.errors import MalformedAnswer
from tumblr.api.models import normal_id, read_page, read_post

ASK = {
    "type": "answer",
    "id": 642337957436588032,
    "id_string": "642337957436588032",
    "state": "submission",
    "asking_name": "bob",
    "question": "<p>hi</p>",
    "answer": "",
    "summary": " hi ",
    "tags": [],
    "timestamp": 1612581212,
}


@pytest.mark.parametrize(
    ("given_id", "normal"),
    [(12, "12"), ("12", "12"), ("0012", "12"), (642337957436588032, "642337957436588032")],
)
def test_ids(given_id: object, normal: str) -> None:
    assert normal_id(given_id) == normal


@pytest.mark.parametrize("bad", [None, "", "x", "12a", "-1", -1, 0, True, 1.5, "\u0662", [], {}])
def test_what_is_no_id(bad: object) -> None:
    with pytest.raises(MalformedAnswer):
        normal_id(bad)


def test_an_ask() -> None:
    post = read_post(ASK, RULES)
    assert post.is_ask
    assert (post.id, post.asking_name, post.question, post.summary) == (
        "642337957436588032",
        "bob",
        "<p>hi</p>",
        "hi",
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id_string": None}, {"id": "642337957436588032"}),
        ({"asking_name": None, "is_anonymous": True}, {"asking_name": "Anonymous"}),
        ({"question": None}, {"is_ask": False}),
        ({"type": "text", "body": "<p>x</p>"}, {"is_ask": False, "body": "<p>x</p>"}),
        ({"answer": "<p>y</p>"}, {"body": "<p>y</p>"}),
        ({"tags": ["a", 3, "b"]}, {"tags": ("a", "b")}),
        ({"tags": "a,b"}, {"tags": ()}),
        ({"timestamp": "soon"}, {"timestamp": 0}),
        ({"state": 5}, {"state": "published"}),
        (
            {"genesis_post_id": "77"},
            {"genesis_post_id": "77", "ids": frozenset({"642337957436588032", "77"})},
        ),
        ({"scheduled_publish_time": 99}, {"scheduled_publish_time": 99}),
    ],
)
def test_fields_in_other_forms(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    post = read_post({**ASK, **changes}, RULES)
    assert {name: getattr(post, name) for name in expected} == expected


def test_one_broken_post_does_not_hide_the_others() -> None:
    page = read_page({"posts": [ASK, "not a post", {"id": None}, {**ASK, "id_string": "5"}]}, RULES)
    assert [post.id for post in page.posts] == [ASK["id_string"], "5"]
    assert len(page.problems) == 2


@pytest.mark.parametrize("response", [{}, [], "Not authorized.", {"posts": None}, None])
def test_an_answer_without_posts(response: object) -> None:
    with pytest.raises(MalformedAnswer):
        read_page(response, RULES)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from([*ASK, "genesis_post_id", "body", "is_anonymous"]), json_values))
def test_reading_gives_a_post_or_says_why_not(payload: dict[str, Any]) -> None:
    try:
        post = read_post(payload, RULES)
    except MalformedAnswer:
        return
    assert post.id.isdigit()
