"""Check 12: the same chain in NPF; pytumblr2 makes the same HTML of it; every block is valid."""

from __future__ import annotations

import re
from typing import Any

from conformance.backups import judged
from conformance.chains import make_chain, post_of
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver


def without_slugs(html: str) -> str:
    return re.sub(r"(/post/\d+)/[^\"]*", r"\1", html)


def test_pytumblr2_makes_the_same_nesting(crowd: Crowd) -> None:
    chain = make_chain(crowd)
    converting = crowd.npf_client("frank", convert_npf_to_legacy_html=True)
    for name, post in chain.items():
        body = post_of(converting, name, post["id"])["body"]
        assert re.sub(r"\s*\n\s*", "", without_slugs(body)) == without_slugs(post["body"]), name


def test_the_trail_holds_ancestors_only(crowd: Crowd) -> None:
    chain = make_chain(crowd)
    shown = post_of(crowd.client("frank"), "cora", chain["cora"]["id"], npf=True)
    assert [entry["blog"]["name"] for entry in shown["trail"]] == ["alice", "frank"]
    assert shown["content"] == [{"type": "text", "text": "three"}]
    naked = post_of(crowd.client("frank"), "dave", chain["dave"]["id"], npf=True)
    assert ([entry["blog"]["name"] for entry in naked["trail"]], naked["content"]) == (
        ["alice", "frank", "cora"],
        [],
    )


def test_every_block_and_layout_is_valid(crowd: Crowd, driver: SandboxDriver) -> None:
    chain = make_chain(crowd)
    client = crowd.client("frank")
    shown = [post_of(client, name, post["id"], npf=True) for name, post in chain.items()]
    driver.ask("frank", "<p>named <b>ask</b></p>", "alice", html=True)
    driver.ask("frank", "anonymous ask")
    rich = driver.post(
        "frank",
        "<h1>h</h1><h2>i</h2><p>a <b>b <i>c</i></b> <a href='https://example.com/'>d</a></p><ul><li>e<ol>"
        "<li>f</li></ol></li></ul><blockquote>g<blockquote>h</blockquote></blockquote>[[MORE]]<p>end "
        '<a class="tumblelog" href="https://alice.tumblr.com/">@alice</a></p>',
    )
    shown.append(post_of(client, "frank", rich, npf=True))
    get: Any = client.send_api_request
    shown += get("get", "/v2/blog/frank/posts/submission", {"npf": True}, ["npf"])["posts"]
    assert len(shown) == len(chain) + 3
    assert [one["wrong"] for one in judged(shown)] == [None] * len(shown)
