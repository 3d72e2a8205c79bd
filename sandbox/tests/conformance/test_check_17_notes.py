"""Check 17: notes of a tree: members and order in each mode, paging by links alone, counts."""

from __future__ import annotations

from typing import Any

import pytest

from bench import FakeClock, get
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver

MODES = {
    "all": ["reblog", "reply", "reply", "reblog", "reblog", "like", "posted"],
    "likes": ["like"],
    "conversation": ["reblog", "reply", "reply", "reblog", "posted"],
    "rollup": ["reblog", "reblog", "reblog", "like"],
    "reblogs_with_tags": ["reblog", "reblog", "reblog"],
}


@pytest.fixture
def tree(frank: Any, crowd: Crowd, driver: SandboxDriver, clock: FakeClock) -> list[str]:
    """frank posts; a like, a naked reblog, one with text, two replies, and frank's own later reblog."""
    root = frank.create_text("frank", body="<p>root</p>")["id_string"]
    (post,) = frank.posts("frank", id=root)["posts"]
    clock.advance(1)
    dave = crowd.client("dave")
    dave.like(post["id"], post["reblog_key"])
    clock.advance(1)
    naked = driver.reblog("bob", root, tags=["just tags"])
    clock.advance(1)
    said = dave.reblog("dave", id=post["id"], reblog_key=post["reblog_key"], comment="<p>said</p>")[
        "id_string"
    ]
    clock.advance(1)
    driver.reply("bob", root, "first")
    driver.reply("bob", root, "hi @frank and @nobody-here")
    clock.advance(1)
    return [root, naked, said, driver.reblog("frank", said, "<p>own</p>", tags=["t"])]


@pytest.mark.parametrize(("mode", "kinds"), MODES.items())
def test_each_mode(frank: Any, tree: list[str], mode: str, kinds: list[str]) -> None:
    answer = get(frank, "/v2/blog/frank/notes", id=tree[0], mode=mode)
    assert [note["type"] for note in answer["notes"]] == kinds
    assert answer["total_notes"] == 6
    assert "_links" not in answer
    if mode == "conversation":
        assert [note["type"] for note in answer["rollup_notes"]] == ["reblog", "like"]
        assert (answer["total_likes"], answer["total_reblogs"]) == (1, 3)


def test_what_notes_say(frank: Any, tree: list[str]) -> None:
    notes = frank.notes("frank", id=tree[0])["notes"]
    own, mention, first, said, naked, like, posted = notes
    assert (own["post_id"], own["added_text"], own["reblog_parent_blog_name"]) == (tree[3], "own", "dave")
    assert (first["reply_text"], first["formatting"]) == ("first", [])
    (named,) = mention["formatting"]
    assert (named["start"], named["end"], named["blog"]["name"]) == (3, 9, "frank")
    assert (said["added_text"], said["blog_name"]) == ("said", "dave")
    assert "added_text" not in naked
    assert like["blog_name"] == "dave"
    assert posted["blog_name"] == "frank"
    assert "post_id" not in mention
    assert [note["timestamp"] for note in notes] == sorted((n["timestamp"] for n in notes), reverse=True)
    tagged = get(frank, "/v2/blog/frank/notes", id=tree[0], mode="reblogs_with_tags")["notes"]
    assert [note["tags"] for note in tagged] == [["t"], [], ["just tags"]]


def test_every_post_of_the_tree_shares_them(frank: Any, tree: list[str]) -> None:
    wanted = frank.notes("frank", id=tree[0])["notes"]
    for blog, post_id in zip(("frank", "bob", "dave", "frank"), tree, strict=True):
        (post,) = frank.posts(blog, id=post_id, notes_info=True)["posts"]
        assert (post["note_count"], post["notes"]) == (6, wanted)
        assert frank.notes(blog, id=post_id)["notes"] == wanted


@pytest.mark.parametrize("mode", ["all", "conversation"])
def test_paging_by_links_alone(frank: Any, driver: SandboxDriver, mode: str) -> None:
    root = driver.post("frank", "<p>root</p>")
    for number in range(120):
        driver.reply("bob", root, str(number))
    met: list[str] = []
    query: dict[str, object] = {"id": root, "mode": mode}
    while query:
        answer = get(frank, "/v2/blog/frank/notes", **query)
        met += [note.get("reply_text", note["type"]) for note in answer["notes"]]
        query = answer.get("_links", {}).get("next", {}).get("query_params", {})
    assert met == [*(str(number) for number in reversed(range(120))), "posted"]


def test_a_post_carries_the_newest_fifty(frank: Any, driver: SandboxDriver) -> None:
    roots = [driver.post("frank", f"<p>root {number}</p>") for number in range(3)]
    for number in range(60):
        driver.reply(
            "bob",
            roots[number % 2],
            str(number),
        )
    for number in range(60):
        driver.reply("bob", roots[0], f"more {number}")
    shown = {post["id_string"]: post for post in frank.posts("frank", notes_info=True)["posts"]}
    busy, quiet, silent = (shown[root]["notes"] for root in roots)
    assert [note["reply_text"] for note in busy] == [f"more {number}" for number in reversed(range(10, 60))]
    assert [note["type"] for note in quiet] == ["reply"] * 30 + ["posted"]
    assert [note["type"] for note in silent] == ["posted"]
    assert shown[roots[0]]["note_count"] == 90


def test_before_the_post_there_is_nothing(frank: Any, tree: list[str]) -> None:
    answer = get(frank, "/v2/blog/frank/notes", id=tree[0], before_timestamp=1)
    assert answer["notes"] == []
