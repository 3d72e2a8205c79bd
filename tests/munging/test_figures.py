"""Image blocks in a post's HTML become figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from munging.control import IMAGE_DELIMITER
from munging.figures import Block, Figure, blocks_to_draw, has_blocks, with_figures
from munging.tumblr_html import to_html
from tests.strategies import IDENTITY

FIGURE = Figure("https://64.media.tumblr.com/a/b/c.png", 640, 73, 'said "<b>" & more\nthere')


def post(*parts: str) -> str:
    """A text in which a list's second part and every other one is an image block."""
    pieces = [
        f"\n{IMAGE_DELIMITER}\n{part}\n{IMAGE_DELIMITER}\n" if number % 2 else part
        for number, part in enumerate(parts)
    ]
    return to_html("".join(pieces), IDENTITY)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("no image",), []),
        (("before", "drawn", "after"), ["drawn"]),
        (("", "alone"), ["alone"]),
        (("a", "one\ntwo", "b", "three", ""), ["one\ntwo", "three"]),
        (("a", "<b>bold</b> & x < y", "b"), ["bold & x < y"]),
        (("a", "", "b"), [""]),
    ],
)
def test_the_words_of_blocks(parts: tuple[str, ...], words: list[str]) -> None:
    assert [block.words for block in blocks_to_draw(post(*parts))] == words


def test_a_second_block_right_behind_the_first_describes_the_image() -> None:
    row = f"\n{IMAGE_DELIMITER}\n"
    made = to_html(f"look{row}NO{row.rstrip()}{row}a cat in a hat{row}bye", IDENTITY)
    assert blocks_to_draw(made) == [Block("NO", "a cat in a hat")]
    assert with_figures(made, [FIGURE]).count("<figure") == 1
    assert not has_blocks(with_figures(made, [FIGURE]))


def test_a_figure_has_the_size_and_the_description() -> None:
    made = with_figures(post("before", "drawn", "after"), [FIGURE])
    assert made == (
        "<p>before</p>"
        '<figure data-orig-height="73" data-orig-width="640">'
        '<img src="https://64.media.tumblr.com/a/b/c.png" data-orig-height="73" data-orig-width="640" '
        'alt="said &quot;‹b›&quot; &amp; more there"/></figure>'
        "<p>after</p>"
    )


def test_a_block_without_a_figure_vanishes_and_a_lone_row_stays() -> None:
    assert not has_blocks(with_figures(post("a", "", "b", "x", ""), [None, FIGURE]))
    lone = to_html(f"a\n{IMAGE_DELIMITER}\nb", IDENTITY)
    assert blocks_to_draw(lone) == []
    assert with_figures(lone, []) == lone
    assert has_blocks(lone)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_what_stands_outside_of_blocks_stays_as_it_is(parts: list[str]) -> None:
    markup = post(*parts)
    drawn = blocks_to_draw(markup)
    assert with_figures(markup, [FIGURE] * len(drawn)).count("<figure") == len(drawn)
    if not drawn:
        assert with_figures(markup, []) == markup
