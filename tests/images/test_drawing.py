"""Text as pictures: fonts, emoji, direction, wrapping and limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from images.drawing import Artist
from images.drawing.clusters import clusters
from images.drawing.fonts import CJK, EMOJI, TEXT, FontSet, can_shape
from images.drawing.layout import lay_out
from images.errors import DrawingError
from images.settings import ImagesConfig

CONFIG = ImagesConfig()
needs_raqm = pytest.mark.skipif(not can_shape(), reason="Pillow finds no FriBiDi on this machine")


@pytest.fixture(scope="module", params=[True, False], ids=["raqm", "basic"])
def artist(request: pytest.FixtureRequest) -> Artist:
    if request.param and not can_shape():
        pytest.skip("Pillow finds no FriBiDi on this machine")
    return Artist.of(CONFIG, shapes=request.param)


def ink(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(image.convert("L")) < 128


def colours(image: Image.Image) -> int:
    """Pixels that are neither black, white nor grey."""
    values = np.asarray(image.convert("RGB")).astype(int)
    return int((np.ptp(values, axis=2) > 40).sum())


def test_text_is_black_on_white_with_an_empty_border(artist: Artist) -> None:
    image = artist.draw("hello")
    assert image.mode == "RGB"
    rows, columns = np.nonzero(ink(image))
    border = CONFIG.font_pixels // 3
    assert rows.min() > border
    assert columns.min() > border
    assert image.height - rows.max() > border
    assert image.width - columns.max() > border


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300,
        "word " * 200,
        "天" * 200,
        "supercalifragilistic " * 20,
        "👩🏽‍🚀" * 60,
        "שלום עולם " * 30,
        "مرحبا " * 50,
    ],
)
def test_no_ink_leaves_the_picture(artist: Artist, text: str) -> None:
    image = artist.draw(text)
    assert image.width <= CONFIG.max_width
    edges = np.asarray(image.convert("L"))
    assert edges[:, :4].min() == edges[:, -4:].min() == edges[:4].min() == edges[-4:].min() == 255


@needs_raqm
@pytest.mark.parametrize("emoji", ["👩🏽‍🚀", "🇺🇸", "1️⃣", "🏴‍☠️", "❤️‍🔥", "👍🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "😀"])
def test_an_emoji_is_one_coloured_picture_whatever_it_is_made_of(emoji: str) -> None:
    artist = Artist.of(CONFIG)
    (line,) = lay_out(emoji, artist.fonts, 600, max_characters=100, max_lines=5)
    assert [run.face for run in line.runs] == [EMOJI]
    assert line.width == pytest.approx(FontSet(24, shapes=True).width("😀", EMOJI, "ltr"), abs=2)
    assert ink(artist.draw(emoji)).any()


def test_signs_are_text_unless_they_are_styled_as_emoji(artist: Artist) -> None:
    assert colours(artist.draw("© ❤ 1 # a")) == 0
    assert colours(artist.draw("❤️")) > 50


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ab", ["a", "b"]),
        ("e\u0301x", ["e\u0301", "x"]),
        ("a\u200db", ["a", "b"]),
        ("\u200d", []),
        ("👩\u200d", ["👩"]),
        ("👩🏽‍🚀👩", ["👩🏽‍🚀", "👩"]),
        ("🇺🇸🇩", ["🇺🇸", "🇩"]),
        ("a\ufe0fb", ["a", "b"]),
        ("a\u202eb\u2066c", ["a", "b", "c"]),
        ("x\x00\x1b[31m", ["x", "[", "3", "1", "m"]),
    ],
)
def test_what_is_drawn_as_one(text: str, parts: list[str]) -> None:
    fonts = FontSet(24, shapes=False)
    assert [one.text for one in clusters(text, fonts.has_emoji)] == parts


def order(text: str) -> list[str]:
    fonts = FontSet(24, shapes=can_shape())
    (line,) = lay_out(text, fonts, 5000, max_characters=500, max_lines=5)
    return [run.text.strip() for run in line.runs if run.text.strip()]


def test_right_to_left_text_stands_in_the_right_order() -> None:
    """The expected order is that of the Unicode bidirectional algorithm, from left to right."""
    assert order("abc שלום def") == ["abc", "שלום", "def"]
    assert order("שלום abc עולם") == ["עולם", "abc", "שלום"]
    assert order("מחיר 123 שקל") == ["שקל", "123", "מחיר"]
    assert order("سعر 45 دولار")[1] == "45"


def test_right_to_left_paragraphs_stand_at_the_right() -> None:
    image = Artist.of(CONFIG).draw("a long line of words, to make the picture wide\nשלום")
    below = ink(image)[image.height // 2 :]
    _, columns = np.nonzero(below)
    assert columns.min() > image.width / 2


@needs_raqm
def test_arabic_letters_are_joined() -> None:
    fonts = FontSet(24, shapes=True)
    apart = sum(fonts.width(letter, TEXT, "rtl") for letter in "بببب")
    assert fonts.width("بببب", TEXT, "rtl") < 0.8 * apart


@pytest.mark.parametrize(
    ("text", "face"),
    [("Łódź", TEXT), ("Ωμέγα", TEXT), ("Привет", TEXT), ("今日は", CJK), ("한국어", CJK), ("，", CJK)],
)
def test_every_script_has_a_font(text: str, face: str) -> None:
    fonts = FontSet(24, shapes=False)
    for cluster in clusters(text, fonts.has_emoji):
        assert fonts.face_of(cluster) == face
        assert fonts.shown(cluster, face) == cluster.text


def test_what_no_font_has_is_a_sign_and_not_a_failure(artist: Artist) -> None:
    assert ink(artist.draw("\U00012000")).any()


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\u200d", "\x00"])
def test_nothing_is_not_drawn(artist: Artist, text: str) -> None:
    with pytest.raises(DrawingError):
        artist.draw(text)


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "x\n" * 100_000, "e" + "\u0301" * 2000, "word " * 200_000],
    ids=["one word", "lines", "marks", "words"],
)
def test_what_is_too_long_is_cut_before_it_is_measured(text: str) -> None:
    config = ImagesConfig(max_characters=1000, max_lines=30)
    artist = Artist.of(config)
    image = artist.draw(text)
    assert image.width <= config.max_width
    assert image.height <= 32 * 1.5 * config.font_pixels


def test_what_was_cut_ends_with_an_ellipsis() -> None:
    fonts = FontSet(24, shapes=False)
    lines = lay_out("abcdefgh", fonts, 600, max_characters=3, max_lines=5)
    assert [run.text for run in lines[0].runs] == ["abc…"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_drawn_or_refused(text: str) -> None:
    try:
        image = Artist.of(CONFIG).draw(text)
    except DrawingError:
        return
    assert image.width <= CONFIG.max_width
