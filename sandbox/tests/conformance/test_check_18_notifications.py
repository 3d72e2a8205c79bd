"""Check 18: a notification of each kind; each filter returns its items; paging by address to the end."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bench import edit, get
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver

ITEM_TYPES = {
    "like": "like",
    "reply": "reply",
    "follow": "follower",
    "mention_in_reply": "mention_in_reply",
    "mention_in_post": "user_mention",
    "reblog_naked": "reblog_naked",
    "reblog_with_content": "reblog",
    "ask": "ask",
    "answered_ask": "answered_ask",
}
URL = "/v2/blog/frank/notifications"


@pytest.fixture
def busy(frank: Any, crowd: Crowd, driver: SandboxDriver) -> dict[str, str]:
    """Everything that can happen to frank happens once; the ids of the posts it is about."""
    dave = crowd.client("dave")
    root = frank.create_text("frank", body="<p>root</p>")["id_string"]
    (post,) = dave.posts("frank", id=root)["posts"]
    given = {"id": post["id"], "reblog_key": post["reblog_key"]}
    dave.like(*given.values())
    dave.follow("frank")
    naked = dave.reblog("dave", tags=["x"], **given)["id_string"]
    said = dave.reblog("dave", comment="<p>said</p>", tags=["y"], **given)["id_string"]
    driver.reply("dave", root, "first")
    mention = '<p>hi <a class="tumblelog" href="https://frank.tumblr.com/">@frank</a></p>'
    mentioning = dave.create_text("dave", body=mention)["id_string"]
    driver.reply("dave", mentioning, "and hi @frank")
    driver.ask("frank", "Is it?", "dave")
    asked = driver.ask("dave", "Will it?", "frank")
    answer = edit(dave, "dave", id=asked, answer="<p>Yes.</p>", state="published")["id_string"]
    return {"root": root, "naked": naked, "said": said, "mentioning": mentioning, "answer": answer}


@pytest.mark.parametrize(("name", "kind"), ITEM_TYPES.items())
def test_each_filter(frank: Any, busy: dict[str, str], name: str, kind: str) -> None:
    (item,) = get(frank, URL, **{"types[0]": name})["notifications"]
    assert (item["type"], item["from_tumblelog_name"], item["followed"]) == (kind, "dave", False)
    assert {"id", "timestamp", "before", "unread", "target_post_id", "target_post_summary"} <= item.keys()


def test_what_items_say(frank2: Any, busy: dict[str, str]) -> None:
    found = frank2.notifications("frank")["notifications"]
    assert [item["type"] for item in found] == [
        *("answered_ask", "ask", "mention_in_reply", "user_mention", "reply"),
        *("reblog", "reblog_naked", "follower", "like"),
    ]
    by_type = {item["type"]: item for item in found}
    mention = by_type["user_mention"]
    assert mention["target_post_id"] == mention["post_id"] == busy["mentioning"]
    assert mention["target_tumblelog_name"] == mention["from_tumblelog_name"] == "dave"
    assert mention["target_post_summary"] == "hi @frank"
    (post,) = frank2.posts("dave", id=busy["mentioning"])["posts"]
    assert mention["reblog_key"] == post["reblog_key"]
    said, naked = by_type["reblog"], by_type["reblog_naked"]
    assert (said["target_post_id"], said["post_id"]) == (busy["root"], busy["said"])
    assert (said["added_text"], said["post_tags"]) == ("said", ["y"])
    assert (naked["post_id"], naked["post_tags"]) == (busy["naked"], ["x"])
    assert by_type["reply"]["reply_text"] == "first"
    assert (by_type["follower"]["target_post_id"], by_type["like"]["target_post_id"]) == ("", busy["root"])
    assert by_type["ask"]["target_post_summary"] == "Is it?"


def test_several_filters_at_once(frank: Any, busy: dict[str, str]) -> None:
    found = get(frank, URL, **{"types[0]": "like", "types[1]": "ask"})["notifications"]
    assert [item["type"] for item in found] == ["ask", "like"]
    rest = get(frank, URL, **{"types[0]": "like", "omit_post_ids[0]": busy["root"]})
    assert rest["notifications"] == []


@pytest.mark.parametrize("clock_moves", [True, False])
def test_paging_by_address(frank: Any, driver: SandboxDriver, clock: Any, clock_moves: bool) -> None:
    root = driver.post("frank", "<p>root</p>")
    for number in range(45):
        driver.reply("bob", root, str(number))
        clock.advance(1 if clock_moves else 0)
    met: list[str] = []
    href = f"{URL}?types%5B0%5D=reply"
    while href:
        answer = get(frank, urlsplit(href).path, **dict(parse_qsl(urlsplit(href).query)))
        met += [item["reply_text"] for item in answer["notifications"]]
        href = answer.get("_links", {}).get("next", {}).get("href", "")
    assert met == [str(number) for number in reversed(range(45))]


def test_a_muted_post_is_silent(frank: Any, crowd: Crowd, driver: SandboxDriver) -> None:
    root = driver.post("frank", "<p>root</p>")
    crowd.call("POST", f"/v2/blog/frank/posts/{root}/mute", json={})
    driver.reply("bob", root, "psst")
    assert get(frank, URL)["notifications"] == []
    (post,) = frank.posts("frank", id=root)["posts"]
    assert post["muted"] is True
