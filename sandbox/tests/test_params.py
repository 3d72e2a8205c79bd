"""Parameters in every spelling that clients use."""

from __future__ import annotations

import pytest
from flask import Flask, request

from tumblr_sandbox.api.envelope import ApiError
from tumblr_sandbox.api.params import Parameters

APP = Flask(__name__)


def query(text: str) -> Parameters:
    with APP.test_request_context(f"/?{text}"):
        return Parameters(request)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=true", True),
        ("x=True", True),
        ("x=1", True),
        ("x=false", False),
        ("x=False", False),
        ("x=0", False),
        ("x=", False),
        ("y=1", False),
    ],
)
def test_booleans(text: str, value: bool) -> None:
    assert query(text).flag("x") is value


def test_a_boolean_that_is_none() -> None:
    with pytest.raises(ApiError) as refused:
        query("x=maybe").flag("x")
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("types[0]=a&types[1]=b", ["a", "b"]),
        ("types%5B0%5D=a", ["a"]),
        ("types[]=a&types[]=b", ["a", "b"]),
        ("types=a", ["a"]),
        ("types=a,b", ["a", "b"]),
        ("types=", []),
        ("other=a", []),
    ],
)
def test_arrays(text: str, values: list[str]) -> None:
    assert query(text).array("types") == values


@pytest.mark.parametrize(("text", "value"), [("limit=5", 5), ("limit=500", 50), ("limit=50", 50), ("", 20)])
def test_limits_are_clamped(text: str, value: int) -> None:
    assert query(text).limit(20, 50) == value


@pytest.mark.parametrize(
    "text", ["limit=0", "limit=-1", "limit=many", f"limit={2**70}", f"limit={'9' * 5000}"]
)
def test_limits_that_are_none(text: str) -> None:
    with pytest.raises(ApiError):
        query(text).limit(20, 50)


def test_offsets() -> None:
    assert query("offset=3").offset() == 3
    assert query("").offset() == 0
    with pytest.raises(ApiError):
        query("offset=-1").offset()


def test_the_body_counts_before_the_query() -> None:
    with APP.test_request_context("/?a=query&b=query", method="POST", data={"a": "form"}):
        found = Parameters(request)
    assert (found.text("a"), found.text("b"), found.text("c")) == ("form", "query", None)


def test_fields_sent_twice_are_taken_once() -> None:
    with APP.test_request_context("/?tags=x,y", method="POST", data={"tags": "x,y"}):
        assert Parameters(request).array("tags") == ["x", "y"]


def test_a_json_body() -> None:
    document = {"a": "x", "flag": True, "n": 5, "list": ["p", "q"], "none": None, "half": "\ud800"}
    with APP.test_request_context("/?a=query", method="POST", json=document):
        found = Parameters(request)
    assert found.text("a") == "x"
    assert found.flag("flag")
    assert found.whole("n") == 5
    assert found.array("list") == ["p", "q"]
    assert found.text("none") is None
    assert found.text("half") == "?"


@pytest.mark.parametrize("body", ["[1]", "nonsense", '"text"'])
def test_a_json_body_that_is_no_object_says_nothing(body: str) -> None:
    with APP.test_request_context("/", method="POST", data=body, content_type="application/json"):
        assert Parameters(request).as_dict() == {}


def test_the_record_of_a_call_leaves_oauth_out() -> None:
    assert query("a=1&oauth_token=secret").as_dict() == {"a": "1"}
