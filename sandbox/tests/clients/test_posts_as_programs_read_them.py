"""Posts of every type and block as programs read them back, in both forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from sqlalchemy import update

from bench import get
from conformance.conftest import png
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.markup.html_from_npf import npf_to_html
from tumblr_sandbox.markup.npf_from_html import html_to_npf
from tumblr_sandbox.store import schema
from tumblr_sandbox.world import World

Block = dict[str, Any]


def single(client: Any, blog: str, post_id: object, **more: object) -> dict[str, Any]:
    (post,) = client.posts(blog, id=post_id, **more)["posts"]
    return dict(post)


def text(words: str, **more: object) -> Block:
    return {"type": "text", "text": words, **more}


# Recordings


@pytest.mark.parametrize(
    ("url", "site", "about"),
    [
        ("https://www.youtube.com/watch?v=abc_-123XYZ", "youtube", {"youtube": {"video_id": "abc_-123XYZ"}}),
        ("https://youtu.be/abc_-123XYZ?t=3", "youtube", {"youtube": {"video_id": "abc_-123XYZ"}}),
        ("https://vimeo.com/1234", "vimeo", None),
        ("https://films.example.org/7", "unknown", None),
    ],
)
def test_a_film_elsewhere_has_a_page_and_no_file(frank: Any, url: str, site: str, about: object) -> None:
    post = single(frank, "frank", frank.create_video("frank", embed=url)["id"])
    assert (post["video_type"], post["permalink_url"], post["html5_capable"]) == (site, url, False)
    assert "video_url" not in post
    assert post.get("video") == about


def test_a_film_that_was_uploaded_has_a_file_and_no_page(crowd: Crowd, frank: Any) -> None:
    film = {"data": b"\0\0\0\x18ftypmp42" + bytes(40)}
    made = crowd.call("POST", "/v2/blog/frank/post", data={"type": "video"}, files=film)
    post = single(frank, "frank", made["response"]["id"])
    assert (post["video_type"], post["html5_capable"]) == ("tumblr", True)
    assert post["video_url"].endswith(".mp4")
    assert "permalink_url" not in post


@pytest.mark.parametrize(
    ("url", "is_file"), [("https://soundcloud.com/a/b", False), ("https://example.org/a.mp3", True)]
)
def test_a_sound_elsewhere(frank: Any, url: str, is_file: bool) -> None:
    post = single(frank, "frank", frank.create_audio("frank", external_url=url)["id"])
    assert (post["audio_source_url"], post["is_external"]) == (url, True)
    assert post.get("audio_url") == (url if is_file else None)


SOUND = {
    "type": "audio",
    "provider": "soundcloud",
    "title": "A song",
    "artist": "Somebody",
    "album": "Songs",
    "url": "https://soundcloud.com/somebody/song",
    "embed_html": '<iframe src="https://w.soundcloud.com/player/?url=1"></iframe>',
    "embed_url": "https://w.soundcloud.com/player/?url=1",
    "media": {"type": "audio/mp3", "url": "https://soundcloud.com/somebody/song.mp3"},
    "metadata": {"id": "1", "plays": [1, 2]},
    "attribution": {"type": "app", "app_name": "SoundCloud", "url": "https://soundcloud.com/"},
    "poster": [
        {"type": "image/jpeg", "url": "https://i.example.org/a.jpg", "width": 500, "height": 400},
    ],
}
FILM: dict[str, Any] = {
    "type": "video",
    "provider": "youtube",
    "url": "https://www.youtube.com/watch?v=abc",
    "embed_html": '<iframe src="https://www.youtube.com/embed/abc"></iframe>',
    "embed_iframe": {"url": "https://www.youtube.com/embed/abc", "width": 540, "height": 304},
    "embed_url": "https://www.youtube.com/embed/abc",
    "metadata": {"id": "abc"},
    "can_autoplay_on_cellular": True,
    "duration": 61_000,
    "poster": [{"type": "image/jpeg", "url": "https://i.example.org/b.jpg", "width": 480, "height": 360}],
}
LINK = {
    "type": "link",
    "url": "https://example.org/a",
    "title": "A title",
    "description": "What it is about",
    "author": "A. Author",
    "poster": [{"type": "image/jpeg", "url": "https://i.example.org/c.jpg", "width": 90, "height": 60}],
}


@pytest.mark.parametrize("block", [SOUND, FILM, LINK], ids=lambda block: str(block["type"]))
def test_what_is_said_of_a_recording_or_link_is_kept(frank: Any, frank2: Any, block: Block) -> None:
    made = frank2.create_post("frank", content=[block])
    assert single(frank, "frank", made["id"], npf=True)["content"] == [block]


def test_a_poster_comes_with_the_post(crowd: Crowd, frank: Any) -> None:
    film = {**FILM, "poster": [FILM["poster"][0], {"identifier": "p"}]}
    files = {"json": (None, json.dumps({"content": [film]}), "application/json"), "p": png(30, 20)}
    made = crowd.call("POST", "/v2/blog/frank/posts", files=files)["response"]
    (block,) = single(frank, "frank", made["id"], npf=True)["content"]
    elsewhere, own = block["poster"]
    assert elsewhere == FILM["poster"][0]
    assert (own["type"], own["width"], own["height"]) == ("image/png", 30, 20)
    with requests.get(own["url"], timeout=20) as reply:
        assert reply.content == png(30, 20)


def test_one_poster_is_a_list_of_one(frank: Any, frank2: Any) -> None:
    made = frank2.create_post("frank", content=[{**FILM, "poster": FILM["poster"][0]}])
    assert single(frank, "frank", made["id"], npf=True)["content"] == [FILM]


@pytest.mark.parametrize(
    ("block", "player"),
    [
        (SOUND, '<audio controls="controls"><source src="https://soundcloud.com/somebody/song.mp3"'),
        (FILM, '<iframe src="https://www.youtube.com/embed/abc">'),
        ({"type": "video", "url": "https://e.org/?a=1&b"}, '<iframe src="https://e.org/?a=1&amp;b">'),
    ],
)
def test_the_legacy_form_plays_a_recording(frank: Any, frank2: Any, block: Block, player: str) -> None:
    body = single(frank, "frank", frank2.create_post("frank", content=[block])["id"])["body"]
    assert body.startswith('<figure class="tmblr-full" data-npf="')
    assert player in body


def test_what_a_recording_brings_along_runs_nowhere(frank: Any, frank2: Any) -> None:
    hostile = {**FILM, "embed_html": "<script>alert(1)</script>", "metadata": {"a": '"><script>'}}
    body = single(frank, "frank", frank2.create_post("frank", content=[hostile])["id"])["body"]
    assert "<script" not in body
    for name in ("embed_url", "url"):
        refused = frank2.create_post("frank", content=[{**FILM, name: "javascript:alert(1)"}])
        assert refused["meta"]["status"] == 400
    assert (
        frank2.create_post("frank", content=[{**FILM, "metadata": {"a": "x" * 20_000}}])["meta"]["status"]
        == 400
    )


# Pictures


def test_a_size_that_is_not_known_is_not_made_up(frank: Any) -> None:
    html = '<p>a</p><img src="https://e.org/a.png"><img src="https://e.org/b.png" data-orig-width="9">'
    made = frank.create_text("frank", body=html)
    for block in single(frank, "frank", made["id"], npf=True)["content"][1:]:
        (medium,) = block["media"]
        assert medium["original_dimensions_missing"] is True
        assert (medium["width"], medium["height"]) == (540, 405), "the documented defaults"
        assert "has_original_dimensions" not in medium
    known = '<img src="https://example.org/a.png" data-orig-width="9" data-orig-height="8">'
    (block,) = single(frank, "frank", frank.create_text("frank", body=known)["id"], npf=True)["content"]
    (medium,) = block["media"]
    assert (medium["width"], medium["height"], medium["has_original_dimensions"]) == (9, 8, True)
    assert "original_dimensions_missing" not in medium


# Polls


def test_a_poll_without_ids_of_the_client_gets_some(frank: Any, frank2: Any) -> None:
    poll = {"type": "poll", "question": "Tea?", "answers": [{"answer_text": "yes"}, {"answer_text": "no"}]}
    (kept,) = single(frank, "frank", frank2.create_post("frank", content=[poll])["id"], npf=True)["content"]
    ids = [kept["client_id"], *(answer["client_id"] for answer in kept["answers"])]
    assert len(set(ids)) == 3
    assert [answer["answer_text"] for answer in kept["answers"]] == ["yes", "no"]
    given = {**poll, "client_id": "p", "answers": [{"client_id": n, "answer_text": n} for n in "ab"]}
    (kept,) = single(frank, "frank", frank2.create_post("frank", content=[given])["id"], npf=True)["content"]
    assert [kept["client_id"], *(answer["client_id"] for answer in kept["answers"])] == ["p", "a", "b"]


def test_a_paywall_is_a_line_in_the_post(frank: Any, frank2: Any) -> None:
    content = [text("free"), {"type": "paywall"}, text("not free")]
    made = frank2.create_post("frank", content=content)
    assert single(frank, "frank", made["id"], npf=True)["content"][1]["subtype"] == "divider"


# Who speaks


@pytest.mark.parametrize("source", ["", "<p>A play</p>"])
def test_a_quote_is_its_authors_whoever_reblogs_it(crowd: Crowd, frank: Any, source: str) -> None:
    made = single(frank, "frank", frank.create_quote("frank", quote="To be", source=source)["id"])
    bob = crowd.client("eve")
    names: dict[str, list[str]] = {}
    for words in ("<p>well</p>", ""):
        again = bob.reblog("eve", id=made["id"], reblog_key=made["reblog_key"], comment=words)
        post = single(bob, "eve", again["id"])
        opening = f'<p><a class="tumblr_blog" href="{made["post_url"]}">frank</a>:</p><blockquote>{source}'
        assert post["text"] == "To be"
        assert post["source"] == f"{opening}</blockquote>{words}"
        assert post["reblog"] == {"comment": words, "tree_html": f"{opening}</blockquote>"}
        names[words] = [entry["blog"]["name"] for entry in post["trail"]]
        npf = single(bob, "eve", again["id"], npf=True)
        assert [entry["blog"]["name"] for entry in npf["trail"]] == ["frank"]
    assert names == {"<p>well</p>": ["frank", "eve"], "": ["frank"]}


def test_a_chat_is_plain_lines_until_it_is_reblogged(crowd: Crowd, frank: Any) -> None:
    made = frank.create_chat("frank", title="Talk", conversation="A: <hi> & so\n\nB: ho")
    post = single(frank, "frank", made["id"])
    assert post["body"] == "A: <hi> & so\nB: ho"
    assert [line["phrase"] for line in post["dialogue"]] == ["<hi> & so", "ho"]
    eve = crowd.client("eve")
    again = eve.reblog("eve", id=made["id"], reblog_key=post["reblog_key"], comment="<p>ha</p>")
    body = single(eve, "eve", again["id"])["body"]
    assert body.startswith('<p><a class="tumblr_blog"')
    assert "<blockquote><p>A:" in body


# Lists and quotations


NESTED = (
    "<blockquote><p>1</p><blockquote><p>2</p><ul><li>3<ol><li>4</li></ol></li><li>3 again</li></ul>"
    "</blockquote><p>1 again</p></blockquote>"
)
NESTED_BLOCKS = [
    text("1", subtype="indented"),
    text("2", subtype="indented", indent_level=1),
    text("3", subtype="unordered-list-item", indent_level=2),
    text("4", subtype="ordered-list-item", indent_level=3),
    text("3 again", subtype="unordered-list-item", indent_level=2),
    text("1 again", subtype="indented"),
]


def test_lists_in_quotations_as_the_specification_has_them() -> None:
    assert html_to_npf(NESTED).blocks == NESTED_BLOCKS
    assert npf_to_html(NESTED_BLOCKS) == NESTED


def test_a_list_item_without_words_counts_as_a_level() -> None:
    html = "<ol><li>a<ul><li><ol><li>b</li></ol></li></ul></li><li>c</li></ol>"
    kinds = [
        (block["text"], block["subtype"], block.get("indent_level", 0)) for block in html_to_npf(html).blocks
    ]
    assert kinds == [
        ("a", "ordered-list-item", 0),
        ("b", "ordered-list-item", 2),
        ("c", "ordered-list-item", 0),
    ]


def test_a_plain_block_with_an_indent_stands_in_that_many_quotations() -> None:
    blocks = [text("a", indent_level=2), text("b", subtype="heading1"), text("c")]
    assert npf_to_html(blocks) == (
        "<blockquote><blockquote><p>a</p></blockquote></blockquote><h1>b</h1><p>c</p>"
    )


# Read-mores


@pytest.mark.parametrize(
    ("cut", "kept"), [(-1, -1), (0, 0), (1, 1), (2, None), (3, None), (99, None), (-2, None)]
)
def test_a_read_more_is_ignored_where_nothing_could_follow_it(
    frank: Any, frank2: Any, cut: int, kept: int | None
) -> None:
    content = [text(word) for word in "abc"]
    rows = {"type": "rows", "display": [{"blocks": [n]} for n in range(3)]}
    made = frank2.create_post("frank", content=content, layout=[{**rows, "truncate_after": cut}])
    layout = single(frank, "frank", made["id"], npf=True)["layout"]
    assert [one.get("truncate_after") for one in layout] == [kept]


@pytest.mark.parametrize("more", [{"truncate_after": 0}, {"blocks": [0, 1]}, {}])
def test_a_condensed_layout_is_ignored(frank: Any, frank2: Any, more: Block) -> None:
    content = [text(word) for word in "abc"]
    made = frank2.create_post("frank", content=content, layout=[{"type": "condensed", **more}])
    assert single(frank, "frank", made["id"], npf=True)["layout"] == []


# One post


def test_a_post_of_another_blog_by_its_address(crowd: Crowd, driver: SandboxDriver, frank: Any) -> None:
    theirs = driver.post("bob", "<p>bob's</p>")
    view = get(frank, f"/v2/blog/bob/posts/{theirs}")
    assert (view["id"], view["content"]) == (theirs, [text("bob's")])
    assert get(frank, f"/v2/blog/bob/posts/{theirs}", post_format="legacy")["body"] == "<p>bob's</p>"
    hidden = driver.post("bob", "<p>not yet</p>", state="draft")
    assert get(frank, f"/v2/blog/bob/posts/{hidden}")["meta"]["status"] == 404
    assert get(frank, f"/v2/blog/frank/posts/{theirs}")["meta"]["status"] == 404
    driver.block("bob", "frank")
    assert get(frank, f"/v2/blog/bob/posts/{theirs}")["meta"]["status"] == 403


def test_a_post_that_cannot_be_shown_is_left_out_of_lists(
    frank: Any, driver: SandboxDriver, world: World
) -> None:
    spoiled, good = driver.post("frank", "<p>a</p>"), driver.post("frank", "<p>b</p>")
    content = {"html": "", "blocks": [{"type": "image"}], "truncate_after": None, "rows": None}
    with world.database.write() as connection:
        stored = schema.posts.c.id == int(spoiled)
        connection.execute(update(schema.posts).where(stored).values(content=content))
    for path in ("/v2/blog/frank/posts", "/v2/user/dashboard"):
        assert [post["id_string"] for post in get(frank, path)["posts"]] == [good]
