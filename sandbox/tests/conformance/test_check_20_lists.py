"""Check 20: paging of following, followers, blocks and likes; what a block does."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bench import get
from conformance.people import Crowd
from tumblr_sandbox.driver import DriverError, SandboxDriver

MANY = 45


@pytest.fixture
def others(driver: SandboxDriver) -> list[str]:
    """The names of more people than fit on a page."""
    names = [f"person-{number:02d}" for number in range(MANY)]
    for name in names:
        driver.create_user(name)
    return names


def pages(client: Any, path: str, key: str, **query: object) -> list[list[Any]]:
    """All pages of a list, by the addresses of their links alone."""
    found = []
    while True:
        answer = get(client, path, **query)
        found.append(answer[key])
        href = answer.get("_links", {}).get("next", {}).get("href")
        if href is None:
            return found
        path, query = urlsplit(href).path, dict(parse_qsl(urlsplit(href).query))


def names(found: list[list[Any]]) -> list[str]:
    assert [len(page) for page in found] == [20, 20, 5]
    return [one["name"] for page in found for one in page]


def test_following_and_followers(frank: Any, driver: SandboxDriver, others: list[str]) -> None:
    for name in others:
        driver.follow("frank", name)
        driver.follow(name, "frank")
    assert names(pages(frank, "/v2/user/following", "blogs")) == others[::-1]
    assert names(pages(frank, "/v2/blog/frank/following", "blogs")) == others[::-1]
    assert names(pages(frank, "/v2/blog/frank/followers", "users")) == others[::-1]
    assert (frank.following()["total_blogs"], frank.followers("frank")["total_users"]) == (MANY, MANY)
    assert get(frank, "/v2/blog/frank/followed_by", query=others[0]) == {"followed_by": True}
    assert get(frank, "/v2/blog/frank/followed_by", query="bob") == {"followed_by": False}
    assert get(frank, f"/v2/blog/{others[0]}/followed_by", query="frank") == {"followed_by": True}


def test_blocks(frank: Any, crowd: Crowd, others: list[str]) -> None:
    for name in others[:-3]:
        crowd.call("POST", "/v2/blog/frank/blocks", json={"blocked_tumblelog": name})
    bulk = {"blocked_tumblelogs": ",".join(others[-3:])}
    assert crowd.call("POST", "/v2/blog/frank/blocks/bulk", json=bulk)["meta"]["status"] == 200
    assert names(pages(frank, "/v2/blog/frank/blocks", "blocked_tumblelogs")) == others[::-1]
    crowd.call("DELETE", f"/v2/blog/frank/blocks?blocked_tumblelog={others[-1]}")
    assert get(frank, "/v2/blog/frank/blocks")["blocked_tumblelogs"][0]["name"] == others[-2]


def test_blocks_without_parameters(crowd: Crowd) -> None:
    bulk = crowd.call("POST", "/v2/blog/frank/blocks/bulk", json={})
    assert (bulk["meta"]["status"], bulk["errors"][0]["code"]) == (400, 5008)
    single = crowd.call("POST", "/v2/blog/frank/blocks", json={})
    assert (single["meta"]["status"], single["errors"][0]["code"]) == (404, 0)


@pytest.mark.parametrize("moves", [True, False])
def test_likes(frank: Any, driver: SandboxDriver, clock: Any, moves: bool) -> None:
    made = [driver.post("bob", f"<p>{number}</p>") for number in range(MANY)]
    for post_id in made:
        driver.like("frank", post_id)
        clock.advance(1 if moves else 0)
    driver.set_blog("frank", share_likes=True)
    for path in ("/v2/user/likes", "/v2/blog/frank/likes"):
        found = pages(frank, path, "liked_posts")
        assert [post["id_string"] for page in found for post in page] == made[::-1]
    first = frank.likes(limit=3)
    assert (first["liked_count"], first["liked_posts"][0]["liked"]) == (MANY, True)
    assert [post["id_string"] for post in frank.likes(limit=3, offset=3)["liked_posts"]] == made[-4:-7:-1]
    stamp = first["liked_posts"][0]["liked_timestamp"]
    assert frank.likes(after=stamp)["liked_posts"] == []
    assert get(frank, "/v2/user/likes", before=stamp, offset=1)["meta"]["status"] == 400


def test_what_a_block_does(frank: Any, crowd: Crowd, driver: SandboxDriver) -> None:
    dave = crowd.client("dave")
    dave.follow("frank")
    post_id = driver.post("frank", "<p>a</p>")
    (post,) = dave.dashboard()["posts"]
    crowd.call("POST", "/v2/blog/frank/blocks", json={"blocked_tumblelog": "dave"})
    refused = dave.reblog("dave", id=post_id, reblog_key=post["reblog_key"])
    assert (refused["meta"]["status"], refused["response"]) == (
        403,
        {"errors": ["You cannot reblog this post."]},
    )
    assert dave.like(post_id, post["reblog_key"])["meta"]["status"] == 403
    with pytest.raises(DriverError, match="blocked"):
        driver.ask("frank", "May I?", "dave")
    assert dave.dashboard()["posts"] == []
    assert frank.submission("frank")["posts"] == []
