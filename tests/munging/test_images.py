"""Images: found where text is put in for them, in both forms of posts, and words that are to be drawn."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings

from munging.control import IMAGE_DELIMITER
from munging.images import (
    ImagePlaces,
    TextBlock,
    alt_texts,
    images_of_posts,
    images_of_question,
    text_blocks,
    with_image_texts,
)
from munging.payload import thread_from_payload
from tests.munging.both_forms import Described, as_legacy, as_npf, described
from tests.strategies import IDENTITY, words

A, B, C = (f"https://64.media.tumblr.com/{name}/s640x960/{name}.png" for name in "abc")


def image(address: str) -> dict[str, Any]:
    small = {"url": address.replace("640x960", "75x75"), "width": 75}
    return {"type": "image", "media": [small, {"url": address, "width": 640}]}


def test_images_are_listed_for_each_post() -> None:
    text = {"type": "text", "text": "word"}
    payload = {
        "type": "blocks",
        "blog_name": "carol",
        "content": [text, image(B), image(C), image(B)],
        "layout": [],
        "trail": [
            {"blog": {"name": "alice"}, "content": [image(A), text], "layout": []},
            {"blog": {"name": "bob"}, "content": [text], "layout": []},
        ],
    }
    assert images_of_posts(payload, IDENTITY) == ((A,), (), (B, C, B))
    posts = thread_from_payload(payload, IDENTITY, {B: "a sign"}).thread.posts
    assert [post.text.count("a sign") for post in posts] == [0, 0, 2]


def test_a_photo_post_has_its_photos_and_those_of_its_caption() -> None:
    photo = {"original_size": {"url": A}, "alt_sizes": [{"url": A}, {"url": B}]}
    payload = {"type": "photo", "blog_name": "bob", "photos": [photo], "caption": f'<p><img src="{C}"/>x</p>'}
    assert images_of_posts(payload, IDENTITY) == ((A, C),)


def test_an_asks_images_are_its_askers() -> None:
    question = f'<p>what is this? <img src="{A}"/></p><p><img src="{B}"/></p>'
    payload = {"type": "answer", "blog_name": IDENTITY.blog, "asking_name": "bob", "question": question}
    assert images_of_question(question) == (A, B)
    assert images_of_posts(payload | {"answer": f'<p><img src="{C}"/></p>'}, IDENTITY) == ((A, B), (C,))


@settings(max_examples=100, deadline=None)
@given(described(IDENTITY.blog))
def test_both_forms_of_a_post_show_the_same_images(post: Described) -> None:
    found = images_of_posts(as_npf(post), IDENTITY)
    # HTML shows a smaller size where there is one.
    shown = images_of_posts(as_legacy(post), IDENTITY)
    assert [[address.partition("?")[0] for address in one] for one in shown] == [list(one) for one in found]
    # Whatever people write, it is no image.
    pictures = (block for part in post.parts for block in part.blocks if block.kind == "images")
    assert sum(map(len, found)) == len(post.photos) + sum(len(block.targets) for block in pictures)


@pytest.mark.parametrize("payload", [None, [], {}, {"content": [{"type": "image", "media": 7}]}])
def test_what_is_no_post_has_no_images(payload: object) -> None:
    assert not any(images_of_posts(payload, IDENTITY))


@pytest.mark.parametrize(
    ("body", "blocks"),
    [
        ("word", []),
        ("a\n\n=======\nKEEP OUT\n=======\nb", [TextBlock("KEEP OUT", 3, 27)]),
        ("=======\none\ntwo\n=======", [TextBlock("one\ntwo", 0, 23)]),
        ("=======\n=======\nx", [TextBlock("", 0, 15)]),
        ("=======\na\n=======\n=======\nb\n=======", [TextBlock("a", 0, 17), TextBlock("b", 18, 35)]),
        ("=======\na", []),
        ("x ======= y\n========\nz\n=======", []),
    ],
)
def test_blocks_of_text_are_found(body: str, blocks: list[TextBlock]) -> None:
    assert list(text_blocks(body)) == blocks


@settings(max_examples=100, deadline=None)
@given(words())
def test_recognised_text_comes_back_as_it_was_put_in(recognised: str) -> None:
    html = f'<p>before</p><img src="{A}"/><p>after</p>'
    payload = {"type": "text", "blog_name": "bob", "body": html}
    thread = thread_from_payload(payload, IDENTITY, {A: recognised}).thread
    assert len(text_blocks(thread.posts[0].text)) == (IMAGE_DELIMITER in thread.posts[0].text)


def test_many_openings_cost_no_more_than_one() -> None:
    body = "=======\na\n" * 100_001
    assert len(text_blocks(body)) == 50_000


def test_texts_that_are_recognised_later_end_up_where_they_would_have_been() -> None:
    payload = {
        "type": "blocks",
        "blog_name": "carol",
        "content": [{"type": "text", "text": "0"}, image(B), {"type": "text", "text": "after"}, image(C)],
        "layout": [],
        "trail": [{"blog": {"name": "alice"}, "content": [image(A)], "layout": []}],
    }
    known = {A: "a sign\nof two lines", C: "<|endoftext|> 域 #1 x asked:"}
    places = ImagePlaces()
    later = thread_from_payload(payload, IDENTITY, places).thread
    at_once = thread_from_payload(payload, IDENTITY, known).thread
    assert places.addresses == (A, B, C)
    filled = [with_image_texts(post.text, places.addresses, known) for post in later.posts]
    assert filled == [post.text for post in at_once.posts]


@settings(max_examples=60, deadline=None)
@given(described(IDENTITY.blog), words())
def test_any_post_read_with_places_and_filled_is_the_post_read_at_once(post: Described, said: str) -> None:
    payload = as_npf(post)
    places = ImagePlaces()
    later = thread_from_payload(payload, IDENTITY, places).thread
    known = {address: said for number, address in enumerate(places.addresses) if number % 2}
    at_once = thread_from_payload(payload, IDENTITY, known).thread
    filled = [with_image_texts(one.text, places.addresses, known) for one in later.posts]
    # How many empty lines an image without text leaves between two blocks is not said.
    read = [one.text for one in at_once.posts]
    texts = [[re.sub(r"\n{2,}", "\n\n", one.strip("\n")) for one in both] for both in (filled, read)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("recognised", ["\n", " \n\t", "\u200b\n"])
def test_an_image_in_which_nothing_can_be_seen_leaves_no_block(recognised: str) -> None:
    content = [{"type": "text", "text": "a"}, image(A), {"type": "text", "text": "b"}]
    payload = {"type": "blocks", "blog_name": "bob", "content": content, "layout": [], "trail": []}
    assert IMAGE_DELIMITER not in thread_from_payload(payload, IDENTITY, {A: recognised}).thread.posts[0].text


def test_a_number_between_delimiters_that_names_no_image_stays() -> None:
    text = f"a\n\n{IMAGE_DELIMITER}\n7\n{IMAGE_DELIMITER}\nb"
    assert with_image_texts(text, [A], {A: "x"}) == text


def test_descriptions_are_those_of_blocks() -> None:
    described_image = image(A) | {"alt_text": " a dog\non a <sofa> "}
    payload = {
        "content": [image(B)],
        "trail": [{"content": [described_image, {"type": "text", "text": "x"}]}],
    }
    found = alt_texts(payload)
    assert found[A] == "a dog\non a <sofa>"
    assert len(found) == 2
    assert alt_texts(None) == alt_texts({"content": "x"}) == {}
