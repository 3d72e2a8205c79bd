"""Check 9: a post of each state is in its list and nowhere else; slug, date and tags round trip."""

from __future__ import annotations

from typing import Any

import pytest

from bench import edit

LISTS = ("posts", "queue", "drafts", "submission")


def lists_with(client: Any, post_id: object) -> list[str]:
    found = {name: getattr(client, name)("frank", limit=20) for name in ("posts", "queue")}
    found |= {name: getattr(client, name)("frank") for name in ("drafts", "submission")}
    return [name for name in LISTS if post_id in [post["id"] for post in found[name]["posts"]]]


@pytest.mark.parametrize(
    ("state", "told", "listed"),
    [
        ("published", "published", ["posts"]),
        ("draft", "draft", ["drafts"]),
        ("queue", "queued", ["queue"]),
        ("private", "private", ["posts"]),
    ],
)
def test_states(frank: Any, crowd: Any, state: str, told: str, listed: list[str]) -> None:
    made = frank.create_text("frank", body="<p>a</p>", state=state)
    assert (made["state"], made["id_string"]) == (told, str(made["id"]))
    assert lists_with(frank, made["id"]) == listed
    assert frank.posts("frank", id=made["id"])["posts"][0]["state"] == told
    strangers = [post["id"] for post in crowd.client("dave").posts("frank")["posts"]]
    assert strangers == ([made["id"]] if state == "published" else [])


def test_slug_date_and_tags(frank: Any) -> None:
    new = frank.create_text("frank", body="new")
    old = frank.create_text(
        "frank", body="old", slug="my own slug", date="2020-01-02 03:04:05 GMT", tags=["B b", "a", "ünï"]
    )
    posts = frank.posts("frank")["posts"]
    assert [post["id"] for post in posts] == [new["id"], old["id"]]
    assert posts[1]["date"] == "2020-01-02 03:04:05 GMT"
    assert posts[1]["timestamp"] == 1577934245
    assert (posts[1]["slug"], posts[1]["tags"]) == ("my-own-slug", ["B b", "a", "ünï"])
    assert posts[1]["post_url"].endswith(f"/{old['id']}/my-own-slug")


def test_an_empty_list_of_tags(frank: Any) -> None:
    made = frank.create_text("frank", body="a", tags=["x"])
    frank.edit_post("frank", id=made["id"], tags=[])
    assert frank.posts("frank", id=made["id"])["posts"][0]["tags"] == ["[]"]
    edit(frank, "frank", id=made["id"], tags="")
    assert frank.posts("frank", id=made["id"])["posts"][0]["tags"] == []


def test_a_pinned_post_stands_first(frank: Any, driver: Any) -> None:
    made = [frank.create_text("frank", body=str(n))["id"] for n in range(5)]
    driver.set_blog("frank", pinned_post=made[1])
    wanted = [made[1], made[4], made[3], made[2], made[0]]
    first = frank.posts("frank", limit=2)
    assert first["posts"][0]["is_pinned"] is True
    token = first["_links"]["next"]["query_params"]["page_number"]
    rest = frank.send_api_request("get", "/v2/blog/frank/posts", {"page_number": token}, ["page_number"])
    assert [post["id"] for post in first["posts"] + rest["posts"]] == wanted
    by_offset = [frank.posts("frank", limit=2, offset=n)["posts"] for n in (0, 2, 4)]
    assert [post["id"] for page in by_offset for post in page] == wanted
