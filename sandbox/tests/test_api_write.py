"""Writing posts over the API."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bench import FakeClock, Served, edit
from tumblr_sandbox.driver import SandboxDriver

TEXT = "é 域 + % ~ ' ( ) * \n\n x"


def single(client: Any, post_id: object) -> dict[str, Any]:
    (post,) = client.posts("frank", id=post_id)["posts"]
    return dict(post)


@pytest.mark.parametrize(
    ("state", "stored", "display"),
    [
        ("published", "published", "Posted to frank"),
        ("draft", "draft", "Saved as a draft on frank"),
        ("queue", "queued", "Added to the queue of frank"),
        ("private", "private", "Saved on frank"),
        ("queued", "published", "Posted to frank"),
    ],
)
def test_states_of_new_posts(frank: Any, state: str, stored: str, display: str) -> None:
    made = frank.create_text("frank", body="<p>a</p>", state=state)
    assert made == {
        "id": made["id"],
        "id_string": str(made["id"]),
        "state": stored,
        "display_text": display,
    }
    assert single(frank, made["id"])["state"] == stored


def test_bytes_come_through_a_form_and_through_multipart(frank: Any, served: Served) -> None:
    made = frank.create_text("frank", body=TEXT, title=TEXT, tags=[" a b ", "é+%"])
    post = single(frank, made["id"])
    assert (post["body"], post["title"], post["tags"]) == (TEXT, TEXT, ["a b", "é+%"])
    url = f"{served.url}/v2/blog/frank/post"
    fields = {"body": TEXT, "tags": "a b,c"}
    files = {"nothing": ("", b"")}
    auth = frank.request.oauth
    with requests.post(url, params=fields, data=fields, files=files, auth=auth, timeout=5) as reply:
        assert reply.status_code == 201
        post = single(frank, reply.json()["response"]["id"])
    # Multipart bodies carry line ends of their own.
    assert post["body"].replace("\r\n", "\n") == TEXT
    assert post["tags"] == ["a b", "c"]


def test_a_json_body_is_not_signed(frank: Any, served: Served) -> None:
    url = f"{served.url}/v2/blog/frank/post"
    with requests.post(url, json={"body": TEXT}, auth=frank.request.oauth, timeout=5) as reply:
        assert single(frank, reply.json()["response"]["id"])["body"] == TEXT


def test_an_empty_list_of_tags_is_a_tag(frank: Any) -> None:
    made = frank.create_text("frank", body="<p>a</p>", tags=[])
    assert single(frank, made["id"])["tags"] == ["[]"]
    edit(frank, "frank", id=made["id"], tags="")
    assert single(frank, made["id"])["tags"] == []


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"body": ""}, [{"code": 8001, "message": "Post cannot be empty."}]),
        ({"body": "<p> </p>"}, [{"code": 8001, "message": "Post cannot be empty."}]),
        ({"body": "<script>x</script>"}, [{"code": 8001, "message": "Post cannot be empty."}]),
        ({"title": "only"}, [{"code": 8001, "message": "Post cannot be empty."}]),
        ({"body": "a", "state": "submission"}, ["Unknown state - submission"]),
        ({"body": "a", "state": "nonsense"}, ["Unknown state - nonsense"]),
        ({"body": "a", "type": "answer"}, ["Unknown type - answer"]),
        ({"body": "a", "type": "photo"}, ["exactly one of source, data and data64 is needed"]),
        ({"body": "a", "date": "someday"}, ["Invalid date"]),
        ({"type": "quote"}, [{"code": 8001, "message": "Post cannot be empty."}]),
        ({"type": "link", "title": "x"}, [{"code": 8001, "message": "Post cannot be empty."}]),
        ({"type": "chat", "title": "x"}, [{"code": 8001, "message": "Post cannot be empty."}]),
    ],
)
def test_refused_posts(frank: Any, fields: dict[str, str], errors: list[object]) -> None:
    refused = frank.send_api_request("post", "/v2/blog/frank/post", fields, list(fields))
    assert refused["meta"]["status"] == 400
    assert refused["response"] == {"errors": errors}
    assert frank.posts("frank")["posts"] == []


def test_a_post_of_more_than_a_megabyte(frank: Any) -> None:
    refused = frank.create_text("frank", body="x" * 1_000_001)
    assert refused["response"] == {"errors": ["Post is too long."]}


def test_writing_on_foreign_blogs(frank: Any, driver: SandboxDriver) -> None:
    post = driver.post("bob", "<p>a</p>")
    for refused in (
        frank.create_text("bob", body="<p>a</p>"),
        edit(frank, "bob", id=post, tags="x"),
        frank.delete_post("bob", post),
    ):
        assert refused["meta"] == {"status": 401, "msg": "Unauthorized"}
    assert edit(frank, "frank", id=post, tags="x")["meta"]["status"] == 404


def test_the_daily_limit_of_posts(frank: Any, driver: SandboxDriver) -> None:
    driver.set_limits(posts_per_day=2)
    assert frank.create_text("frank", body="<p>1</p>")["state"] == "published"
    draft = frank.create_text("frank", body="<p>draft</p>", state="draft")
    assert frank.create_text("frank", body="<p>2</p>")["state"] == "published"
    refused = frank.create_text("frank", body="<p>3</p>")
    assert refused["meta"]["status"] == 403
    assert refused["response"] == {"errors": ["You've exceeded your daily post limit."]}
    assert edit(frank, "frank", id=draft["id"], state="published")["meta"]["status"] == 403
    assert [post["body"] for post in frank.drafts("frank")["posts"]] == ["<p>draft</p>"]
    limits = frank.send_api_request("get", "/v2/user/limits", {})["user"]["posts"]
    assert (limits["limit"], limits["remaining"]) == (2, 0)
    driver.set_checks(timestamps=False)
    driver.set_clock_offset(limits["reset_at"] - driver.now() + 1)
    assert frank.create_text("frank", body="<p>4</p>")["state"] == "published"


def test_the_limit_of_a_queue(frank: Any, driver: SandboxDriver) -> None:
    driver._call("PUT", "/limits", {"queued_posts": 1})
    frank.create_text("frank", body="<p>1</p>", state="queue")
    refused = frank.create_text("frank", body="<p>2</p>", state="queue")
    assert refused["meta"]["status"] == 400
    assert refused["response"] == {"errors": ["You cannot queue more than 1 posts"]}


def test_editing_changes_what_is_named(frank: Any, clock: FakeClock) -> None:
    made = frank.create_text("frank", title="t", body="<p>a</p>", tags=["x"], state="draft", slug="My Slug!")
    assert single(frank, made["id"])["slug"] == "my-slug"
    clock.advance(100)
    assert edit(frank, "frank", id=made["id"], body="<p>b</p>") == {
        "id": made["id"],
        "id_string": made["id_string"],
    }
    post = single(frank, made["id"])
    assert (post["title"], post["body"], post["tags"]) == ("t", "<p>b</p>", ["x"])
    assert post["timestamp"] == int(clock.time)
    edit(frank, "frank", id=made["id"], title="", tags="y,z", slug="other")
    post = single(frank, made["id"])
    assert (post["title"], post["tags"], post["slug"]) == (None, ["y", "z"], "other")
    assert edit(frank, "frank", id=made["id"], type="quote")["meta"]["status"] == 400
    assert edit(frank, "frank", id=made["id"], body=" ")["response"]["errors"][0]["code"] == 8001


def test_publishing_a_draft_and_a_queued_post(frank: Any) -> None:
    for state in ("draft", "queue"):
        made = frank.create_text("frank", body=f"<p>{state}</p>", state=state)
        published = edit(frank, "frank", id=made["id"], state="published")
        post = single(frank, published["id"])
        assert published["id"] > made["id"]
        assert post["genesis_post_id"] == made["id_string"]
        assert "scheduled_publish_time" not in post
        assert frank.posts("frank", id=made["id"])["meta"]["status"] == 404


def test_moving_between_draft_and_queue_keeps_the_id(frank: Any) -> None:
    made = frank.create_text("frank", body="<p>a</p>", state="draft")
    assert edit(frank, "frank", id=made["id"], state="queue")["id"] == made["id"]
    assert frank.queue("frank")["posts"][0]["id"] == made["id"]
    assert edit(frank, "frank", id=made["id"], state="draft")["id"] == made["id"]
    assert frank.queue("frank")["posts"] == []
    assert "scheduled_publish_time" not in single(frank, made["id"])


def test_private_and_back_keeps_the_id_and_one_note(frank: Any) -> None:
    made = frank.create_text("frank", body="<p>a</p>")
    assert edit(frank, "frank", id=made["id"], state="private")["id"] == made["id"]
    assert edit(frank, "frank", id=made["id"], state="published")["id"] == made["id"]
    (post,) = frank.posts("frank", notes_info=True)["posts"]
    assert [note["type"] for note in post["notes"]] == ["posted"]


def test_a_published_post_does_not_become_a_draft(frank: Any) -> None:
    made = frank.create_text("frank", body="<p>a</p>")
    assert edit(frank, "frank", id=made["id"], state="draft")["meta"]["status"] == 400


def test_backdating_sorts_but_keeps_the_id(frank: Any) -> None:
    old = frank.create_text("frank", body="<p>now</p>")
    made = frank.create_text("frank", body="<p>then</p>", date="2021-02-06 03:13:32 GMT")
    post = single(frank, made["id"])
    assert (post["timestamp"], post["date"]) == (1612581212, "2021-02-06 03:13:32 GMT")
    assert made["id"] > old["id"]
    assert [one["body"] for one in frank.posts("frank")["posts"]] == ["<p>now</p>", "<p>then</p>"]
    edit(frank, "frank", id=old["id"], date="2020-01-01")
    assert [one["body"] for one in frank.posts("frank")["posts"]] == ["<p>then</p>", "<p>now</p>"]


def test_quotes_links_and_chats(frank: Any) -> None:
    frank.create_quote("frank", quote="To be & so", source="<p>W. S.</p>")
    frank.create_link("frank", url="https://e.com/", title="E", description="<p>see</p>")
    frank.create_chat("frank", title="Talk", conversation="A: hi\nB: ho\nsilence")
    chat, link, quote = frank.posts("frank")["posts"]
    assert (quote["type"], quote["text"], quote["source"]) == ("quote", "To be & so", "<p>W. S.</p>")
    assert (link["url"], link["title"], link["description"]) == ("https://e.com/", "E", "<p>see</p>")
    assert chat["body"] == "A: hi\nB: ho\nsilence"
    assert chat["dialogue"] == [
        {"label": "A:", "name": "A", "phrase": "hi"},
        {"label": "B:", "name": "B", "phrase": "ho"},
        {"label": "", "name": "", "phrase": "silence"},
    ]
    chat, link, quote = frank.posts("frank", npf=True)["posts"]
    assert quote["content"][0] == {"type": "text", "text": "To be & so", "subtype": "quote"}
    assert link["content"][0] == {"type": "link", "url": "https://e.com/", "title": "E"}
    assert chat["content"][0]["subtype"] == "heading1"
    assert [post["original_type"] for post in (chat, link, quote)] == ["conversation", "link", "quote"]
    edit(frank, "frank", id=chat["id"], conversation="A: bye")
    assert single(frank, chat["id"])["body"] == "A: bye"
    edit(frank, "frank", id=link["id"], description="<p>new</p>")
    assert single(frank, link["id"])["description"] == "<p>new</p>"


def test_markdown_and_hostile_html(frank: Any) -> None:
    made = frank.create_text("frank", body="a\n\nb", format="markdown")
    assert single(frank, made["id"])["body"] == "<p>a</p><p>b</p>"
    made = frank.create_text(
        "frank", body='<p onclick="x">a<script>y</script></p><a href="javascript:z">b</a>'
    )
    assert single(frank, made["id"])["body"] == "<p>a</p><a>b</a>"


def test_read_more_in_both_forms(frank: Any) -> None:
    made = frank.create_text("frank", body="<p>a</p><p>[[MORE]]</p><p>b</p>")
    assert "[[MORE]]" in single(frank, made["id"])["reblog"]["comment"]
    (npf,) = frank.posts("frank", id=made["id"], npf=True)["posts"]
    assert npf["layout"] == [
        {"type": "rows", "display": [{"blocks": [0]}, {"blocks": [1]}], "truncate_after": 0}
    ]
