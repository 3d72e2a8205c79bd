"""Reading posts over the API: published, queue, drafts, and one by id."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from bench import FakeClock, Served, edit, get
from tumblr_sandbox.driver import SandboxDriver


def ids_of(answer: dict[str, Any]) -> list[str]:
    return [post["id_string"] for post in answer["posts"]]


def test_a_text_post_in_both_forms(frank: Any, clock: FakeClock) -> None:
    made = frank.create_text("frank", title="T & t", body="<p>é 域 <b>b</b></p>", tags=["x y", "Z"])
    (legacy,) = frank.posts("frank", id=made["id"])["posts"]
    assert legacy["type"] == "text"
    assert (legacy["title"], legacy["body"]) == ("T & t", "<p>é 域 <b>b</b></p>")
    assert legacy["tags"] == ["x y", "Z"]
    assert legacy["format"] == "html"
    assert legacy["summary"] == "T & t"
    assert legacy["slug"] == "t-t"
    assert legacy["timestamp"] == int(clock.time)
    assert legacy["date"].endswith(" GMT")
    assert legacy["reblog"] == {"comment": legacy["body"], "tree_html": ""}
    (entry,) = legacy["trail"]
    assert entry["is_root_item"] is entry["is_current_item"] is True
    assert entry["post"] == {"id": made["id_string"]}
    assert "source_title" not in legacy
    (npf,) = frank.posts("frank", id=made["id"], npf=True)["posts"]
    assert npf["type"] == "blocks"
    assert npf["original_type"] == "regular"
    assert [block["text"] for block in npf["content"]] == ["T & t", "é 域 b"]
    assert npf["content"][0]["subtype"] == "heading1"
    assert (npf["layout"], npf["trail"]) == ([], [])
    assert not {"format", "body", "title", "reblog"} & npf.keys()
    assert frank.posts("frank", id=made["id"], npf=False)["posts"][0]["type"] == "text"


def test_the_blog_around_the_posts(frank: Any) -> None:
    frank.create_text("frank", body="<p>a</p>")
    answer = frank.posts("frank", limit=1)
    assert answer["blog"]["name"] == "frank"
    assert answer["total_posts"] == 1
    assert answer["posts"][0]["blog"].keys() == {"name", "title", "description", "url", "uuid", "updated"}
    assert "_links" not in answer


def test_every_way_to_name_a_blog(frank: Any, served: Served, driver: SandboxDriver) -> None:
    driver.post("frank", "<p>a</p>")
    by_name = frank.posts("frank")["posts"]
    uuid = by_name[0]["blog"]["uuid"]
    assert frank.posts("frank.tumblr.com")["posts"] == by_name
    for path in (f"/v2/blog/{uuid}/posts", "/v2/blog/frank/posts/", "/api/v2/blog/frank/posts"):
        assert get(frank, path)["posts"] == by_name
    assert get(frank, f"/v2/blog/{uuid}.tumblr.com/posts")["posts"] == by_name


def test_paging_by_links_and_by_offset(frank: Any, driver: SandboxDriver) -> None:
    made = [driver.post("frank", f"<p>{n}</p>") for n in range(7)][::-1]
    seen, query = [], {"limit": 3}
    while True:
        answer = get(frank, "/v2/blog/frank/posts", **query)
        seen += ids_of(answer)
        if "_links" not in answer:
            break
        following = answer["_links"]["next"]
        assert following["href"].startswith("/v2/blog/")
        assert following["method"] == "GET"
        query = {"limit": 3, **following["query_params"]}
    assert seen == made
    assert ids_of(frank.posts("frank", limit=3, offset=3)) == made[3:6]


def followed(client: Any, path: str, **query: object) -> list[dict[str, Any]]:
    """All pages of a list, by the addresses of their links and nothing else."""
    pages = []
    while True:
        pages.append(get(client, path, **query))
        href = pages[-1].get("_links", {}).get("next", {}).get("href")
        if href is None:
            return pages
        path, query = urlsplit(href).path, dict(parse_qsl(urlsplit(href).query, keep_blank_values=True))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("posts", {"tag": "even", "npf": "true"}),
        ("posts", {"tag[0]": "even", "tag[1]": "all", "before": 2**40, "npf": 1}),
        ("posts/text", {"tag": "even", "npf": "true", "after": 1}),
        ("posts", {"tag": "even", "sort": "asc", "npf": "true"}),
        ("posts/draft", {"npf": "true"}),
        ("posts/queue", {"npf": "true"}),
        ("likes", {"npf": "true"}),
    ],
)
def test_links_repeat_what_was_asked_for(
    frank: Any, driver: SandboxDriver, path: str, query: dict[str, object]
) -> None:
    for number in range(10):
        tags = ["all", *(["even"] if number % 2 == 0 else [])]
        driver.post("frank", f"<p>{number}</p>", tags=tags)
        if number % 2:
            driver.like("frank", driver.post("bob", f"<p>{number}</p>"))
            for state in ("draft", "queue"):
                frank.create_text("frank", body=f"<p>{number}</p>", state=state)
    pages = followed(frank, f"/v2/blog/frank/{path}", limit=2, **query)
    lists = [page.get("posts") or page["liked_posts"] for page in pages]
    assert [len(one) for one in lists] == [2, 2, 1]
    assert all("content" in post for one in lists for post in one)
    assert len({post["id"] for one in lists for post in one}) == 5


def test_order_and_selection(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    start = int(clock.time)
    made = []
    for n in range(4):
        clock.advance(10)
        made.append(driver.post("frank", f"<p>{n}</p>", tags=["even" if n % 2 == 0 else "Odd", "all"]))
    assert ids_of(frank.posts("frank", tag="odd")) == [made[3], made[1]]
    assert ids_of(get(frank, "/v2/blog/frank/posts", **{"tag[0]": "all", "tag[1]": "EVEN"})) == [
        made[2],
        made[0],
    ]
    assert ids_of(frank.posts("frank", before=start + 30)) == [made[1], made[0]]
    assert ids_of(get(frank, "/v2/blog/frank/posts", after=start + 20)) == [made[3], made[2]]
    assert ids_of(get(frank, "/v2/blog/frank/posts", sort="asc")) == made
    assert ids_of(get(frank, "/v2/blog/frank/posts", before_id=made[1])) == [made[0]]
    assert frank.posts("frank", type="quote")["posts"] == []
    assert ids_of(frank.posts("frank", type="text", limit=1)) == [made[3]]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/blog/frank/posts?limit=0", 400),
        ("/v2/blog/frank/posts?limit=x", 400),
        ("/v2/blog/frank/posts?before=1&offset=1", 400),
        ("/v2/blog/frank/posts?page_number=nonsense", 400),
        ("/v2/blog/frank/posts?page_number=%C3%A9", 400),
        ("/v2/blog/frank/posts?npf=maybe", 400),
        ("/v2/blog/frank/posts?id=x", 400),
        ("/v2/blog/frank/posts?id=1", 404),
        (f"/v2/blog/frank/posts?id={2**64}", 400),
        ("/v2/blog/nobody/posts", 404),
        ("/v2/blog/frank/posts/nonsense", 404),
        ("/v2/blog/frank/nonsense", 404),
        ("/v2/", 404),
        ("/v2/blog/frank/posts?unknown=1&fields[blogs]=name", 200),
    ],
)
def test_odd_requests(frank: Any, path: str, status: int) -> None:
    with requests.get(frank.request.host + path, auth=frank.request.oauth, timeout=5) as reply:
        assert reply.status_code == reply.json()["meta"]["status"] == status
        assert reply.headers["Content-Type"] == "application/json; charset=utf-8"


def test_what_is_not_found_is_said_kindly(frank: Any) -> None:
    (error,) = frank.posts("nobody")["errors"]
    assert (error["title"], error["code"]) == ("Not Found", 0)
    assert error["detail"].endswith("Try again.")


@pytest.mark.parametrize("state", ["draft", "queue", "private"])
def test_what_is_not_published_is_for_the_owner(
    frank: Any, served: Served, driver: SandboxDriver, state: str
) -> None:
    made = frank.create_text("frank", body="<p>a</p>", state=state)
    dave = served.client(driver.create_user("dave"))
    assert frank.posts("frank", id=made["id"])["posts"][0]["state"] == made["state"]
    assert dave.posts("frank", id=made["id"])["meta"]["status"] == 404
    assert dave.posts("frank")["posts"] == []
    assert bool(frank.posts("frank")["posts"]) is (state == "private")


def test_drafts_are_newest_first_and_paged(frank: Any) -> None:
    made = [frank.create_text("frank", body=f"<p>{n}</p>", state="draft")["id_string"] for n in range(4)]
    answer = get(frank, "/v2/blog/frank/posts/draft", limit=3)
    assert ids_of(answer) == made[:0:-1]
    rest = get(frank, "/v2/blog/frank/posts/draft", **answer["_links"]["next"]["query_params"])
    assert ids_of(rest) == [made[0]]


def test_private_lists_are_for_members(frank: Any, driver: SandboxDriver) -> None:
    for call in (frank.drafts, frank.queue, frank.submission):
        refused = call("bob")
        assert refused["meta"]["status"] == 401
        assert refused["errors"][0]["code"] == 1016


def test_the_queue_and_its_slots(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    driver.set_queue("frank", posts_per_day=3)
    clock.advance(86_400 - clock.time % 86_400 + 60)
    driver.set_checks(timestamps=False)
    midnight = int(clock.time) - 60
    made = [frank.create_text("frank", body=f"<p>{n}</p>", state="queue") for n in range(4)]
    assert {one["state"] for one in made} == {"queued"}
    posts = frank.queue("frank")["posts"]
    hours = [(post["scheduled_publish_time"] - midnight) / 3600 for post in posts]
    assert hours == [6, 12, 18, 30]
    assert {post["queued_state"] for post in posts} == {"queued"}
    frank.delete_post("frank", made[0]["id"])
    frank.create_text("frank", body="<p>new</p>", state="queue")
    assert frank.queue("frank", limit=1)["posts"][0]["body"] == "<p>new</p>"
    assert len(frank.queue("frank", offset=1)["posts"]) == 3


def test_a_queued_post_comes_out_at_its_time(frank: Any, driver: SandboxDriver) -> None:
    driver.set_queue("frank", posts_per_day=50)
    made = [frank.create_text("frank", body=f"<p>{n}</p>", state="queue") for n in range(2)]
    first = frank.queue("frank")["posts"][0]
    driver.set_checks(timestamps=False)
    driver.advance(first["scheduled_publish_time"] - driver.now() + 1)
    (left,) = frank.queue("frank")["posts"]
    assert left["id"] == made[1]["id"]
    (out,) = frank.posts("frank")["posts"]
    assert out["genesis_post_id"] == made[0]["id_string"]
    assert out["id"] > made[1]["id"]
    assert out["body"] == "<p>0</p>"
    assert out["state"] == "published"
    driver.advance(86_400)
    assert [post["body"] for post in frank.posts("frank")["posts"]] == ["<p>1</p>", "<p>0</p>"]
    assert frank.queue("frank")["posts"] == []


def test_a_scheduled_post(frank: Any, driver: SandboxDriver, clock: FakeClock) -> None:
    moment = int(clock.time) + 1234
    fields = {"body": "<p>a</p>", "state": "queue", "publish_on": str(moment)}
    made = frank.send_api_request("post", "/v2/blog/frank/post", fields, list(fields))
    (post,) = frank.queue("frank")["posts"]
    assert (post["scheduled_publish_time"], post["queued_state"]) == (moment, "scheduled")
    edit(frank, "frank", id=made["id"], publish_on=str(moment + 5))
    assert frank.queue("frank")["posts"][0]["scheduled_publish_time"] == moment + 5


def test_a_due_post_beyond_the_daily_limit_becomes_a_draft(frank: Any, driver: SandboxDriver) -> None:
    driver.set_queue("frank", posts_per_day=50)
    frank.create_text("frank", body="<p>a</p>", state="queue")
    driver.set_limits(posts_per_day=0)
    driver.set_checks(timestamps=False)
    driver.advance(86_400)
    assert [post["body"] for post in frank.drafts("frank")["posts"]] == ["<p>a</p>"]
    assert frank.posts("frank")["posts"] == []


def test_as_plain_text(frank: Any) -> None:
    frank.create_text("frank", body="<p>a <b>b</b></p><p>c</p>")
    assert frank.posts("frank", filter="text")["posts"][0]["body"] == "a b\nc"


def test_blogs_that_do_not_show_themselves(frank: Any, served: Served, driver: SandboxDriver) -> None:
    driver.post("bob", "<p>a</p>")
    driver.set_blog("bob", dashboard_only=True)
    assert frank.posts("bob")["total_posts"] == 1
    url = f"{served.url}/v2/blog/bob/posts?api_key={frank.request.consumer_key}"
    with requests.get(url, timeout=5) as reply:
        document = reply.json()
    assert reply.status_code == 404
    assert "response" not in document
    assert [error["code"] for error in document["errors"]] == [4012]
    driver.block("bob", "frank")
    refused = frank.posts("bob")
    assert refused["meta"]["status"] == 403
    assert refused["response"] == "You do not have permission to view this blog"
