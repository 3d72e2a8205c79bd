"""One post breaks no page for everyone, and costs no more than a post may."""

from __future__ import annotations

import html
import json
import random
import threading
from typing import Any

import pytest
from sqlalchemy import update

from conformance.conftest import png
from pages.stage import Stage
from pages.visitor import Visitor
from tumblr_sandbox import media
from tumblr_sandbox.errors import BadNpfError
from tumblr_sandbox.markup import npf_check
from tumblr_sandbox.markup.html_from_npf import inline_html
from tumblr_sandbox.media_files import Thumbnails
from tumblr_sandbox.store import schema
from tumblr_sandbox.world import World


@pytest.mark.parametrize(
    "carried",
    [
        "not json",
        "",
        "[1]",
        "null",
        '"a"',
        "{",
        '{"type": "video"}',
        '{"type": "audio", "url": 5}',
        "[" * 9999,
    ],
)
def test_a_post_with_any_attribute_is_shown_among_others(
    stage: Stage, visitor: Visitor, carried: str
) -> None:
    figure = f'<figure class="tmblr-full" data-npf="{html.escape(carried)}"></figure>'
    hostile = stage.write("frank", f"<p>before</p>{figure}<p>after</p>")
    stage.write("frank", "<p>a good post</p>")
    for path in ("/explore", "/blog/frank", f"/blog/frank/post/{hostile.id}"):
        page = visitor.client.get(path)
        assert page.status_code == 200
        assert "after" in page.text
    assert "a good post" in visitor.client.get("/explore").text


def spoil(world: World, post_id: int) -> None:
    """Make a stored post unreadable, as a fault of the sandbox's own would."""
    content = {"html": "", "blocks": [{"type": "image"}], "truncate_after": None, "rows": None}
    with world.database.write() as connection:
        connection.execute(update(schema.posts).where(schema.posts.c.id == post_id).values(content=content))


def test_a_post_that_cannot_be_shown_is_named_on_pages(stage: Stage, visitor: Visitor) -> None:
    spoiled = stage.write("frank", "<p>a bad post</p>")
    stage.write("frank", "<p>a good post</p>")
    spoil(stage.world, spoiled.id)
    for path in ("/explore", "/blog/frank"):
        page = visitor.client.get(path)
        assert page.status_code == 200
        assert "a good post" in page.text
        assert "This post cannot be shown." in page.text


# Formatting


def test_overlapping_ranges_cost_what_their_text_does() -> None:
    rng = random.Random(1)
    kinds: list[dict[str, Any]] = [
        *({"type": kind} for kind in ("bold", "italic", "small", "strikethrough")),
        {"type": "color", "hex": "#ff0000"},
        {"type": "link", "url": "https://example.org/"},
    ]
    ranges = []
    for number in range(8000):
        start = rng.randrange(4000)
        ranges.append({"start": start, "end": rng.randrange(start + 1, 4097), **kinds[number % len(kinds)]})
    made = inline_html({"type": "text", "text": "x" * 4096, "formatting": ranges})
    assert made.count("x") >= 4096
    assert len(made) < 4096 * 150, "at most one tag of each kind around each character"


def test_each_kind_of_range_shows_once() -> None:
    formatting = [
        {"start": 0, "end": 4, "type": "bold"},
        {"start": 1, "end": 3, "type": "bold"},
        {"start": 2, "end": 4, "type": "italic"},
    ]
    block = {"type": "text", "text": "abcd", "formatting": formatting}
    assert inline_html(block) == "<b>ab<i>cd</i></b>"


def test_a_post_is_no_larger_than_a_megabyte() -> None:
    block = {"type": "text", "text": "x", "formatting": [{"start": 0, "end": 1, "type": "bold"}] * 30_000}
    with pytest.raises(BadNpfError, match="megabyte"):
        npf_check.read([block], None)
    assert len(json.dumps(block)) > 1_000_000


# Thumbnails


def test_a_picture_is_unpacked_once_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    upload, calls, at_once = media.read_image(png(700, 400)), [], []
    resized = media.resized

    def counted(data: bytes, width: int, height: int, *, square: bool = False) -> bytes:
        at_once.append(1)
        assert len(at_once) == 1
        calls.append(width)
        made = resized(data, width, height, square=square)
        at_once.clear()
        return made

    monkeypatch.setattr(media, "resized", counted)
    thumbnails, found = Thumbnails(10**6), []
    threads = [
        threading.Thread(target=lambda w=w: found.append(len(thumbnails.get(upload, w, square=False))))
        for w in [500, 250] * 16
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(calls) == [250, 500]
    assert len(found) == 32


def test_thumbnails_are_kept_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    upload, calls = media.read_image(png(700, 400)), []

    def made(_data: bytes, width: int, _height: int, *, square: bool = False) -> bytes:
        calls.append((width, square))
        return bytes(40)

    monkeypatch.setattr(media, "resized", made)
    thumbnails = Thumbnails(100)
    for width in (100, 250, 100, 400, 100, 250):
        thumbnails.get(upload, width, square=False)
    assert calls == [(100, False), (250, False), (400, False), (250, False)], "the least used one went"
