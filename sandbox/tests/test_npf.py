"""HTML to NPF blocks and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumblr_sandbox.markup.html import paragraphs, sanitise
from tumblr_sandbox.markup.html_from_npf import npf_to_html
from tumblr_sandbox.markup.npf_from_html import html_to_npf

Block = dict[str, Any]


def text(words: str, **more: object) -> Block:
    return {"type": "text", "text": words, **more}


FROM_HTML: list[tuple[str, list[Block]]] = [
    ("<p>one</p><p>two</p>", [text("one"), text("two")]),
    ("bare", [text("bare")]),
    ("<p>a<br>b</p>", [text("a\nb")]),
    ("<p></p><p> </p>", []),
    (
        "<h1>a</h1><h2>b</h2><h3>c</h3>",
        [text("a", subtype="heading1")] + [text(c, subtype="heading2") for c in "bc"],
    ),
    ("<blockquote><p>q</p></blockquote>", [text("q", subtype="indented")]),
    (
        "<blockquote>a<blockquote>b</blockquote></blockquote>",
        [text("a", subtype="indented"), text("b", subtype="indented", indent_level=1)],
    ),
    (
        "<ul><li>x<ol><li>y</li></ol></li></ul>",
        [text("x", subtype="unordered-list-item"), text("y", subtype="ordered-list-item", indent_level=1)],
    ),
    ('<p class="npf_chat">a: b</p>', [text("a: b", subtype="chat")]),
    ('<p class="npf_quote">q</p><p>p</p>', [text("q", subtype="quote"), text("p")]),
    ("a<hr>b", [text("a"), text("b")]),
    ("<p><b>b</b></p>", [text("b", formatting=[{"start": 0, "end": 1, "type": "bold"}])]),
    (
        "<p>x <strong>y</strong> <s>z</s></p>",
        [
            text(
                "x y z",
                formatting=[
                    {"start": 2, "end": 3, "type": "bold"},
                    {"start": 4, "end": 5, "type": "strikethrough"},
                ],
            )
        ],
    ),
    (
        '<p><a href="https://e.com/">l</a></p>',
        [text("l", formatting=[{"start": 0, "end": 1, "type": "link", "url": "https://e.com/"}])],
    ),
    (
        '<span style="color: #ff0000">r</span>',
        [text("r", formatting=[{"start": 0, "end": 1, "type": "color", "hex": "#ff0000"}])],
    ),
    # Offsets count code points, also outside the basic plane.
    (
        "<p>\N{OWL}\N{OWL}<i>x</i></p>",
        [text("\N{OWL}\N{OWL}x", formatting=[{"start": 2, "end": 3, "type": "italic"}])],
    ),
    # White space at the ends goes, and the formatting moves along.
    ("<p>  <b>x </b></p>", [text("x", formatting=[{"start": 0, "end": 1, "type": "bold"}])]),
]


@pytest.mark.parametrize(("html", "blocks"), FROM_HTML)
def test_html_to_blocks(html: str, blocks: list[Block]) -> None:
    assert html_to_npf(html).blocks == blocks


def test_formatting_goes_on_in_the_next_block() -> None:
    blocks = html_to_npf("<b>a<p>c</p></b>").blocks
    assert [block["formatting"] for block in blocks] == [[{"start": 0, "end": 1, "type": "bold"}]] * 2


def test_an_image_keeps_its_size_and_alternative_text() -> None:
    size = 'data-orig-width="30" data-orig-height="20"'
    image = html_to_npf(f'<p>a</p><img src="https://x/y.png" {size} alt="an owl">').blocks[1]
    assert image["media"] == [
        {"url": "https://x/y.png", "width": 30, "height": 20, "has_original_dimensions": True}
    ]
    assert image["alt_text"] == "an owl"


BOB = {"name": "bob", "uuid": "t:bob", "url": "https://bob.tumblr.com/"}
MENTION = '<p>hi <a class="tumblelog" href="https://bob.tumblr.com/">@bob</a></p>'


def test_a_mention_of_a_known_blog() -> None:
    blocks = html_to_npf(MENTION, {"bob": BOB}.get).blocks
    assert blocks[0]["formatting"] == [{"start": 3, "end": 7, "type": "mention", "blog": BOB}]


def test_a_mention_of_nobody_is_a_link() -> None:
    blocks = html_to_npf(MENTION).blocks
    assert blocks[0]["formatting"][0]["type"] == "link"


@pytest.mark.parametrize(
    ("html", "count", "cut"),
    [
        ("<p>a</p><p>[[MORE]]</p><p>b</p>", 2, 0),
        ("<p>a[[MORE]]b</p>", 2, 0),
        ("[[MORE]]<p>b</p>", 1, -1),
        ("<p>a</p>[[MORE]]", 1, None),
        ("<p>a</p>", 1, None),
    ],
)
def test_read_more_is_a_place_between_blocks(html: str, count: int, cut: int | None) -> None:
    content = html_to_npf(html)
    assert (len(content.blocks), content.truncate_after) == (count, cut)


BACK = [
    "<p>one</p><p>two</p>",
    "<p>a<br>b</p>",
    "<h1>a</h1><h2>b</h2>",
    "<blockquote><p>q</p></blockquote>",
    "<ul><li>x</li><li>y</li></ul><ol><li>z</li></ol>",
    '<p class="npf_quote">q</p><p class="npf_quirky">r</p><p class="npf_chat">s</p>',
    "<p>x <b>y</b> <i>z</i> <strike>s</strike> <small>t</small></p>",
    '<p><a href="https://e.com/?a=1&amp;b=2" target="_blank">l</a></p>',
    '<p><span style="color: #ff0000">r</span></p>',
    "<p>a</p><p>[[MORE]]</p><p>b</p>",
    "<p>&lt;b&gt; &amp; co</p>",
]


@pytest.mark.parametrize("html", BACK)
def test_there_and_back(html: str) -> None:
    content = html_to_npf(html)
    assert npf_to_html(content.blocks, content.truncate_after) == html


def test_overlapping_formats_make_nested_tags() -> None:
    block = text(
        "abc", formatting=[{"start": 0, "end": 2, "type": "bold"}, {"start": 1, "end": 3, "type": "italic"}]
    )
    assert npf_to_html([block]) == "<p><b>a<i>b</i></b><i>c</i></p>"


def test_formats_outside_the_text_are_left_out() -> None:
    block = text(
        "ab", formatting=[{"start": 5, "end": 9, "type": "bold"}, {"start": 1, "end": 99, "type": "italic"}]
    )
    assert npf_to_html([block]) == "<p>a<i>b</i></p>"


def test_a_mention_and_an_unknown_format() -> None:
    block = text(
        "@bob x",
        formatting=[
            {"start": 0, "end": 4, "type": "mention", "blog": BOB},
            {"start": 5, "end": 6, "type": "glow"},
        ],
    )
    assert npf_to_html([block]) == '<p><a class="tumblelog" href="https://bob.tumblr.com/">@bob</a> x</p>'


def test_an_image_block_uses_the_widest_media() -> None:
    block: Block = {
        "type": "image",
        "alt_text": "two\nlines",
        "media": [{"url": "s.png", "width": 75, "height": 75}, {"url": "l.png", "width": 640, "height": 640}],
    }
    assert npf_to_html([block]) == (
        '<div class="npf_row"><figure class="tmblr-full" data-orig-height="640" data-orig-width="640">'
        '<img src="l.png" data-orig-height="640" data-orig-width="640" '
        'srcset="s.png 75w, l.png 640w" sizes="(max-width: 640px) 100vw, 640px" '
        'alt="two lines"></figure></div>'
    )


def test_a_link_block_and_a_block_of_another_kind() -> None:
    html = npf_to_html(
        [{"type": "link", "url": "https://e.com/", "title": "<E>"}, {"type": "poll", "question": "?"}]
    )
    assert html.startswith('<p><a href="https://e.com/" target="_blank">&lt;E&gt;</a></p>')
    assert "data-npf=" in html


@given(st.text(max_size=200))
def test_any_text_comes_through_as_text(words: str) -> None:
    html = sanitise(paragraphs(words))
    blocks = html_to_npf(html).blocks
    assert all(block["type"] == "text" and block["text"].strip() for block in blocks)
    assert sanitise(npf_to_html(blocks)) == npf_to_html(blocks)


def test_much_formatting_takes_no_time() -> None:
    html = "<p>" + "<b>x</b> y " * 20_000 + "</p>"
    (block,) = html_to_npf(html).blocks
    assert len(block["formatting"]) == 20_000
