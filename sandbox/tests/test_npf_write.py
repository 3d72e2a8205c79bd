"""NPF as it is posted: what is kept, what HTML is made of it, and what becomes of that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumblr_sandbox.errors import BadNpfError
from tumblr_sandbox.markup import npf_check
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import sanitise
from tumblr_sandbox.markup.html_from_npf import npf_to_html
from tumblr_sandbox.markup.npf_from_html import html_to_npf

SUBTYPES = ["heading1", "heading2", "quirky", "quote", "chat", "indented", None]
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() and "[[MORE]]" not in text
)


def text(words: str, **more: object) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def item(words: str, level: int = 0, kind: str = "unordered") -> dict[str, Any]:
    deeper = {"indent_level": level} if level else {}
    return text(words, subtype=f"{kind}-list-item", **deeper)


def kept(content: object, layout: object = None) -> Content:
    draft = npf_check.read(content, layout)
    return draft.content([block.block() for block in draft.blocks])


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, Any]:
    """A text block of any kind with some formatting."""
    words = draw(WORDS)
    subtype = draw(st.sampled_from(SUBTYPES))
    start = draw(st.integers(0, len(words) - 1))
    end = draw(st.integers(start + 1, len(words)))
    formatting = [{"start": start, "end": end, "type": draw(st.sampled_from(["bold", "italic", "small"]))}]
    shape = {} if subtype is None else {"subtype": subtype}
    return text(words, **shape, **draw(st.sampled_from([{}, {"formatting": formatting}])))


@given(st.lists(blocks(), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_is_posted_is_kept_and_survives_html(content: list[dict[str, Any]]) -> None:
    assert list(kept(content).blocks or ()) == content
    html = npf_to_html(content)
    assert sanitise(html).replace("\N{NO-BREAK SPACE}", " ") == html.replace("\N{NO-BREAK SPACE}", " ")
    assert [block["text"] for block in html_to_npf(html).blocks] == [block["text"] for block in content]


def test_nested_lists_come_back() -> None:
    content = [
        item("a"),
        item("b", 1, "ordered"),
        item("c", 2),
        item("d", 1, "ordered"),
        item("e"),
        text("between"),
        item("f", 0, "ordered"),
    ]
    html = npf_to_html(content)
    assert html == (
        "<ul><li>a<ol><li>b<ul><li>c</li></ul></li><li>d</li></ol></li><li>e</li></ul>"
        "<p>between</p><ol><li>f</li></ol>"
    )
    assert html_to_npf(html).blocks == content
    assert sanitise(html) == html


def test_two_kinds_of_list_at_one_level() -> None:
    html = npf_to_html([item("a"), item("b", 0, "ordered")])
    assert html == "<ul><li>a</li></ul><ol><li>b</li></ol>"


def test_what_is_missing_around_an_item_is_a_quotation() -> None:
    content = [item("a"), item("b", 2), item("c", 2)]
    html = npf_to_html(content)
    assert html == "<ul><li>a<blockquote><ul><li>b</li><li>c</li></ul></blockquote></li></ul>"
    assert html_to_npf(html).blocks == content


def test_deeper_quotes_come_back() -> None:
    content = [text("a", subtype="indented"), text("b", subtype="indented", indent_level=2)]
    html = npf_to_html(content)
    assert html.count("<blockquote>") == 3
    assert html_to_npf(html).blocks == content


def test_empty_ends_and_the_rows_around_them() -> None:
    content = [text(" "), text("a"), text("b"), text("")]
    layout = [{"type": "rows", "display": [{"blocks": [n]} for n in range(4)], "truncate_after": 1}]
    found = kept(content, layout)
    assert found.blocks == (text("a"), text("b"))
    assert found.rows == ({"blocks": [0]}, {"blocks": [1]})
    assert found.truncate_after == 0
    assert found.as_html() == "<p>a</p><p>[[MORE]]</p><p>b</p>"
    assert Content.from_json(found.to_json()) == found


def test_a_read_more_before_everything() -> None:
    layout = [{"type": "rows", "rows": [[0], [1]], "truncate_after": -1}]
    assert kept([text("a"), text("b")], layout).as_html() == "<p>[[MORE]]</p><p>a</p><p>b</p>"


def test_the_question_is_not_part_of_the_answer() -> None:
    layout = [{"type": "rows", "display": [{"blocks": [1]}]}, {"type": "ask", "blocks": [0]}]
    found = kept([text("question"), text("answer")], layout)
    assert (found.blocks, found.rows) == ((text("answer"),), ({"blocks": [0]},))
    with pytest.raises(BadNpfError) as refused:
        kept([text("question")], [{"type": "ask", "blocks": [4]}])
    assert refused.value.code == 8016


def test_unknown_fields_are_dropped() -> None:
    given = text("a", mood="calm", formatting=[{"start": 0, "end": 1, "type": "bold", "loud": True}])
    assert kept([given]).blocks == (text("a", formatting=[{"start": 0, "end": 1, "type": "bold"}]),)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "media": []},
        {"type": "image"},
        {"type": "video"},
        {"type": "audio", "url": "javascript:x"},
        {"type": "link", "url": "nowhere"},
        {"type": "poll", "client_id": "a", "question": "?", "answers": []},
        text("a", indent_level=8),
        text("a", formatting=[{"start": 0, "end": 1, "type": "color", "hex": "red"}]),
        text("a", formatting=[{"start": 1, "end": 1, "type": "bold"}]),
        text("a", formatting=[{"start": "0", "end": "1", "type": "bold"}]),
        {"text": "a"},
        None,
    ],
)
def test_blocks_that_are_refused(block: object) -> None:
    with pytest.raises(BadNpfError):
        kept([block])
