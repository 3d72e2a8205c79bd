"""Check 4: every way to name a blog, and every way to write a path, finds the same."""

from __future__ import annotations

from typing import Any

from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver


def test_names_and_paths_agree(frank: Any, crowd: Crowd, driver: SandboxDriver) -> None:
    driver.post("bob", "<p>a</p>")
    wanted = frank.posts("bob")
    assert len(wanted["posts"]) == 1
    assert frank.posts("bob.tumblr.com") == wanted
    uuid = wanted["blog"]["uuid"]
    assert frank.posts(uuid) == wanted
    for path in (
        f"/v2/blog/{uuid}/posts",
        "/v2/blog/bob/posts",
        "/v2/blog/bob/posts/",
        "/v2/blog/bob.tumblr.com/posts/",
        "/api/v2/blog/bob/posts",
        "/api/v2/blog/bob/posts/",
    ):
        assert crowd.call("GET", path)["response"] == wanted, path


def test_who_is_followed_can_be_named_in_any_way(frank: Any, crowd: Crowd) -> None:
    crowd.keys("dave")
    uuid = frank.blog_info("dave")["blog"]["uuid"]
    for name in (
        "dave",
        "dave.tumblr.com",
        "https://dave.tumblr.com/",
        "https://dave.tumblr.com/post/1",
        uuid,
    ):
        document = crowd.call("POST", "/v2/user/follow", json={"url": name})
        assert document["response"]["blog"]["name"] == "dave", name


def test_nothing_is_redirected(crowd: Crowd) -> None:
    for path in ("/v2", "/v2/", "/api/v2/"):
        assert crowd.call("GET", path, allow_redirects=False)["meta"]["status"] == 404
