"""Check 21: one more than one may: the documented error, and nothing stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import Served
from conformance.conftest import png
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.services import limits as counting
from tumblr_sandbox.store import accounts

TEXT = [{"type": "text", "text": "a"}]

# The clients open the files they upload, and never close them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


def did(served: Served, kind: str, times: int) -> None:
    """Let frank have done something this often today, without doing it."""
    world = served.world
    with world.database.write() as connection:
        user = accounts.find_user(connection, "frank")
        assert user is not None
        assert counting.spend(connection, user.id, kind, world.limits, world.clock.now(), times=times)


def code(refused: dict[str, Any]) -> tuple[int, int]:
    return refused["meta"]["status"], refused["errors"][0]["code"]


def test_the_251st_post(served: Served, frank: Any, frank2: Any, driver: SandboxDriver) -> None:
    did(served, "posts", 249)
    frank.create_text("frank", body="250")
    refused = frank.create_text("frank", body="251")
    assert refused["meta"]["status"] == 403
    assert refused["response"] == {"errors": ["You've exceeded your daily post limit."]}
    assert code(frank2.create_post("frank", content=TEXT)) == (403, 8023)
    other = driver.post("bob", "<p>a</p>")
    assert code(frank2.reblog_post("frank", "bob", int(other), content=[])) == (403, 8023)
    assert [post["body"] for post in frank.posts("frank")["posts"]] == ["250"]
    assert frank.create_text("frank", body="x", state="draft")["state"] == "draft"


def test_user_limits(served: Served, crowd: Crowd) -> None:
    did(served, "posts", 1)
    told = crowd.call("GET", "/v2/user/limits")["response"]["user"]
    assert (told["posts"]["limit"], told["posts"]["remaining"]) == (250, 249)
    figures = [told[name]["limit"] for name in ("posts", "follows", "likes", "photos", "videos", "blogs")]
    assert figures == [250, 200, 1000, 250, 20, 10]
    served.driver.create_blog("frank", "franks-other-blog")
    assert crowd.call("GET", "/v2/user/limits")["response"]["user"]["blogs"]["remaining"] == 9
    assert told["posts"]["reset_at"] > served.world.clock.now()


def test_the_201st_follow(served: Served, frank: Any) -> None:
    did(served, "follows", 199)
    assert frank.follow("bob")["blog"]["followed"] is True
    assert frank.follow("carol")["meta"]["status"] == 429
    assert [blog["name"] for blog in frank.following()["blogs"]] == ["bob"]


def test_more_blogs_than_one_may_follow(frank: Any, driver: SandboxDriver) -> None:
    driver.set_limits(followed_blogs=1)
    assert frank.follow("bob")["blog"]["followed"] is True
    assert frank.follow("carol")["meta"]["status"] == 429
    frank.unfollow("bob")
    assert frank.follow("carol")["blog"]["followed"] is True


def test_the_21st_film(served: Served, frank: Any, frank2: Any, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 100)
    did(served, "videos", 19)
    assert frank.create_video("frank", data=str(film))["id"]
    refused = frank.create_video("frank", data=str(film))
    assert refused["meta"]["status"] == 403
    assert refused["response"] == {"errors": ["You've exceeded your daily video upload limit."]}
    content = [{"type": "video", "media": [{"identifier": "a"}]}]
    assert code(frank2.create_post("frank", content=content, media_sources={"a": str(film)})) == (400, 8011)
    assert len(frank.posts("frank")["posts"]) == 1


def test_the_1001st_like(served: Served, frank: Any, driver: SandboxDriver) -> None:
    did(served, "likes", 999)
    posts = [frank.posts("bob", id=driver.post("bob", "<p>a</p>"))["posts"][0] for _ in range(2)]
    assert frank.like(posts[0]["id"], posts[0]["reblog_key"]) == []
    assert frank.like(posts[1]["id"], posts[1]["reblog_key"])["meta"]["status"] == 429
    assert frank.likes()["liked_count"] == 1


def test_a_full_queue(frank: Any, frank2: Any, driver: SandboxDriver) -> None:
    driver.set_limits(queued_posts=2)
    for _ in range(2):
        frank.create_text("frank", body="a", state="queue")
    refused = frank.create_text("frank", body="a", state="queue")
    assert refused["meta"]["status"] == 400
    assert refused["response"] == {"errors": ["You cannot queue more than 2 posts"]}
    assert code(frank2.create_post("frank", content=TEXT, state="queue")) == (403, 8022)
    assert len(frank.queue("frank", limit=20)["posts"]) == 2


def test_thirty_one_pictures(frank: Any, frank2: Any, small_picture: Path) -> None:
    content = [{"type": "image", "media": [{"identifier": "a"}]}] * 31
    refused = frank2.create_post("frank", content=content, media_sources={"a": str(small_picture)})
    assert code(refused) == (400, 8001)
    refused = frank.create_photo("frank", data=[str(small_picture)] * 31)
    assert refused["response"] == {"errors": ["a post has 30 pictures at most"]}
    assert frank.posts("frank")["posts"] == []


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "x" * 4097}],
        TEXT * 1001,
        [{"type": "link", "url": "https://example.com/"}] * 11,
        [{"type": "video", "url": "https://vimeo.com/1"}] * 11,
        [{"type": "audio", "url": "https://example.com/a.mp3"}] * 11,
        [
            {
                "type": "text",
                "text": "x" * 200,
                "formatting": [
                    {"start": n, "end": n + 1, "type": "link", "url": "https://example.com/"}
                    for n in range(101)
                ],
            }
        ],
    ],
    ids=["4097 code points", "1001 blocks", "11 links", "11 films", "11 sounds", "101 inline links"],
)
def test_too_much_content(frank2: Any, content: list[dict[str, Any]]) -> None:
    assert code(frank2.create_post("frank", content=content)) == (400, 8001)
    assert frank2.posts("frank")["posts"] == []


def test_4096_code_points_of_emoji(frank2: Any) -> None:
    content = [{"type": "text", "text": "\N{CAT FACE}" * 4096}]
    made = frank2.create_post("frank", content=content)
    assert frank2.get_single_post("frank", made["id"])["content"] == content


def test_eleven_megabytes(frank: Any, frank2: Any, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png(8, 8) + b"\0" * 11 * 1024 * 1024)
    refused = frank.create_photo("frank", data=str(path))
    assert refused["meta"]["status"] == 400
    assert refused["response"] == {"errors": ["the file is larger than 10 MB"]}
    content = [{"type": "image", "media": [{"identifier": "a"}]}]
    refused = frank2.create_post("frank", content=content, media_sources={"a": str(path)})
    assert code(refused) == (400, 8005)
    assert frank.posts("frank")["posts"] == []


def test_the_pictures_of_a_day(served: Served, frank: Any, frank2: Any, small_picture: Path) -> None:
    did(served, "images", 249)
    frank.create_photo("frank", data=str(small_picture))
    refused = frank.create_photo("frank", data=str(small_picture))
    assert refused["meta"]["status"] == 403
    assert refused["response"] == {"errors": ["You've exceeded your daily photo upload limit."]}
    content = [{"type": "image", "media": [{"identifier": "a"}]}]
    again = frank2.create_post("frank", content=content, media_sources={"a": str(small_picture)})
    assert code(again) == (403, 8004)
    assert len(frank.posts("frank")["posts"]) == 1


def test_a_megabyte_of_text(frank: Any) -> None:
    refused = frank.create_text("frank", body="x" * 1_000_001)
    assert (refused["meta"]["status"], refused["response"]) == (400, {"errors": ["Post is too long."]})
