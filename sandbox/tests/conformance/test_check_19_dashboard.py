"""Check 19: the dashboard: paging by offset, the loop over ``since_id``, and what unfollowing does."""

from __future__ import annotations

from typing import Any

from bench import get
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver


def ids(posts: list[dict[str, Any]]) -> list[str]:
    return [post["id_string"] for post in posts]


def test_paging_by_offset_meets_each_post_once(frank: Any, driver: SandboxDriver) -> None:
    frank.follow("bob")
    made = [driver.post("bob" if n % 2 else "frank", f"<p>{n}</p>") for n in range(45)]
    driver.post("carol", "<p>not followed</p>")
    pages = [frank.dashboard(limit=20, offset=offset)["posts"] for offset in (0, 20, 40)]
    assert [post_id for page in pages for post_id in ids(page)] == made[::-1]


def test_since_id_misses_none(frank: Any, driver: SandboxDriver) -> None:
    frank.follow("bob")
    limit, seen, met = 5, driver.post("bob", "<p>start</p>"), []
    made = [driver.post("bob", f"<p>{n}</p>") for n in range(limit + 5)]
    while page := ids(frank.dashboard(limit=limit, since_id=seen)["posts"]):
        assert page == sorted(page, key=int, reverse=True)
        met += page[::-1]
        seen = page[0]
    assert met == made


def test_backdating_does_not_move_a_post(frank: Any, driver: SandboxDriver) -> None:
    first = frank.create_text("frank", body="a")["id_string"]
    old = frank.create_text("frank", body="b", date="2010-01-01 00:00:00 GMT")["id_string"]
    assert ids(frank.dashboard()["posts"]) == [old, first]
    before = get(frank, "/v2/user/dashboard", before_id=old)["posts"]
    assert ids(before) == [first]


def test_unfollowing_removes(frank: Any, driver: SandboxDriver, crowd: Crowd) -> None:
    post_id = driver.post("bob", "<p>a</p>")
    assert frank.dashboard()["posts"] == []
    frank.follow("bob")
    assert ids(frank.dashboard()["posts"]) == [post_id]
    assert frank.dashboard()["posts"][0]["followed"] is True
    frank.unfollow("bob")
    assert frank.dashboard()["posts"] == []
