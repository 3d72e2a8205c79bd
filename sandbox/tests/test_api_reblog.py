"""Reblogs and notes over the API."""

from __future__ import annotations

from typing import Any

import pytest

from bench import FakeClock, Served, edit, get
from tumblr_sandbox.driver import SandboxDriver


def single(client: Any, blog: str, post_id: object, **more: object) -> dict[str, Any]:
    (post,) = client.posts(blog, id=post_id, **more)["posts"]
    return dict(post)


def a_chain(driver: SandboxDriver) -> tuple[str, str, str]:
    """carol posts one, bob reblogs adding nothing, frank adds two."""
    root = driver.post("carol", "<p>one</p>")
    naked = driver.reblog("bob", root)
    return root, naked, driver.reblog("frank", naked, "<p>two</p>", tags=["t"])


def test_the_chain_in_the_legacy_form(frank: Any, driver: SandboxDriver) -> None:
    root, naked, last = a_chain(driver)
    post = single(frank, "frank", last, reblog_info=True)
    quoted = (
        f'<p><a class="tumblr_blog" href="https://carol.tumblr.com/post/{root}/one">carol</a>:</p>'
        "<blockquote><p>one</p></blockquote>"
    )
    assert post["body"] == quoted + "<p>two</p>"
    assert post["reblog"] == {"comment": "<p>two</p>", "tree_html": quoted}
    assert [(entry["blog"]["name"], entry["post"]["id"]) for entry in post["trail"]] == [
        ("carol", root),
        ("frank", last),
    ]
    assert [entry.get("is_current_item", False) for entry in post["trail"]] == [False, True]
    assert [entry.get("is_root_item", False) for entry in post["trail"]] == [True, False]
    assert (post["reblogged_from_id"], post["reblogged_from_name"]) == (naked, "bob")
    assert (post["reblogged_root_id"], post["reblogged_root_name"]) == (root, "carol")
    assert post["source_title"] == "carol"
    assert post["source_url"] == f"https://carol.tumblr.com/post/{root}/one"
    assert (post["summary"], post["slug"], post["tags"]) == ("one", "one", ["t"])


def test_a_reblog_without_words(frank: Any, driver: SandboxDriver) -> None:
    _, naked, _ = a_chain(driver)
    post = single(frank, "bob", naked)
    assert post["body"] == post["reblog"]["tree_html"]
    assert post["reblog"]["comment"] == ""
    assert [entry["blog"]["name"] for entry in post["trail"]] == ["carol"]
    assert "reblogged_from_id" not in post


def test_the_chain_in_npf_holds_ancestors_only(frank: Any, driver: SandboxDriver) -> None:
    root, _, last = a_chain(driver)
    post = single(frank, "frank", last, npf=True)
    assert post["content"] == [{"type": "text", "text": "two"}]
    (entry,) = post["trail"]
    assert entry["post"]["id"] == root
    assert entry["blog"]["name"] == "carol"
    assert (entry["content"], entry["layout"]) == ([{"type": "text", "text": "one"}], [])


def test_a_title_is_the_roots(frank: Any, driver: SandboxDriver) -> None:
    root = driver.post("carol", "<p>one</p>", title="T")
    last = driver.reblog("frank", root, "<p>two</p>")
    assert single(frank, "frank", last)["title"] == "T"
    (entry,) = single(frank, "frank", last, npf=True)["trail"]
    assert [block["text"] for block in entry["content"]] == ["T", "one"]


def test_the_chain_outlives_its_root(frank: Any, driver: SandboxDriver, served: Served) -> None:
    dave = served.client(driver.create_user("dave"))
    root = dave.create_text("dave", body="<p>one</p>")
    last = driver.reblog("frank", root["id_string"], "<p>two</p>")
    before = single(frank, "frank", last)
    dave.delete_post("dave", root["id"])
    assert single(frank, "frank", last) == before


def test_editing_an_ancestor_changes_no_descendant(frank: Any, driver: SandboxDriver) -> None:
    made = frank.create_text("frank", body="<p>one</p>")
    reblog = driver.reblog("bob", made["id_string"])
    edit(frank, "frank", id=made["id"], body="<p>other</p>")
    assert "<p>one</p>" in single(frank, "bob", reblog)["body"]


