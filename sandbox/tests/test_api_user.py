"""Endpoints about the user and about blogs."""

from __future__ import annotations

import struct
from typing import Any

import pytest
import requests

from bench import Served, get
from tumblr_sandbox.driver import SandboxDriver


def ids_of(answer: dict[str, Any]) -> list[str]:
    return [post["id_string"] for post in answer["posts"]]


def test_user_info(frank: Any, driver: SandboxDriver) -> None:
    driver.create_blog("frank", "frank-side", title="Side")
    driver.ask("frank", "hm?")
    frank.create_text("frank", body="<p>a</p>", state="draft")
    frank.create_text("frank", body="<p>b</p>", state="queue")
    frank.create_text("frank", body="<p>c</p>")
    frank.follow("bob")
    driver.follow("bob", "frank")
    user = frank.info()["user"]
    assert (user["name"], user["following"], user["default_post_format"]) == ("frank", 1, "html")
    main, side = user["blogs"]
    assert (main["name"], main["title"], main["primary"]) == ("frank", "Frank", True)
    assert (side["name"], side["title"], side["primary"]) == ("frank-side", "Side", False)
    assert (main["messages"], main["drafts"], main["queue"], main["posts"], main["followers"]) == (
        1,
        1,
        1,
        1,
        1,
    )
    assert main["url"] == "https://frank.tumblr.com/"
    assert frank.create_text("frank-side", body="<p>d</p>")["state"] == "published"


def test_user_info_may_be_asked_for_by_post(frank: Any) -> None:
    """As python-tumblpy's README does."""
    assert frank.send_api_request("post", "/v2/user/info", {}, [])["user"]["name"] == "frank"


def test_blog_info(frank: Any, driver: SandboxDriver) -> None:
    driver.post("bob", "<p>a</p>")
    driver.set_blog("bob", description="d", ask_anon=False)
    blog = frank.blog_info("bob")["blog"]
    assert (blog["name"], blog["description"], blog["posts"], blog["total_posts"]) == ("bob", "d", 1, 1)
    assert (blog["ask"], blog["ask_anon"], blog["followed"]) == (True, False, False)
    assert blog["is_blocked_from_primary"] is False
    assert [avatar["width"] for avatar in blog["avatar"]] == [512, 128, 96, 64]
    assert "drafts" not in blog
    assert frank.blog_info("frank")["blog"]["drafts"] == 0
    assert "errors" in frank.blog_info("nope")


def test_the_dashboard(frank: Any, driver: SandboxDriver, served: Served) -> None:
    frank.follow("bob")
    posts = [
        driver.post(name, f"<p>{n}</p>") for n, name in enumerate(["bob", "carol", "frank", "bob", "bob"])
    ]
    seen = [posts[n] for n in (4, 3, 2, 0)]
    assert ids_of(frank.dashboard()) == seen
    assert ids_of(frank.dashboard(limit=2)) + ids_of(frank.dashboard(limit=2, offset=2)) == seen
    assert ids_of(get(frank, "/v2/user/dashboard", before_id=posts[3])) == seen[2:]
    assert frank.dashboard(type="photo") == {"posts": []}
    frank.unfollow("bob")
    assert ids_of(frank.dashboard()) == [posts[2]]


def test_a_reader_by_since_id_misses_nothing(frank: Any, driver: SandboxDriver) -> None:
    frank.follow("bob")
    posts = [driver.post("bob", f"<p>{n}</p>") for n in range(12)]
    seen: list[str] = [posts[0]]
    while True:
        page = ids_of(frank.dashboard(limit=5, since_id=seen[-1]))
        if not page:
            break
        assert page == sorted(page, reverse=True)
        seen += page[::-1]
    assert seen == posts


def test_following_and_followers(frank: Any, driver: SandboxDriver) -> None:
    for name in ("bob", "https://carol.tumblr.com/some/path", "bob"):
        url = "/v2/user/follow"
        assert frank.send_api_request("post", url, {"url": name}, ["url"])["blog"]["followed"] is True
    answer = frank.following()
    assert answer["total_blogs"] == 2
    assert {blog["name"] for blog in answer["blogs"]} == {"bob", "carol"}
    first = frank.following(limit=1)
    second = frank.following(**first["_links"]["next"]["query_params"])
    assert {first["blogs"][0]["name"], second["blogs"][0]["name"]} == {"bob", "carol"}
    assert "_links" not in second
    assert frank.blog_following("frank")["total_blogs"] == 2
    assert frank.follow("nobody")["meta"]["status"] == 404
    driver.follow("bob", "frank")
    followers = frank.followers("frank")
    assert (followers["total_users"], followers["users"][0]["name"]) == (1, "bob")
    assert frank.followers("bob")["meta"]["status"] == 401
    assert get(frank, "/v2/blog/frank/followed_by", query="bob") == {"followed_by": True}
    assert get(frank, "/v2/blog/frank/followed_by", query="carol") == {"followed_by": False}
    for _ in range(2):
        assert "blog" in frank.unfollow("bob")
    assert frank.following()["total_blogs"] == 1


def test_following_that_is_not_shared(frank: Any, driver: SandboxDriver) -> None:
    driver.set_blog("bob", share_following=False)
    refused = frank.blog_following("bob")
    assert refused["meta"]["status"] == 403
    assert refused["response"] == "Not authorized."
    driver.set_blog("frank", share_following=False)
    assert frank.blog_following("frank")["total_blogs"] == 0


@pytest.mark.parametrize("size", [16, 64, 512])
def test_an_avatar(frank: Any, size: int) -> None:
    url = frank.avatar("bob", size)["avatar_url"]
    assert "media.tumblr.com" in url
    with requests.get(url, timeout=5) as reply:
        assert reply.headers["Content-Type"] == "image/png"
        assert "Last-Modified" in reply.headers
        assert struct.unpack(">II", reply.content[16:24]) == (size, size)


def test_avatars_that_do_not_exist(frank: Any, served: Served) -> None:
    assert frank.avatar("bob", 17)["meta"]["status"] == 404
    assert frank.avatar("nobody")["meta"]["status"] == 404
    with requests.get(f"{served.url}/64.media.tumblr.com/avatar_bob_17.png", timeout=5) as reply:
        assert reply.status_code == 404


def test_likes_are_shown_as_liked(frank: Any, driver: SandboxDriver) -> None:
    post = driver.post("bob", "<p>a</p>")
    frank.follow("bob")
    frank.like(post, frank.posts("bob")["posts"][0]["reblog_key"])
    (shown,) = frank.dashboard()["posts"]
    assert (shown["liked"], shown["followed"], shown["note_count"]) == (True, True, 1)
