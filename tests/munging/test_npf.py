"""Blocks as HTML: every character has the formatting that its ranges say, every block its place."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from munging.blocks.text import inline_html
from munging.npf import blocks_html, read_contribution
from tests.strategies import words

TAGS = {"bold": "b", "italic": "i", "strikethrough": "strike", "small": "small", "color": "span", "link": "a"}


class Characters(HTMLParser):
    """Each character of some HTML with the tags around it. Complains about tags that are not nested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, frozenset[str]]] = []
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.handle_data("\n")
            return
        assert tag not in self.opened
        self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.found += [(character, frozenset(self.opened)) for character in data]


def characters(html: str) -> list[tuple[str, frozenset[str]]]:
    parser = Characters()
    parser.feed(html)
    parser.close()
    assert not parser.opened
    return parser.found


ranges = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(TAGS)), "start": st.integers(-2, 12), "end": st.integers(-2, 14)}
)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12),
    st.lists(ranges, max_size=6),
)
def test_each_character_has_the_formatting_of_its_ranges(
    text: str, formatting: list[dict[str, object]]
) -> None:
    found = characters(inline_html({"text": text, "formatting": formatting}))
    expected = [
        (
            character,
            frozenset(
                TAGS[str(entry["type"])]
                for entry in formatting
                if int(str(entry["start"])) <= place < int(str(entry["end"]))
            ),
        )
        for place, character in enumerate(text)
    ]
    assert found == expected


def text(words: str, subtype: str = "", indent: int = 0) -> dict[str, object]:
    return {"type": "text", "text": words, "subtype": subtype, "indent_level": indent}


ITEM, NUMBER, QUOTE = "unordered-list-item", "ordered-list-item", "indented"


@pytest.mark.parametrize(
    ("blocks", "html"),
    [
        ([], ""),
        ([text("a"), text("b")], "<p>a</p><p>b</p>"),
        ([text("a", ITEM), text("b", ITEM)], "<ul><li>a</li><li>b</li></ul>"),
        ([text("a", ITEM), text("b", NUMBER)], "<ul><li>a</li></ul><ol><li>b</li></ol>"),
        ([text("a", ITEM), text("b", ITEM, 1)], "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        (
            [text("a", NUMBER), text("b", ITEM, 1), text("c", NUMBER)],
            "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>",
        ),
        (
            [text("a", ITEM, 1), text("b", ITEM)],
            "<ul><li><ul><li>a</li></ul></li><li>b</li></ul>",
        ),
        ([text("a", QUOTE), text("b", QUOTE)], "<blockquote><p>a</p><p>b</p></blockquote>"),
        (
            [text("a", QUOTE), text("b", QUOTE, 1), text("c")],
            "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote><p>c</p>",
        ),
        ([text("a", QUOTE), text("b", ITEM)], "<blockquote><p>a</p></blockquote><ul><li>b</li></ul>"),
        ([text("a", "", 99)], "<blockquote>" * 7 + "<p>a</p>" + "</blockquote>" * 7),
        ([text("a", "", -3)], "<p>a</p>"),
        ([text("a", "quote")], '<p class="npf_quote">a</p>'),
        (
            [{"type": "poll", "question": "q", "answers": [{"answer_text": "<a>"}]}],
            "<p>q</p><ul><li>&lt;a&gt;</li></ul>",
        ),
        ([{"type": "video"}, {"type": 7}, {}], ""),
    ],
)
def test_blocks_stand_in_their_lists_and_quotations(blocks: list[dict[str, object]], html: str) -> None:
    assert blocks_html(blocks) == html


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(text, words(2), st.sampled_from(("", ITEM, NUMBER, QUOTE, "heading1")), st.integers(0, 7)),
        max_size=6,
    )
)
def test_lists_and_quotations_are_closed(blocks: list[dict[str, object]]) -> None:
    html = blocks_html(blocks)
    for tag in ("ul", "ol", "li", "blockquote", "p", "h1"):
        assert html.count(f"<{tag}>") == html.count(f"</{tag}>")


@pytest.mark.parametrize(
    ("layout", "order"),
    [
        ([], "abc"),
        ([{"type": "rows", "display": [{"blocks": [2]}, {"blocks": [0, 1]}]}], "cab"),
        ([{"type": "rows", "rows": [[1], [0], [2]]}], "bac"),
        ([{"type": "rows", "display": [{"blocks": [1]}, {"blocks": [1]}]}], "bac"),
        ([{"type": "rows", "display": "x", "rows": 7}], "abc"),
        ([{"type": "rows", "display": [{"blocks": [9, -1, True, "0", None]}]}], "abc"),
        ([7, None, "rows"], "abc"),
    ],
)
def test_rows_give_the_order(layout: list[object], order: str) -> None:
    item = {"content": [text("a"), text("b"), text("c")], "layout": layout}
    assert "".join(str(block["text"]) for block in read_contribution(item).blocks) == order


def test_an_ask_takes_its_blocks_out_of_the_rows() -> None:
    ask = {"type": "ask", "blocks": [1, 0, 9], "attribution": {"url": "https://bob.tumblr.com"}}
    found = read_contribution({"content": [text("a"), text("b"), text("c")], "layout": [ask]})
    assert [block["text"] for block in found.blocks] == ["c"]
    assert found.ask is not None
    assert (found.ask.asker, [block["text"] for block in found.ask.blocks]) == ("bob", ["b", "a"])


def test_many_ranges_cost_time_in_proportion() -> None:
    block = {
        "text": "a" * 20_000,
        "formatting": [{"type": "bold", "start": n, "end": 20_000} for n in range(20_000)],
    }
    assert inline_html(block) == f"<b>{'a' * 20_000}</b>"
