"""Photos, sounds and films on the pages."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pages.stage import Stage
from pages.visitor import Visitor, cards, text_of
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.store import posts


def picture(width: int = 40, height: int = 30) -> bytes:
    saved = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(saved, "PNG")
    return saved.getvalue()


def test_posting_photos(stage: Stage, visitor: Visitor) -> None:
    visitor.be("quietmarsh")
    files = [(io.BytesIO(picture(40)), "a.png"), (io.BytesIO(picture(1600)), "b.png")]
    visitor.send("/new", body="two pictures", state="published", photos=files)
    card = cards(visitor.see("/blog/quietmarsh"))[0]
    assert text_of(card.select_one(".text")) == "two pictures"
    shown = card.select(".photos img")
    assert [str(image["width"]) for image in shown] == ["40", "1280"]
    for image in shown:
        answer = visitor.client.get(str(image["src"]))
        assert answer.status_code == 200
        assert Image.open(io.BytesIO(answer.data)).width == int(str(image["width"]))


def test_a_photo_needs_no_words(stage: Stage, visitor: Visitor) -> None:
    visitor.be("quietmarsh")
    visitor.send("/new", body="", state="draft", photos=(io.BytesIO(picture()), "a.png"))
    with stage.world.database.read() as connection:
        (draft,) = posts.by_newest_id(connection, stage.blog("quietmarsh").id, "draft", limit=9)
    assert draft.type == "photo"
    assert visitor.see("/drafts").select_one(".photos img") is not None
    reblogged = stage.reblog("frank", stage.change(draft, state="published"), "<p>nice</p>")
    card = cards(visitor.see(f"/blog/frank/post/{reblogged.id}"))[0]
    assert card.select_one(".said:first-of-type .photos img") is not None


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"0" * 40])
def test_files_that_are_no_pictures(stage: Stage, visitor: Visitor, data: bytes) -> None:
    visitor.be("quietmarsh")
    answer = visitor.send("/new", 400, body="kept", state="published", photos=(io.BytesIO(data), "a.png"))
    assert "The file is no picture" in answer.text
    assert "kept" in answer.text


def test_too_many_photos(stage: Stage, visitor: Visitor) -> None:
    visitor.be("quietmarsh")
    files = [(io.BytesIO(picture()), f"{number}.png") for number in range(31)]
    assert "30 pictures" in visitor.send("/new", 400, state="published", photos=files).text


def test_sounds_and_films(stage: Stage, visitor: Visitor) -> None:
    key = "0" * 32 + "/" + "0" * 16 + "-00"
    stage.write(
        "frank", type="audio", details={"url": f"https://sandbox.media.tumblr.com/{key}/x.mp3", "medium": {}}
    )
    stage.write("frank", type="video", details={"url": "https://films.example/1"})
    stage.write("frank", type="video", details={"url": "javascript:alert(1)"})
    trap, film, sound = cards(visitor.see("/blog/frank"))[:3]
    player = sound.select_one("audio[controls]")
    assert player is not None
    assert player["src"] == f"/64.media.tumblr.com/{key}/x.mp3"
    assert text_of(film.select_one(".media")) == "Video films.example"
    assert trap.select_one(".media a") is None


def test_recordings_among_blocks(stage: Stage, visitor: Visitor) -> None:
    blocks = (
        {"type": "audio", "url": "https://songs.example/1", "title": 'A "song" <b>'},
        {"type": "video", "url": "javascript:alert(1)"},
        {"type": "poll", "question": "?"},
    )
    post = stage.change(stage.write("frank", "<p>x</p>"), content=Content(blocks=blocks))
    (card,) = cards(visitor.see(f"/blog/frank/post/{post.id}"))
    song, trap = card.select(".npf_recording")
    assert text_of(song.select_one('a[href="https://songs.example/1"]')) == 'A "song" <b>'
    assert trap.select_one("a[href]") is None