def test_reblogging_by_the_client(frank: Any, driver: SandboxDriver) -> None:
    root = driver.post("carol", "<p>one</p>")
    key = single(frank, "carol", root)["reblog_key"]
    made = frank.reblog("frank", id=root, reblog_key=key, comment="<p>a</p>", tags=["x", "y"], state="draft")
    assert made["state"] == "draft"
    (draft,) = frank.send_api_request(
        "get", "/v2/blog/frank/posts/draft", {"reblog_info": True}, ["reblog_info"]
    )["posts"]
    assert (draft["reblogged_from_id"], draft["reblogged_from_name"]) == (root, "carol")
    assert single(frank, "carol", root)["note_count"] == 0
    published = edit(frank, "frank", id=made["id"], state="published", comment="<p>b</p>")
    assert single(frank, "frank", published["id"])["reblog"]["comment"] == "<p>b</p>"
    assert single(frank, "carol", root)["note_count"] == 1


@pytest.mark.parametrize("wrong", ["id", "reblog_key"])
def test_a_wrong_id_or_key(frank: Any, driver: SandboxDriver, wrong: str) -> None:
    root = driver.post("carol", "<p>one</p>")
    fields = {"id": root, "reblog_key": single(frank, "carol", root)["reblog_key"]}
    refused = frank.reblog("frank", **{**fields, wrong: "1"})
    assert refused["meta"]["status"] == 400
    assert refused["response"] == {"errors": ["Invalid ID or reblog_key specified"]}


def test_reblogs_that_are_not_allowed(frank: Any, driver: SandboxDriver, served: Served) -> None:
    root = driver.post("carol", "<p>one</p>")
    post = single(frank, "carol", root)
    driver.block("carol", "frank")
    refused = frank.reblog("frank", id=root, reblog_key=post["reblog_key"])
    assert refused["meta"]["status"] == 403
    assert refused["response"] == {"errors": ["You cannot reblog this post."]}
    assert frank.reblog("bob", id=root, reblog_key=post["reblog_key"])["meta"]["status"] == 401


def test_reblogging_oneself_again_and_again(frank: Any) -> None:
    made = frank.create_text("frank", body="<p>a</p>")
    key = single(frank, "frank", made["id"])["reblog_key"]
    for _ in range(3):
        assert frank.reblog("frank", id=made["id"], reblog_key=key)["state"] == "published"
    assert single(frank, "frank", made["id"])["note_count"] == 3


def a_tree_with_notes(driver: SandboxDriver, clock: FakeClock) -> str:
    root = driver.post("frank", "<p>one</p>")
    clock.advance(1)
    driver.like("bob", root)
    naked = driver.reblog("bob", root)
    clock.advance(1)
    driver.reblog("carol", naked, "<p>two <b>three</b></p>", tags=["x"])
    driver.reply("bob", root, "nice & <fine>")
    driver.reply("carol", root, "yes")
    return root


