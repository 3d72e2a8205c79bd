"""Check 6: every endpoint that a client has, called once by it: no errors, no exception."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver

TEXT = [{"type": "text", "text": "hello"}]

# The clients open the files they upload, and never close them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


def check(answer: Any) -> Any:
    """An answer without errors."""
    if isinstance(answer, dict):
        assert "errors" not in answer, answer
        assert "meta" not in answer, answer
    return answer


def reads(client: Any) -> list[Any]:
    """What both clients read, under the same names."""
    return [
        client.info(),
        client.avatar("bob"),
        client.avatar("bob", 16),
        client.likes(limit=5),
        client.following(limit=5),
        client.dashboard(limit=5),
        client.tagged("t"),
        client.posts("bob", limit=5),
        client.blog_info("bob"),
        client.blog_following("bob", limit=5),
        client.followers("frank", limit=5),
        client.blog_likes("frank", limit=5),
        client.queue("frank", limit=5),
        client.drafts("frank"),
        client.submission("frank"),
        client.follow("bob"),
        client.unfollow("bob"),
    ]


def test_pytumblr(
    frank: Any, crowd: Crowd, driver: SandboxDriver, small_picture: Path, tmp_path: Path
) -> None:
    post_id = driver.post("bob", "<p>a</p>", tags=["t"])
    for answer in reads(frank):
        check(answer)
    check(frank.notes("bob", id=post_id))
    (post,) = check(frank.posts("bob", type="text"))["posts"]
    check(frank.like(post["id"], post["reblog_key"]))
    check(frank.unlike(post["id"], post["reblog_key"]))
    film, sound = tmp_path / "film.mp4", tmp_path / "sound.mp3"
    film.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 100)
    sound.write_bytes(b"ID3" + b"\0" * 100)
    made = [
        frank.create_text("frank", title="t", body="b"),
        frank.create_photo("frank", data=str(small_picture), caption="c"),
        frank.create_quote("frank", quote="q", source="s"),
        frank.create_link("frank", title="t", url="https://example.com/", description="d"),
        frank.create_chat("frank", title="t", conversation="A: hi\nB: ho"),
        frank.create_audio("frank", external_url="https://example.com/a.mp3", caption="c"),
        frank.create_audio("frank", data=str(sound), caption="c"),
        frank.create_video("frank", embed="https://www.youtube.com/watch?v=x", caption="c"),
        frank.create_video("frank", data=str(film), caption="c"),
        frank.reblog("frank", id=post["id"], reblog_key=post["reblog_key"], comment="c"),
    ]
    kinds = [one["type"] for one in check(frank.posts("frank"))["posts"]]
    assert kinds == ["text", "video", "video", "audio", "audio", "chat", "link", "quote", "photo", "text"]
    for one in made:
        check(frank.edit_post("frank", id=check(one)["id"], tags=["x"]))
    for one in made:
        check(frank.delete_post("frank", one["id"]))
    assert crowd.url


def test_pytumblr2(frank2: Any, driver: SandboxDriver, small_picture: Path) -> None:
    post_id = int(driver.post("bob", "<p>a</p>", tags=["t"]))
    for answer in reads(frank2):
        check(answer)
    check(frank2.notes("bob", post_id))
    check(frank2.notifications("frank"))
    check(frank2.legacy_posts_by_type("bob", "text"))
    post = check(frank2.get_single_post("bob", post_id))
    check(frank2.like(post["id"], post["reblog_key"]))
    check(frank2.unlike(post["id"], post["reblog_key"]))
    assert frank2.get_ratelimit_data()["effective_remaining"] > 0
    made = [
        frank2.create_post("frank", content=TEXT),
        frank2.reblog_post("frank", "bob", post_id, content=TEXT),
        frank2.legacy_create_text("frank", title="t", body="b"),
        frank2.legacy_create_photo("frank", data=str(small_picture), caption="c"),
        frank2.legacy_create_quote("frank", quote="q", source="s"),
        frank2.legacy_create_link("frank", title="t", url="https://example.com/", description="d"),
        frank2.legacy_create_chat("frank", title="t", conversation="A: hi\nB: ho"),
        frank2.legacy_create_audio("frank", external_url="https://example.com/a.mp3", caption="c"),
        frank2.legacy_create_video("frank", embed="https://vimeo.com/1", caption="c"),
        frank2.legacy_reblog("frank", id=post["id"], reblog_key=post["reblog_key"], comment="c"),
    ]
    check(frank2.edit_post("frank", made[0]["id"], content=TEXT, tags=["x"]))
    for one in made:
        check(frank2.legacy_edit_post("frank", check(one)["id"], tags=["x"]))
    shown = check(frank2.posts("frank"))["posts"]
    assert [one["original_type"] for one in shown] == [
        *("regular", "video", "audio", "conversation", "link", "quote", "photo"),
        *("regular", "regular", "regular"),
    ]
    frank2.legacy_conversion_on()
    for one in check(frank2.posts("frank"))["posts"]:
        assert one["body"]
        check(frank2.delete_post("frank", one["id"]))
    check(frank2.dashboard())


def test_what_only_raw_requests_reach(crowd: Crowd, driver: SandboxDriver) -> None:
    driver.ask("frank", "?", None)
    queued = crowd.client("frank").create_text("frank", body="q", state="queue")["id"]
    ask = crowd.client("frank").submission("frank")["posts"][0]["id"]
    for method, path, body in (
        ("GET", "/v2/user/limits", None),
        ("GET", "/v2/blog/frank/followed_by?query=bob", None),
        ("GET", "/v2/blog/frank/blocks", None),
        ("POST", "/v2/blog/frank/blocks", {"blocked_tumblelog": "bob"}),
        ("DELETE", "/v2/blog/frank/blocks?blocked_tumblelog=bob", None),
        ("POST", "/v2/blog/frank/blocks", {"post_id": ask}),
        ("DELETE", "/v2/blog/frank/blocks?anonymous_only=true", None),
        ("POST", "/v2/blog/frank/blocks/bulk", {"blocked_tumblelogs": "bob,carol"}),
        ("POST", "/v2/blog/frank/posts/queue/reorder", {"post_id": queued, "insert_after": 0}),
        ("POST", "/v2/blog/frank/posts/queue/shuffle", {}),
        ("POST", f"/v2/blog/frank/posts/{queued}/mute", {"mute_length_seconds": 60}),
        ("DELETE", f"/v2/blog/frank/posts/{queued}/mute", None),
        ("GET", f"/v2/blog/frank/posts/{queued}", None),
    ):
        document = crowd.call(method, path, json=body)
        assert document["meta"]["status"] in (200, 201), (path, document)
        assert "errors" not in document
