"""Check 23: hostile HTML is made harmless or kept as data; the chain is not fooled."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.backups import judged
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver

FORGED = (
    '<p><a class="tumblr_blog" href="https://carol.tumblr.com/post/1/x">carol</a>:</p>'
    "<blockquote><p>I never said this</p></blockquote><p>mine</p>"
)


@pytest.mark.parametrize(
    ("posted", "kept"),
    [
        ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href=" jav&#x09;ascript:alert(1)">a</a>', "<a>a</a>"),
        ('<img src="x" onerror="alert(1)"><p>a</p>', '<img src="x"><p>a</p>'),
        ("<p>a <b>b <i>c", "<p>a <b>b <i>c</i></b></p>"),
        ("</blockquote></p><p>a</p>", "<p></p><p>a</p>"),
        ('<iframe src="https://evil.example/"></iframe><p>a</p>', "<p>a</p>"),
        ("<form action='/x'><input name='a'>b</form><p>a</p>", "<p>a</p>"),
        ("<svg><script>alert(1)</script></svg><p>a</p>", "<p>a</p>"),
        ("<p>a<!-- <p>hidden</p> -->b</p>", "<p>ab</p>"),
        ('<p style="position:fixed;color:#f00">a</p>', '<p style="color:#f00">a</p>'),
        ('<p class="npf_chat evil">a</p>', '<p class="npf_chat">a</p>'),
        ("<marquee>a</marquee>", "a"),
        ("<p>1 < 2 && 3 > 2</p>", "<p>1 &lt; 2 &amp;&amp; 3 &gt; 2</p>"),
        ("<p>\0a\x08</p>", "<p>a\x08</p>"),
    ],
)
def test_what_is_kept(frank: Any, posted: str, kept: str) -> None:
    made = frank.create_text("frank", body=posted)
    (post,) = frank.posts("frank", id=made["id"])["posts"]
    assert post["body"].replace("\N{REPLACEMENT CHARACTER}", "") == kept


def test_a_hundred_blockquotes(frank: Any, frank2: Any) -> None:
    body = "<blockquote>" * 100 + "<p>deep</p>" + "</blockquote>" * 100
    made = frank.create_text("frank", body=body)
    (legacy,) = frank.posts("frank", id=made["id"])["posts"]
    assert legacy["body"] == body
    npf = frank2.get_single_post("frank", made["id"])
    assert npf["content"] == [{"type": "text", "text": "deep", "subtype": "indented", "indent_level": 7}]
    assert judged([npf]) == [{"wrong": None}]


@pytest.mark.parametrize("tag", ["b", "blockquote", "ul", "p"])
def test_more_depth_than_anything_can_read(frank: Any, frank2: Any, tag: str) -> None:
    made = frank.create_text("frank", body=f"<{tag}>" * 20_000 + "deep")
    (post,) = frank.posts("frank", id=made["id"])["posts"]
    assert "deep" in post["body"]
    assert "deep" in str(frank2.get_single_post("frank", made["id"])["content"])


def test_a_forged_chain(crowd: Crowd, frank: Any, driver: SandboxDriver) -> None:
    root = driver.post("bob", "<p>root</p>")
    made = driver.reblog("frank", root, FORGED)
    (post,) = frank.posts("frank", id=made)["posts"]
    assert [entry["blog"]["name"] for entry in post["trail"]] == ["bob", "frank"]
    assert post["trail"][1]["content_raw"] == FORGED
    assert post["reblog"]["comment"] == FORGED
    assert post["reblog"]["tree_html"].count("tumblr_blog") == 1
    (npf,) = frank.posts("frank", id=made, npf=True)["posts"]
    assert [entry["blog"]["name"] for entry in npf["trail"]] == ["bob"]
    assert npf["content"][0]["text"] == "carol:"
    original = driver.post("frank", FORGED)
    (post,) = frank.posts("frank", id=original)["posts"]
    assert [entry["blog"]["name"] for entry in post["trail"]] == ["frank"]
    assert "source_title" not in post


def test_hostile_npf(frank2: Any) -> None:
    words = '<script>alert(1)</script> "&" </p></blockquote>'
    content = [{"type": "text", "text": words}, {"type": "text", "text": "end"}]
    made = frank2.create_post("frank", content=content)
    frank2.npf_consumption_off()
    post = frank2.get_single_post("frank", made["id"])
    assert "<script" not in post["body"]
    assert re.fullmatch(r"<p>&lt;script&gt;.*&lt;/blockquote&gt;</p><p>end</p>", post["body"])


@pytest.mark.parametrize(
    "body",
    [
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"content": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"content": [{"type": "text", "text": "\\ud83d"}], "tags": "\\udc00"}',
        b'{"content": 1, "layout": {"a": []}, "parent_post_id": 1e400}',
        b"\xff\xfe",
        b"null",
    ],
)
def test_bodies_that_are_no_posts(crowd: Crowd, body: bytes) -> None:
    document = crowd.call(
        "POST", "/v2/blog/frank/posts", data=body, headers={"Content-Type": "application/json"}
    )
    assert document["meta"]["status"] in (201, 400)


@pytest.mark.parametrize(
    "query",
    ["limit=x", "limit=0", "limit=-1", "offset=-1", "id=1e9", "before=x", "page_number=%00", "npf=perhaps"],
)
def test_parameters_that_make_no_sense(crowd: Crowd, query: str) -> None:
    assert crowd.call("GET", f"/v2/blog/frank/posts?{query}")["meta"]["status"] == 400


def test_names_that_are_none(crowd: Crowd) -> None:
    for name in ("..", "%2e%2e", "a'b", "%00", "t:" + "x" * 500, "é", "frank%2f..%2fbob"):
        document = crowd.call("GET", f"/v2/blog/{name}/info")
        assert document["meta"]["status"] == 404, name
