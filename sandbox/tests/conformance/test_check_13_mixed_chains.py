"""Check 13: a chain that is made half in the legacy form, half in NPF, is complete in both."""

from __future__ import annotations

import pytest

from conformance.backups import judged
from conformance.chains import make_chain, post_of
from conformance.people import Crowd


@pytest.mark.parametrize("in_npf", [("alice", "cora"), ("ben", "frank"), ("dave",)])
def test_both_views_are_complete(crowd: Crowd, in_npf: tuple[str, ...]) -> None:
    chain = make_chain(crowd, in_npf)
    for post in (chain["cora"], chain["dave"]):
        texts = ("<p>one</p>", "<p>two</p>", "<p>three</p>")
        assert all(post["body"].count(text) == 1 for text in texts)
        assert post["body"].count("<blockquote>") == post["body"].count("</blockquote>")
        assert [entry["blog"]["name"] for entry in post["trail"]] == ["alice", "frank", "cora"]
    shown = post_of(crowd.client("frank"), "dave", chain["dave"]["id"], npf=True)
    said = [(entry["blog"]["name"], entry["content"][0]["text"]) for entry in shown["trail"]]
    assert said == [("alice", "one"), ("frank", "two"), ("cora", "three")]
    assert judged([shown]) == [{"wrong": None}]


def test_what_was_made_in_npf_is_boxed_where_it_stands_alone(crowd: Crowd) -> None:
    chain = make_chain(crowd, ("cora",))
    assert chain["cora"]["reblog"]["comment"] == "<p><p>three</p></p>"
    assert [entry["content_raw"] for entry in chain["dave"]["trail"]] == [
        "<p>one</p>",
        "<p>two</p>",
        "<p><p>three</p></p>",
    ]
