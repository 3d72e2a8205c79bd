"""Which lines count, in which order they are read, and how frames become one text."""

from __future__ import annotations

import math

import pytest

from images.lines import Frame, Line
from images.reading_order import in_reading_order
from images.rules import Rules, is_kept, text_of_frame, text_of_frames

RULES = Rules(min_confidence=0.95, corner=0.05)


def line(
    text: str,
    left: float = 0.3,
    top: float = 0.3,
    width: float = 0.2,
    height: float = 0.04,
    sure: float = 0.99,
) -> Line:
    right, bottom = left + width, top + height
    return Line(text, sure, ((left, top), (right, top), (right, bottom), (left, bottom)))


def frame(*lines: Line, width: int = 1000, height: int = 1000) -> Frame:
    return Frame(width, height, lines)


@pytest.mark.parametrize(
    ("confidence", "is_there"), [(0.95, True), (0.9499, False), (1.0, True), (0.0, False)]
)
def test_a_line_is_kept_from_the_least_confidence_on(confidence: float, is_there: bool) -> None:
    assert is_kept(line("x", sure=confidence), RULES) is is_there


@pytest.mark.parametrize(
    ("left", "top", "is_there"),
    [
        (0.05, 0.05, False),  # top left
        (0.051, 0.05, True),  # at the top, but not at a side
        (0.05, 0.051, True),  # at a side, but not at the top
        (0.76, 0.02, False),  # top right: the right margin is 0.04
        (0.76, 0.92, False),  # bottom right: the bottom margin is 0.04
        (0.02, 0.93, False),  # bottom left
        (0.4, 0.4, True),
    ],
)
def test_a_line_in_a_corner_is_left_out(left: float, top: float, is_there: bool) -> None:
    assert is_kept(line("x", left, top), RULES) is is_there


def test_a_line_of_unknown_place_is_kept() -> None:
    assert is_kept(Line("x", 0.99), RULES)
    assert text_of_frame(frame(Line("last", 0.99), line("first")), RULES) == "first\nlast"


def test_rows_are_read_from_the_top_and_pieces_of_a_row_from_the_left() -> None:
    found = frame(line("three", 0.1, 0.5), line("two", 0.32, 0.305), line("one", 0.1, 0.3))
    assert text_of_frame(found, RULES) == "one two\nthree"


def test_pieces_that_are_far_apart_are_lines_of_their_own() -> None:
    assert text_of_frame(frame(line("name", 0.1), line("time", 0.7)), RULES) == "name\ntime"


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    left = [line(f"left {number}", 0.06, 0.3 + 0.06 * number, 0.4) for number in range(4)]
    right = [line(f"right {number}", 0.55, 0.3 + 0.06 * number, 0.4) for number in range(4)]
    head = line("head", 0.06, 0.1, 0.8, 0.06)
    found = frame(*(one for pair in zip(left, right, strict=True) for one in pair), head)
    read = [one.text for row in in_reading_order(found) for one in row]
    assert read == [
        "head",
        *(f"left {number}" for number in range(4)),
        *(f"right {number}" for number in range(4)),
    ]


def test_a_table_is_read_by_rows() -> None:
    names = [line(f"name {number}", 0.06, 0.3 + 0.06 * number, 0.1) for number in range(4)]
    values = [line(f"{number}", 0.8, 0.3 + 0.06 * number, 0.05) for number in range(4)]
    read = [one.text for row in in_reading_order(frame(*names, *values)) for one in row]
    assert read == [text for number in range(4) for text in (f"name {number}", f"{number}")]


@pytest.mark.parametrize("degrees", [-5, 5])
def test_a_slanted_page_is_read_along_its_lines(degrees: float) -> None:
    """Two pieces in each of three rows; turned, the end of a row is as high as the beginning of the next."""
    angle = math.radians(degrees)

    def turned(one: Line) -> Line:
        corners = [(x - 0.5, y - 0.5) for x, y in one.corners]
        corners = [
            (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle))
            for x, y in corners
        ]
        return Line(one.text, one.confidence, tuple((x + 0.5, y + 0.5) for x, y in corners))

    rows = [(f"{row} begins", f"{row} ends") for row in range(3)]
    lines = [
        turned(line(text, left, 0.3 + 0.05 * row, 0.36))
        for row, texts in enumerate(rows)
        for text, left in zip(texts, (0.1, 0.5), strict=True)
    ]
    read = [one.text for row in in_reading_order(frame(*lines[::-1])) for one in row]
    assert read == [text for texts in rows for text in texts]


def test_what_frames_say_twice_is_said_once_in_the_order_first_seen() -> None:
    frames = [
        frame(line("a good long sentence")),
        frame(line("another one")),
        frame(line("a good long sentense")),  # the same, read a little differently
        frame(line("Another  one")),
        frame(),
    ]
    assert text_of_frames(frames, RULES) == "a good long sentence\nanother one"


def test_nothing_recognised_is_no_text() -> None:
    assert text_of_frames([], RULES) == ""
    assert text_of_frames([frame(line("unsure", sure=0.3))], RULES) == ""


def test_frames_survive_being_stored() -> None:
    found = frame(
        line("<img src=x onerror=…> 域", 0.25, 0.25, 0.25, 0.25), Line("no place", 0.5), width=3, height=4
    )
    assert Frame.from_json(found.to_json()) == found
