"""The bot's HTML as blocks: nothing it writes is lost, and both forms read back as the same thread."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from munging import html_tree
from munging.npf import DEEPEST_INDENT, blocks_html
from munging.npf_from_html import MAX_BLOCK_CHARACTERS, mentioned_blogs, npf_from_html
from munging.payload import thread_from_payload
from munging.reply_mockup import reply_mockup
from munging.thread import Identity
from munging.tumblr_html import to_html

FRANK = Identity(blog="frank", persona="Frank")
PIECES = st.sampled_from(
    [
        "soup", " ", "\n", "\n\n", "<b>", "</b>", "<i>", "</i>", "<em>", "</em>", "<strong>", "</strong>",
        "<h2>", "</h2>", "<blockquote>", "</blockquote>", "<ul>", "</ul>", "<ol>", "</ol>", "<li>", "</li>",
        '<a href="https://x.org/y">', "</a>", "&", "<", "\U0001f469\u200d\U0001f680", "e\u0301", "#",
        "[[MORE]]",
    ]
)  # fmt: skip
WRITTEN = st.lists(PIECES, max_size=24).map("".join)


def posted(html: str) -> dict[str, object]:
    return {"type": "text", "blog_name": "frank", "body": html, "trail": [], "state": "published"}


def in_blocks(html: str) -> dict[str, object]:
    content = npf_from_html(html)
    shown = {"content": content.blocks, "layout": content.layout, "trail": []}
    return {"type": "blocks", "blog_name": "frank", **shown}


@given(WRITTEN)
def test_no_letter_that_the_bot_writes_is_lost(text: str) -> None:
    html = to_html(text.replace("[[MORE]]", ""), FRANK)
    shown = "".join(BeautifulSoup(html, "lxml").get_text().split())
    assert "".join("".join(block["text"] for block in npf_from_html(html).blocks).split()) == shown


Line = tuple[tuple[str, int], list[tuple[str, frozenset[str]]]]
STYLES = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic"}
BLOCKS = frozenset({"p", "h2", "blockquote", "ul", "ol", "li", "figure"})


def lines_of(html: str) -> list[Line]:
    """What HTML shows, line by line: what the line is, how deep it stands, each letter with its styles."""
    lines: list[Line] = []
    body = html_tree.parse_fragment(html)
    if body is not None:
        _read(body, (), lines, [])
    return [line for line in lines if line[1]]


def _read(element: Any, around: tuple[Any, ...], lines: list[Line], line: list[Any]) -> None:
    """Read an element into the line that is open; what stands on a line of its own begins another."""

    def begin() -> None:
        line.clear()
        line.append((kind_of(around), []))
        lines.append(line[0])

    def add(text: str | None) -> None:
        styles = frozenset(filter(None, map(style_of, around)))
        if not line:
            begin()
        line[0][1].extend((letter, styles) for letter in text or "" if not letter.isspace())

    add(element.text)
    for child in element:
        inside = (*around, child)
        if child.tag in BLOCKS:
            line.clear()
        _read(child, inside, lines, line)
        if child.tag in BLOCKS:
            line.clear()
        add(child.tail)


def style_of(element: Any) -> str:
    return element.get("href") if element.tag == "a" else STYLES.get(element.tag, "")


def kind_of(around: tuple[Any, ...]) -> tuple[str, int]:
    """A block has one subtype, and a depth in which quotations count as lists do."""
    tags = [element.tag for element in around]
    lists = [tag for tag in tags if tag in ("ul", "ol")]
    depth = len(lists) + tags.count("blockquote")
    if lists:
        return lists[-1], min(depth - 1, DEEPEST_INDENT)
    if depth:
        return "quotation", min(depth - 1, DEEPEST_INDENT)
    return ("heading" if "h2" in tags else "text"), 0


@given(WRITTEN)
@settings(max_examples=300)
def test_what_the_bot_writes_comes_back_with_all_its_formatting(text: str) -> None:
    html = to_html(text.replace("[[MORE]]", ""), FRANK)
    back = blocks_html(npf_from_html(html).blocks)
    assert lines_of(back) == lines_of(html)


@given(WRITTEN)
def test_blocks_are_within_what_tumblr_takes(text: str) -> None:
    content = npf_from_html(to_html(text, FRANK))
    for block in content.blocks:
        assert block["text"].strip()
        assert 0 <= block.get("indent_level", 0) <= 7
        for one in block.get("formatting", []):
            assert 0 <= one["start"] < one["end"] <= len(block["text"])
    if content.truncate_after is not None:
        assert -1 <= content.truncate_after < len(content.blocks) - 1


@pytest.mark.parametrize(
    "text",
    [
        "hello\nworld",
        'a <b>bold <i>both</i></b> x <a href="https://x.org/z">link</a>',
        "<ul><li>one</li><li>two</li></ul>after",
        "<ol><li>one</li><li>two</li></ol>",
        "<h2>A title</h2>and words",
        "<blockquote>somebody</blockquote>said so",
        "<b>bold\nover lines</b>",
        "5 < 6 &amp; 7 > 6",
    ],
)
def test_both_forms_read_back_as_one_thread(text: str) -> None:
    html = to_html(text, FRANK)
    legacy, blocks = (thread_from_payload(one, FRANK).thread for one in (posted(html), in_blocks(html)))
    bodies = [
        [re.sub(r"</?[bi]>", "", "".join(post.text.split())) for post in thread.posts]
        for thread in (blocks, legacy)
    ]
    assert bodies[0] == bodies[1]


def test_formatting_counts_code_points_and_goes_on_in_the_next_block() -> None:
    blocks = npf_from_html("<p>\U0001f389 <b>a</b></p><i><blockquote>one</blockquote>two</i>").blocks
    assert blocks[0]["formatting"] == [{"start": 2, "end": 3, "type": "bold"}]
    assert [block["formatting"] for block in blocks[1:]] == [[{"start": 0, "end": 3, "type": "italic"}]] * 2


def test_a_mention_needs_the_blogs_id_and_is_a_link_without_it() -> None:
    html = '<p><a class="tumblelog" href="https://Bob.tumblr.com/">@Bob</a> hi</p>'
    assert mentioned_blogs(html) == {"bob"}
    ((mention,),) = (block["formatting"] for block in npf_from_html(html, {"bob": "t:1"}).blocks)
    assert mention["type"] == "mention"
    assert mention["blog"]["uuid"] == "t:1"
    ((link,),) = (block["formatting"] for block in npf_from_html(html).blocks)
    assert (link["type"], link["url"]) == ("link", "https://Bob.tumblr.com/")


def test_a_reply_head_stays_what_it_is() -> None:
    html = reply_mockup(
        post_url="https://frank.tumblr.com/post/1", post_summary="my day & <yours>", reply_blog_name="bob",
        reply_blog_url="https://bob.tumblr.com/", reply_body="how <nice>",
    )  # fmt: skip
    head, reply, answer = npf_from_html(html + "<p>thanks</p>", {"bob": "t:1"}).blocks
    assert head["text"] == "@bob replied to your post  “my day & <yours>”"
    assert [one["type"] for one in head["formatting"]] == ["mention", "link"]
    assert (reply["text"], reply["subtype"]) == ("how <nice>", "indented")
    assert answer == {"type": "text", "text": "thanks"}


def test_an_image_keeps_its_size_and_its_alt_text() -> None:
    size = 'data-orig-width="40" data-orig-height="30"'
    html = f'<figure {size}><img src="https://x.org/a.png" alt="a &lt;cat&gt;" {size}></figure>'
    (block,) = npf_from_html(html).blocks
    assert block["media"] == [{"url": "https://x.org/a.png", "width": 40, "height": 30}]
    assert block["alt_text"] == "a <cat>"


@pytest.mark.parametrize("text", ["word " * 3000, "w" * 10_000])
def test_a_long_paragraph_becomes_blocks_that_fit(text: str) -> None:
    blocks = npf_from_html(f"<p><b>{text}</b></p>").blocks
    assert all(len(block["text"]) <= MAX_BLOCK_CHARACTERS for block in blocks)
    assert "".join(block["text"] for block in blocks) == text.rstrip()
    assert all(
        block["formatting"] == [{"start": 0, "end": len(block["text"]), "type": "bold"}] for block in blocks
    )


def test_more_is_the_place_to_read_on() -> None:
    content = npf_from_html("<p>a</p><p>[[MORE]]</p><p>b</p>")
    assert content.truncate_after == 0
    assert content.layout == [
        {"type": "rows", "display": [{"blocks": [0]}, {"blocks": [1]}], "truncate_after": 0}
    ]
    assert npf_from_html("<p>[[MORE]]</p><p>b</p>").truncate_after == -1
    assert npf_from_html("<p>a</p><p>[[MORE]]</p>").layout == []


def test_a_deeply_nested_text_is_read() -> None:
    html = "<blockquote>" * 1500 + "deep" + "</blockquote>" * 1500
    assert [block["text"] for block in npf_from_html(html).blocks] == ["deep"]


def test_what_tumblr_takes_no_more_of_is_words() -> None:
    link, mention = (
        '<a href="https://x.org/">l</a> ',
        '<a class="tumblelog" href="https://b.tumblr.com/">@b</a> ',
    )
    blocks = npf_from_html(f"<p>{link * 70}</p><p>{link * 70}{mention * 60}</p>", {"b": "t:b"}).blocks
    kinds = [one["type"] for block in blocks for one in block["formatting"]]
    assert (kinds.count("link"), kinds.count("mention")) == (100, 50)
    assert "".join(block["text"] for block in blocks).count("l") == 140


@pytest.mark.parametrize("address", ["soup", "ftp://x.org/", "https://x.org/" + "y" * 2000, "https:///a b"])
def test_a_link_that_tumblr_would_refuse_is_words(address: str) -> None:
    assert npf_from_html(f'<p>see <a href="{address}">here</a></p>').blocks == [
        {"type": "text", "text": "see here"}
    ]


def test_the_first_read_more_counts_wherever_it_stands() -> None:
    content = npf_from_html("<p>a <b>b [[MORE]] c</b></p><p>d[[MORE]]</p><p>e</p>")
    assert [block["text"] for block in content.blocks] == ["a b", "c", "d", "e"]
    assert content.truncate_after == 0
    assert content.blocks[1]["formatting"] == [{"start": 0, "end": 1, "type": "bold"}]


def test_an_image_that_is_sent_along_is_named_and_described() -> None:
    html = '<figure><img src="cid:figure0" data-orig-width="4" data-orig-height="3" alt="{}"></figure>'
    (block,) = npf_from_html(html.format("a&#10;" + "b" * 5000)).blocks
    assert block["media"] == [{"identifier": "figure0", "type": "image/png", "width": 4, "height": 3}]
    assert block["alt_text"] == "a\n" + "b" * (MAX_BLOCK_CHARACTERS - 2)
