"""Check 3: what the consumer key alone opens."""

from __future__ import annotations

from typing import Any

import pytumblr

from conformance.backups import Backup
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver


def test_pytumblr_with_the_consumer_key_alone(crowd: Crowd, driver: SandboxDriver) -> None:
    driver.post("bob", "<p>a</p>", tags=["t"])
    driver.set_blog("bob", share_likes=True)
    make: Any = pytumblr.TumblrRestClient
    client = make(crowd.keys("frank").consumer_key, host=crowd.url)
    assert [post["body"] for post in client.posts("bob")["posts"]] == ["<p>a</p>"]
    assert client.blog_info("bob")["blog"]["name"] == "bob"
    assert client.blog_likes("bob")["liked_posts"] == []
    assert [post["body"] for post in client.tagged("t")] == ["<p>a</p>"]
    assert client.dashboard()["meta"]["status"] == 401


def test_an_unknown_key(crowd: Crowd) -> None:
    make: Any = pytumblr.TumblrRestClient
    assert make("nobody", host=crowd.url).posts("bob")["meta"]["status"] == 401


def test_tumblr_backup(driver: SandboxDriver, backup: Backup) -> None:
    driver.post("bob", "<p>kept</p>")
    done = backup.run("bob")
    assert done.returncode == 0, done.stderr
    (page,) = backup.pages("bob").values()
    assert "<p>kept</p>" in page
