"""Check 10: photos by path, by a list of two, by source; their sizes; media outlive the post."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from conformance.people import Crowd

# The clients open the files they upload, and never close them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


def photos_of(client: Any, post_id: object) -> list[dict[str, Any]]:
    (post,) = client.posts("frank", id=post_id, npf=False)["posts"]
    assert post["type"] == "photo"
    return list(post["photos"])


def fetch(url: str) -> tuple[bytes, str]:
    with requests.get(url, timeout=20) as reply:
        assert reply.status_code == 200
        assert "Last-Modified" in reply.headers
        return reply.content, reply.headers["Content-Type"]


def test_by_one_path(frank: Any, picture: Path) -> None:
    made = frank.create_photo("frank", data=str(picture), caption="<p>c</p>", tags=["a b"], state="draft")
    (photo,) = photos_of(frank, made["id"])
    original = photo["original_size"]
    assert (original["width"], original["height"]) == (900, 600)
    assert fetch(original["url"]) == (picture.read_bytes(), "image/png")
    assert "media.tumblr.com" in original["url"]
    assert [size["width"] for size in photo["alt_sizes"]] == [900, 640, 540, 500, 400, 250, 100, 75]
    for size in photo["alt_sizes"]:
        with Image.open(io.BytesIO(fetch(size["url"])[0])) as image:
            assert image.size == (size["width"], size["height"])


def test_by_a_list_of_two(frank: Any, picture: Path, small_picture: Path) -> None:
    made = frank.create_photo("frank", data=[str(small_picture), str(picture)], caption="two")
    (post,) = frank.posts("frank", id=made["id"])["posts"]
    assert [one["original_size"]["width"] for one in post["photos"]] == [120, 900]
    assert (post["caption"], post["photoset_layout"]) == ("two", "11")


def test_by_source(frank: Any, picture: Path) -> None:
    made = frank.create_photo("frank", data=str(picture))
    url = photos_of(frank, made["id"])[0]["original_size"]["url"]
    again = frank.create_photo("frank", source=url, caption="again")
    assert photos_of(frank, again["id"])[0]["original_size"]["url"] == url
    refused = frank.create_photo("frank", source="http://example.com/a.png")
    assert refused["meta"]["status"] == 400


def test_media_outlive_the_post(frank: Any, picture: Path) -> None:
    made = frank.create_photo("frank", data=str(picture), state="draft")
    url = photos_of(frank, made["id"])[0]["original_size"]["url"]
    frank.delete_post("frank", made["id"])
    assert fetch(url)[0] == picture.read_bytes()


def test_with_pytumblr2(crowd: Crowd, frank2: Any, small_picture: Path) -> None:
    made = frank2.legacy_create_photo("frank", data=str(small_picture), caption="hm")
    (post,) = frank2.posts("frank", id=made["id"])["posts"]
    image, caption = post["content"]
    assert post["original_type"] == "photo"
    assert (image["type"], image["media"][0]["width"], image["media"][0]["height"]) == ("image", 120, 90)
    assert caption == {"type": "text", "text": "hm"}


def test_what_is_no_picture(frank: Any, tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_text("no picture")
    refused = frank.create_photo("frank", data=str(path))
    assert refused["meta"]["status"] == 400
    assert refused["response"]["errors"] == ["the file is no picture"]
    assert frank.posts("frank")["posts"] == []
