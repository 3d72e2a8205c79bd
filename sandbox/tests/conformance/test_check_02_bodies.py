"""Check 2: signed bodies with every awkward character are stored byte for byte, in all three forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

AWKWARD = "é 域 \N{CAT FACE} + & % ~ ' ( ) * = # ? / \\ \" end"
STORED = "<p>é 域 \N{CAT FACE} + &amp; % ~ ' ( ) * = # ? / \\ \" end\nnext</p>"
TAGS = ["two words", "é+&%", "域", "~'()*"]
BODY = f"<p>{AWKWARD.replace('&', '&amp;')}\nnext</p>"

# The clients open the files they upload, and never close them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


def test_a_form(frank: Any) -> None:
    made = frank.create_text("frank", title=AWKWARD, body=BODY, slug="", tags=TAGS)
    (post,) = frank.posts("frank", id=made["id"])["posts"]
    assert (post["title"], post["body"], post["tags"]) == (AWKWARD, STORED, TAGS)


def test_json(frank2: Any) -> None:
    made = frank2.legacy_create_text("frank", title=AWKWARD, body=BODY, slug="", tags=TAGS)
    (post,) = frank2.posts("frank", id=made["id"], npf=False)["posts"]
    assert (post["title"], post["body"], post["tags"]) == (AWKWARD, STORED, TAGS)


def test_json_in_npf(frank2: Any) -> None:
    made = frank2.create_post("frank", content=[{"type": "text", "text": f"{AWKWARD}\nnext"}], tags=TAGS)
    (post,) = frank2.posts("frank", id=made["id"])["posts"]
    assert (post["content"][0]["text"], post["tags"]) == (f"{AWKWARD}\nnext", TAGS)


def test_multipart(frank: Any, frank2: Any, small_picture: Path) -> None:
    fields = {"data": str(small_picture), "caption": BODY, "link": "", "tags": TAGS}
    for made in (
        frank.create_photo("frank", **fields),
        frank2.legacy_create_photo("frank", **fields),
    ):
        (post,) = frank.posts("frank", id=made["id"])["posts"]
        assert (post["caption"], post["tags"]) == (STORED, TAGS)


def test_multipart_in_npf(frank2: Any, small_picture: Path) -> None:
    content = [{"type": "image", "media": [{"identifier": "one"}], "alt_text": AWKWARD}]
    made = frank2.create_post("frank", content=content, tags=TAGS, media_sources={"one": str(small_picture)})
    (post,) = frank2.posts("frank", id=made["id"])["posts"]
    assert (post["content"][0]["alt_text"], post["tags"]) == (AWKWARD, TAGS)