def test_notes_of_every_mode(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    root = a_tree_with_notes(driver, clock)
    everything = frank.notes("frank", root)
    assert [note["type"] for note in everything["notes"]] == [
        "reply",
        "reply",
        "reblog",
        "reblog",
        "like",
        "posted",
    ]
    assert everything["total_notes"] == 5
    assert "_links" not in everything
    reply, second, reblog, naked, like, posted = everything["notes"]
    assert (reply["reply_text"], reply["blog_name"]) == ("yes", "carol")
    assert second["reply_text"] == "nice & <fine>"
    assert "post_id" not in reply
    assert reblog["added_text"] == "two three"
    assert (reblog["reblog_parent_blog_name"], naked["reblog_parent_blog_name"]) == ("bob", "frank")
    assert isinstance(reblog["post_id"], str)
    assert "added_text" not in naked
    assert (like["blog_name"], posted["blog_name"]) == ("bob", "frank")
    assert reblog["timestamp"] - naked["timestamp"] == 1
    kinds = {
        "likes": ["like"],
        "rollup": ["reblog", "reblog", "like"],
        "reblogs_with_tags": ["reblog", "reblog"],
        "conversation": ["reply", "reply", "reblog", "posted"],
    }
    for mode, expected in kinds.items():
        found = frank.notes("frank", root, mode=mode)
        assert [note["type"] for note in found["notes"]] == expected
    assert frank.notes("frank", root, mode="reblogs_with_tags")["notes"][0]["tags"] == ["x"]
    talk = frank.notes("frank", root, mode="conversation")
    assert [note["type"] for note in talk["rollup_notes"]] == ["reblog", "like"]
    assert (talk["total_likes"], talk["total_reblogs"], talk["total_notes"]) == (1, 2, 5)


def test_all_posts_of_a_tree_share_their_notes(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    root = a_tree_with_notes(driver, clock)
    (bobs,) = frank.posts("bob", notes_info=True)["posts"]
    (franks,) = frank.posts("frank", id=root, notes_info=True)["posts"]
    assert bobs["notes"] == franks["notes"]
    assert bobs["note_count"] == franks["note_count"] == len(franks["notes"]) - 1
    assert frank.notes("bob", bobs["id"])["notes"] == frank.notes("frank", root)["notes"]


@pytest.mark.parametrize("mode", ["all", "conversation"])
def test_paging_meets_every_note_once(frank: Any, driver: SandboxDriver, clock: FakeClock, mode: str) -> None:
    root = driver.post("frank", "<p>one</p>")
    for n in range(120):
        driver.reply("bob", root, str(n))
        clock.advance(0.4)
    seen: list[str] = []
    query: dict[str, str] = {"id": root, "mode": mode}
    while True:
        answer = get(frank, "/v2/blog/frank/notes", **query)
        seen += [note.get("reply_text", note["type"]) for note in answer["notes"]]
        if "_links" not in answer:
            break
        query = {"mode": mode, **answer["_links"]["next"]["query_params"]}
    assert seen == [str(n) for n in range(119, -1, -1)] + ["posted"]


@pytest.mark.parametrize("unit", [1, 1_000_000])
def test_notes_before_a_time(frank: Any, driver: SandboxDriver, clock: FakeClock, unit: int) -> None:
    root = a_tree_with_notes(driver, clock)
    posted = frank.notes("frank", root)["notes"][-1]["timestamp"]
    before = frank.notes("frank", root, before_timestamp=(posted + 1) * unit)
    assert [note["type"] for note in before["notes"]] == ["posted"]
    assert frank.notes("frank", root, before_timestamp=posted * unit)["notes"] == []


@pytest.mark.parametrize(
    "query", [{"mode": "nonsense"}, {"before_timestamp": "x"}, {"before_timestamp": "1e99"}]
)
def test_notes_that_cannot_be_asked_for(frank: Any, driver: SandboxDriver, query: dict[str, str]) -> None:
    root = driver.post("frank", "<p>one</p>")
    assert frank.notes("frank", root, **query)["meta"]["status"] == 400


def test_notes_of_no_post(frank: Any) -> None:
    assert frank.notes("frank", 1)["meta"]["status"] == 404
    draft = frank.create_text("frank", body="<p>a</p>", state="draft")
    assert frank.notes("frank", draft["id"])["meta"]["status"] == 404


def test_deleting_a_reblog_takes_its_note(frank: Any, driver: SandboxDriver) -> None:
    root = driver.post("carol", "<p>one</p>")
    reblog = driver.reblog("frank", root, "<p>two</p>")
    frank.delete_post("frank", reblog)
    assert [note.kind for note in driver.notes(root)] == ["posted"]


def test_editing_a_reblog_changes_its_note(frank: Any, driver: SandboxDriver) -> None:
    root = driver.post("carol", "<p>one</p>")
    reblog = driver.reblog("frank", root, "<p>two</p>")
    edit(frank, "frank", id=reblog, comment="<p>other</p>")
    assert driver.notes(root)[0].text == "other"


def test_liking_and_unliking(frank: Any, driver: SandboxDriver) -> None:
    root = driver.post("carol", "<p>one</p>")
    post = single(frank, "carol", root)
    assert (post["liked"], post["can_like"]) == (False, True)
    for _ in range(2):
        assert frank.like(root, post["reblog_key"]) == []
    post = single(frank, "carol", root)
    assert (post["liked"], post["note_count"]) == (True, 1)
    assert frank.info()["user"]["likes"] == 1
    for _ in range(2):
        assert frank.unlike(root, post["reblog_key"]) == []
    assert single(frank, "carol", root)["note_count"] == 0
    assert frank.like(root, "wrong")["meta"]["status"] == 404
    own = single(frank, "frank", driver.post("frank", "<p>x</p>"))
    assert frank.like(own["id"], own["reblog_key"])["meta"]["status"] == 403
    driver.block("carol", "frank")
    assert frank.like(root, post["reblog_key"])["meta"]["status"] == 403
