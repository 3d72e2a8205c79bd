"""Check 7: unknown blogs, foreign lists, blogs that blocked the user."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver


def test_an_unknown_blog(frank: Any) -> None:
    assert "errors" in frank.blog_info("nope")
    refused = frank.posts("nope")
    assert (refused["meta"]["status"], refused["response"]) == (404, [])
    assert refused["errors"][0]["detail"].endswith(" Try again.")


def test_drafts_of_a_foreign_blog(frank: Any) -> None:
    for refused in (frank.drafts("bob"), frank.queue("bob"), frank.submission("bob"), frank.followers("bob")):
        assert refused["meta"]["status"] == 401
        assert refused["errors"][0]["code"] == 1016


def test_a_blog_that_blocked_the_user(frank: Any, driver: SandboxDriver) -> None:
    driver.post("bob", "<p>a</p>")
    driver.block("bob", "frank")
    refused = frank.posts("bob")
    assert refused["meta"]["status"] == 403
    assert refused["response"] == "You do not have permission to view this blog"


def test_a_blog_with_a_password(frank: Any, crowd: Crowd, driver: SandboxDriver) -> None:
    dave = crowd.client("dave")
    driver.set_blog("dave", password_protected=True)
    assert frank.posts("dave")["response"] == "You do not have permission to view this blog"
    assert dave.posts("dave")["posts"] == []


def test_a_blog_that_is_gone(frank: Any, driver: SandboxDriver) -> None:
    frank.follow("bob")
    frank.follow("carol")
    driver.set_blog("bob", deactivated=True)
    assert frank.blog_info("bob")["meta"]["status"] == 404
    following = frank.following()
    assert (following["total_blogs"], [blog["name"] for blog in following["blogs"]]) == (2, ["carol"])


@pytest.mark.parametrize("setting", ["deactivated", "password_protected"])
def test_posts_that_nobody_may_see(frank: Any, crowd: Crowd, driver: SandboxDriver, setting: str) -> None:
    dave = crowd.client("dave")
    frank.follow("dave")
    driver.post("dave", "<p>a</p>", tags=["t"])
    shown = driver.post("bob", "<p>b</p>", tags=["t"])
    assert (len(frank.dashboard()["posts"]), len(frank.tagged("t"))) == (1, 2)
    driver.set_blog("dave", **{setting: True})
    assert frank.dashboard()["posts"] == []
    assert [post["id_string"] for post in frank.tagged("t")] == [shown]
    assert len(dave.dashboard()["posts"]) == 1


def test_likes_that_are_private(frank: Any) -> None:
    refused = frank.blog_likes("bob")
    assert (refused["meta"]["status"], refused["response"]) == (403, "Not authorized.")
