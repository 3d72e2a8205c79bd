"""Disguised letters, each undone; and that this is no surprise to those who write in other scripts."""

from __future__ import annotations

import unicodedata

import pytest

from tumblr.screening.lookalikes import LOOKALIKES, by_shape, readings, undisguised, visible
from tumblr.screening.word_lists import findings
from tumblr.settings import ScreeningConfig
from tumblr.turns.planned_post import ScreenedText

LISTS = ScreeningConfig(bad_strings=("zorpful", "blivet", "hemny"), bad_strings_shortwords=("nup",))


def letter(name: str) -> str:
    """The character that Unicode calls so."""
    return unicodedata.lookup(name)


DISGUISES = {
    "cherokee": letter("CHEROKEE LETTER NO") + "orpful",
    "lisu": "z" + letter("LISU LETTER O") + letter("LISU LETTER ZHA") + "pful",
    "canadian syllabics": "zor" + letter("CANADIAN SYLLABICS KI") + "ful",
    "coptic": "z" + letter("COPTIC SMALL LETTER O") + "rpful",
    "old italic": "zorpfu" + letter("OLD ITALIC LETTER I"),
    "deseret": "z" + letter("DESERET SMALL LETTER LONG O") + "rpful",
    "bengali zero": "z" + letter("BENGALI DIGIT ZERO") + "rpful",
    "multiplied": "z\u00d8rpful",
    "squared": letter("NEGATIVE SQUARED LATIN CAPITAL LETTER B") + "livet",
    "circled": letter("NEGATIVE CIRCLED LATIN CAPITAL LETTER B") + "livet",
    "flags": letter("REGIONAL INDICATOR SYMBOL LETTER Z") + "orpful",
    "greek capitals": "\u0397\u0395\u039c\u039d\u03a5",
    "greek capitals, small": "\u0397em\u039dy",
    "small nu as v": "bli\u03bdet",
    "capital nu as n": "a \u039d\u03a5\u03a1".replace("\u03a5", "U"),
    "capital i as l": "bIivet",
    "several at once": letter("CHEROKEE LETTER NO") + "0" + "\u200b" + "r\u0301pfu|",
}


@pytest.mark.parametrize("text", DISGUISES.values(), ids=DISGUISES)
def test_a_disguise_is_seen_through(text: str) -> None:
    assert findings(ScreenedText("ann", "", f"it is {text}, is it not", ()), LISTS)


@pytest.mark.parametrize(
    "text",
    [
        "\u043f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?",
        "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03c3\u03b1\u03c2",
        "\u4f60\u597d",
        "I like It. Ideally I'd say 3 \u00d7 4 = 12",
        "\U0001f600 \U0001f1eb\U0001f1f7",
    ],
)
def test_innocent_texts_of_all_scripts_pass(text: str) -> None:
    assert findings(ScreenedText("ann", "", text, ()), LISTS) == []


def test_every_look_alike_can_be_met_and_stands_for_one_small_letter() -> None:
    for code, plain in LOOKALIKES.items():
        sign = chr(code)
        assert undisguised(visible(sign)) == plain, hex(code)
        assert undisguised(sign).isascii()
        assert undisguised(sign).islower()


def test_shape_touches_nothing_but_capitals_that_look_like_other_letters() -> None:
    assert by_shape("Soup IS good, I think") == "Soup IS good, I think"
    assert by_shape("fIag \u0397") == "flag h"


def test_the_plain_reading_is_as_it_was_written() -> None:
    assert readings(visible("\u039d\u03b1\u03b9"))[0] == "\u03bd\u03b1\u03b9"
