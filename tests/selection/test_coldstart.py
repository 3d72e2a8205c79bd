from __future__ import annotations

import pytest

from selection.coldstart import delta_of, score_of
from selection.settings import SelectionConfig

ALL = SelectionConfig(fiction_delta=0.2, review_delta=0.1, image_delta=0.05)


@pytest.mark.parametrize(
    ("text", "delta"),
    [
        ("plain words职#tag<|endoftext|>", 0.0),
        ("once upon a time职#original fiction<|endoftext|>", 0.2),
        ("#original fiction in the body职<|endoftext|>", 0.2),
        ("original fiction without the mark职<|endoftext|>", 0.0),
        ("Title: <b>A</b>\nAuthor: <b>B</b>\n\nwords职<|endoftext|>", 0.1),
        ("Author: B职<|endoftext|>", 0.0),
        ("look:\n\n=======\nWORDS\n=======\n职<|endoftext|>", 0.05),
        ("a row ======= inside a line职<|endoftext|>", 0.0),
        ("========\neight of them\n========\n职<|endoftext|>", 0.0),
        ("Author: <b>B</b>\n=======\nX\n=======\n职#original fiction<|endoftext|>", 0.35),
        ("", 0.0),
    ],
)
def test_which_deltas_apply(text: str, delta: float) -> None:
    assert delta_of(text, ALL) == pytest.approx(delta)


@pytest.mark.parametrize(
    ("text", "delta"),
    [
        ("so it goes职#quotes #books<|endoftext|>", -0.3),
        ("=======\nThis image was removed\nfor violating our Guidelines\n=======\n职", -0.25),
        ("=======\nremoved\n=======\nthe guidelines", 0.0),
        ("the image was removed, say the guidelines职", 0.0),
        ("two\n=======\nA\n=======\n\n=======\nguidelines: removed\n=======\n职#quotes", -0.55),
    ],
)
def test_what_was_held_against_a_text_later(text: str, delta: float) -> None:
    assert delta_of(text, SelectionConfig(quotes_delta=-0.3, guidelines_delta=-0.25)) == pytest.approx(delta)


ROW = "======="


@pytest.mark.parametrize(
    ("text", "delta"),
    [
        (f"look:\n\n{ROW}\n{ROW}\na sign with text on it\n职", -0.6),
        (f"{ROW}\n{ROW}\n{ROW}\na poster that says something\n{ROW}\n职", -0.6),
        (f"{ROW}\n \n{ROW}\n{ROW}\nA screenshot. It READS like a joke.\n{ROW}\n职", -0.6),
        (f"{ROW}\nBEWARE OF THE GOOSE\n{ROW}\n{ROW}\na sign with text on it\n{ROW}\n职", 0.0),
        (f"{ROW}\n{ROW}\na goose on a pond\n职", 0.0),
        (f"{ROW}\n{ROW}\n{ROW}\na goose in a context\n{ROW}\n职", 0.0),
        (f"{ROW}\nBEWARE\n{ROW}\nthe text goes on\n职", 0.0),
        ("a sign with text on it职", 0.0),
        (f"{ROW}\nA\n{ROW}\n\n{ROW}\n{ROW}\na page of writing\n职#quotes", -0.9),
    ],
)
def test_an_image_without_the_text_that_its_caption_tells_of(text: str, delta: float) -> None:
    assert delta_of(text, SelectionConfig(quotes_delta=-0.3, pseudo_text_delta=-0.6)) == pytest.approx(delta)


def test_only_fiction_is_helped_by_default() -> None:
    everything = "Author: <b>B</b>\n=======\nX\n=======\n职#original fiction<|endoftext|>"
    assert delta_of(everything, SelectionConfig()) == pytest.approx(0.2)


def test_a_score_may_leave_the_unit_interval() -> None:
    text = "once职#original fiction<|endoftext|>"
    assert score_of(text, 0.9, SelectionConfig()) == pytest.approx(1.1)
    assert score_of(text, 0.1, SelectionConfig(fiction_delta=-0.3)) == pytest.approx(-0.2)
