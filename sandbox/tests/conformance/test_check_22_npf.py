"""Check 22: NPF is read back as it was written; what is wrong is refused; edits and reblogs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver

# The clients open the files they upload, and never close them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)

SUBTYPES = ("heading1", "heading2", "quirky", "quote", "indented", "chat")
LISTS = [
    {"type": "text", "text": "a", "subtype": "unordered-list-item"},
    {"type": "text", "text": "b", "subtype": "ordered-list-item", "indent_level": 1},
    {"type": "text", "text": "c", "subtype": "ordered-list-item", "indent_level": 2},
    {"type": "text", "text": "d", "subtype": "unordered-list-item"},
]
EMOJI = {
    "type": "text",
    "text": "\N{CAT FACE}\N{DOG FACE} and \N{FAMILY}",
    "formatting": [
        {"start": 0, "end": 2, "type": "bold"},
        {"start": 1, "end": 5, "type": "italic"},
        {"start": 3, "end": 8, "type": "color", "hex": "#ff4930"},
        {"start": 3, "end": 8, "type": "link", "url": "https://example.com/?a=1&b=2"},
    ],
}


def text(words: str, **more: object) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def read_back(client: Any, made: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(made["id"], str)
    (post,) = client.posts("frank", id=made["id"], npf=True)["posts"]
    return dict(post)


def refusal(refused: dict[str, Any]) -> tuple[int, int]:
    return refused["meta"]["status"], refused["errors"][0]["code"]


def test_every_subtype_lists_and_formatting(frank2: Any, crowd: Crowd) -> None:
    crowd.keys("bobby")
    uuid = frank2.blog_info("bobby")["blog"]["uuid"]
    mention = {"uuid": uuid, "name": "bobby", "url": "https://bobby.tumblr.com/"}
    content = [
        text("plain"),
        *(text(f"a {name}", subtype=name) for name in SUBTYPES),
        *LISTS,
        EMOJI,
        text("hi @bobby", formatting=[{"start": 3, "end": 9, "type": "mention", "blog": mention}]),
        {"type": "link", "url": "https://example.com/", "title": "E", "description": "d"},
        text("end"),
    ]
    made = frank2.create_post("frank", content=content, tags=["one two", "three"], slug="my-slug")
    assert (made["state"], set(made)) == ("published", {"id", "state", "display_text"})
    post = read_back(frank2, made)
    assert post["content"] == content
    assert (post["layout"], post["tags"], post["slug"]) == ([], ["one two", "three"], "my-slug")
    told = crowd.npf_client("bobby").notifications("bobby")["notifications"]
    assert [item["type"] for item in told] == ["user_mention"]


def test_an_image_with_alt_text(frank2: Any, picture: Path) -> None:
    image = {"type": "image", "media": [{"identifier": "one"}], "alt_text": "two\nlines <x>"}
    made = frank2.create_post("frank", content=[text("look"), image], media_sources={"one": str(picture)})
    _, block = read_back(frank2, made)["content"]
    assert block["alt_text"] == "two\nlines <x>"
    widest = block["media"][0]
    assert (widest["width"], widest["height"], widest["has_original_dimensions"]) == (900, 600, True)
    again = frank2.create_post(
        "frank", content=[{"type": "image", "media": {"media_key": widest["media_key"]}}]
    )
    assert read_back(frank2, again)["content"][0]["media"] == block["media"]


def test_rows_of_pictures(frank2: Any, picture: Path, small_picture: Path) -> None:
    images = [{"type": "image", "media": [{"identifier": name}]} for name in ("a", "b")]
    display = [{"blocks": [0]}, {"blocks": [1, 2]}]
    made = frank2.create_post(
        "frank",
        content=[text("two"), *images],
        layout=[{"type": "rows", "display": display}],
        media_sources={"a": str(picture), "b": str(small_picture)},
    )
    assert read_back(frank2, made)["layout"] == [{"type": "rows", "display": display}]
    (legacy,) = frank2.posts("frank", id=made["id"], npf=False)["posts"]
    assert legacy["body"].count("npf_row") == 1
    assert legacy["type"] == "text"


def test_empty_ends_are_dropped(frank2: Any) -> None:
    content = [text(""), text("a"), text(""), text("b"), text(" ")]
    assert read_back(frank2, frank2.create_post("frank", content=content))["content"] == content[1:4]


def test_the_read_more_is_kept(frank2: Any) -> None:
    content = [text("a"), text("b"), text("c")]
    rows = {"type": "rows", "display": [{"blocks": [n]} for n in range(3)], "truncate_after": 0}
    made = frank2.create_post("frank", content=content, layout=[rows])
    assert read_back(frank2, made)["layout"] == [rows]
    old = frank2.create_post("frank", content=content, layout=[{"type": "condensed", "blocks": [0, 1]}])
    assert read_back(frank2, old)["layout"] == []


@pytest.mark.parametrize(
    "layout",
    [
        [{"type": "rows", "display": [{"blocks": [0]}]}],
        [{"type": "rows", "display": [{"blocks": [0, 1]}]}],
        [{"type": "rows", "display": [{"blocks": [0]}, {"blocks": [1]}, {"blocks": [1]}]}],
        [{"type": "rows", "display": [{"blocks": [0]}, {"blocks": [7]}]}],
        [{"type": "rows", "display": [{"blocks": [0]}, {"blocks": [1]}]}] * 2,
        [{"type": "pile"}],
        "rows",
    ],
)
def test_an_invalid_layout(frank2: Any, layout: object) -> None:
    refused = frank2.create_post("frank", content=[text("a"), text("b")], layout=layout)
    assert refusal(refused) == (400, 8001)
    assert frank2.posts("frank")["posts"] == []


@pytest.mark.parametrize(
    "content",
    [
        [],
        [text(" ")],
        [{"type": "sculpture"}],
        [text("a", subtype="heading9")],
        [text("a", formatting=[{"start": 0, "end": 2, "type": "bold"}])],
        [text("a", formatting=[{"start": 0, "end": 1, "type": "link", "url": "javascript:alert(1)"}])],
        [text("a", formatting=[{"start": 0, "end": 1, "type": "mention", "blog": {"uuid": "t:none"}}])],
        "text",
    ],
)
def test_invalid_content(frank2: Any, content: object) -> None:
    assert refusal(frank2.create_post("frank", content=content)) == (400, 8001)
    assert frank2.posts("frank")["posts"] == []


def test_edits(frank2: Any) -> None:
    made = frank2.create_post("frank", content=[text("a")], tags=["x"])
    assert frank2.edit_post("frank", made["id"], content=[text("b")]) == {"id": made["id"]}
    assert (read_back(frank2, made)["content"], read_back(frank2, made)["tags"]) == ([text("b")], ["x"])
    frank2.edit_post("frank", made["id"], tags=["y", "z"])
    assert (read_back(frank2, made)["content"], read_back(frank2, made)["tags"]) == ([text("b")], ["y", "z"])


def test_the_editors_view(crowd: Crowd, frank2: Any) -> None:
    made = frank2.create_post("frank", content=[text("a")], state="draft")
    view = crowd.call("GET", f"/v2/blog/frank/posts/{made['id']}")["response"]
    assert (view["id"], view["content"], view["state"]) == (made["id"], [text("a")], "draft")
    legacy = crowd.call("GET", f"/v2/blog/frank/posts/{made['id']}?post_format=legacy")["response"]
    assert legacy["body"] == "<p>a</p>"
    crowd.keys("eve")
    assert crowd.call("GET", f"/v2/blog/frank/posts/{made['id']}", "eve")["meta"]["status"] == 404
    shown = frank2.create_post("frank", content=[text("b")])
    theirs = crowd.call("GET", f"/v2/blog/frank/posts/{shown['id']}", "eve")["response"]
    assert (theirs["id"], theirs["content"], theirs["state"]) == (shown["id"], [text("b")], "published")
    assert crowd.call("GET", f"/v2/blog/bob/posts/{shown['id']}", "eve")["meta"]["status"] == 404


def test_a_legacy_photo_cannot_be_edited_so(frank: Any, frank2: Any, small_picture: Path) -> None:
    made = frank.send_api_request(
        "post", "/v2/blog/frank/post", {"type": "quote", "quote": "q"}, ["type", "quote"]
    )
    assert refusal(frank2.edit_post("frank", made["id"], content=[text("b")])) == (400, 8001)


def test_reblogs_that_leave_things_out(crowd: Crowd, driver: SandboxDriver, frank2: Any) -> None:
    root = driver.post("bob", "<p>one</p>")
    second = driver.reblog("carol", root, "<p>two</p>")

    def reblogged(**options: object) -> list[str]:
        made = frank2.reblog_post("frank", "carol", int(second), content=[text("three")], **options)
        post = read_back(frank2, made)
        assert (post["parent_post_url"].split("/")[4], post["content"]) == (second, [text("three")])
        return [entry["blog"]["name"] for entry in post["trail"]]

    assert reblogged() == ["bob", "carol"]
    assert reblogged(hide_trail=True) == []
    assert reblogged(exclude_trail_items=[0]) == ["carol"]
    assert reblogged(exclude_trail_items=[1]) == ["bob"]
    wrong = frank2.reblog_post(
        "frank", "carol", int(second), parent_blog_uuid="t:wrong", reblog_key="wrong", content=[]
    )
    assert refusal(wrong) == (400, 8002)


def test_an_ask_is_answered_in_npf(driver: SandboxDriver, frank2: Any) -> None:
    ask = driver.ask("frank", "Is it warm?", "bob")
    layout = [
        {"type": "ask", "blocks": [0]},
        {"type": "rows", "display": [{"blocks": [0]}, {"blocks": [1]}]},
    ]
    content = [text("Is it warm?"), text("It is.")]
    made = frank2.edit_post("frank", int(ask), content=content, layout=layout, state="published")
    post = read_back(frank2, made)
    assert (post["genesis_post_id"], post["asking_name"]) == (ask, "bob")
    assert [block["text"] for block in post["content"]] == ["Is it warm?", "It is."]


def test_posts_that_may_not_be_reblogged(crowd: Crowd, frank2: Any) -> None:
    bob2 = crowd.npf_client("bobby")
    made = bob2.create_post("bobby", content=[text("mine")], interactability_reblog="noone")
    (post,) = frank2.posts("bobby", id=made["id"])["posts"]
    assert (post["interactability_reblog"], post["can_reblog"]) == ("noone", False)
    assert refusal(frank2.reblog_post("frank", "bobby", int(made["id"]), content=[])) == (403, 8002)
