"""27. Signed clients reach communities: their handles and emoji stand in addresses."""

from __future__ import annotations

from typing import Any

import requests
from requests_oauthlib import OAuth1

from bench import Served
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet


def test_by_signed_calls(served: Served, driver: SandboxDriver, keys: KeySet, frank2: Any) -> None:
    uuid = driver.create_community("club", "frank", members=["bob"], title="The Club")
    auth = OAuth1(*keys.strings())

    def call(method: str, path: str, **sent: Any) -> Any:
        answer = requests.request(method, f"{served.url}/v2/{path}", auth=auth, timeout=20, **sent)
        assert answer.status_code == 200, answer.text
        return answer.json()["response"]

    made = frank2.create_post("@@club", content=[{"type": "text", "text": "from pytumblr2"}])
    assert made["state"] == "published"
    assert call("GET", f"communities/{uuid}")["post_count"] == 1
    assert call("PUT", "communities/@@club", json={"title": "A Club", "tags": ["a"]})["tags"] == ["a"]
    assert call("PUT", "communities/club", data={"description": "d & d"})["title"] == "A Club"
    reactions = f"communities/club/posts/{made['id']}/reactions"
    call("PUT", reactions, data={"grapheme": "👍"})
    (post,) = call("GET", "communities/club/timeline", params={"type": "discover"})["timeline"]["elements"]
    assert [one["grapheme"] for one in post["reactions"]] == ["👍"]
    call("DELETE", f"{reactions}/👍")
    call("PUT", "communities/club/members/bob", data={"role": "admin"})
    call("DELETE", "communities/club/members")
    assert call("GET", "communities") == []
