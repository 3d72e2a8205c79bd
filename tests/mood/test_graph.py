from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from matplotlib.image import imread

from mood.caption import KickLine, mood_caption
from mood.graph import (
    MOST_MARKS,
    Trial,
    caption_of_axis,
    draw_mood,
    draw_trials,
    graph_name,
    time_marks,
    trial_label,
    trial_style,
)
from mood.series import Series, Stretch, mood_series
from mood.settings import DatedNote
from mood.system import MoodInput, MoodSystem

PACIFIC = ZoneInfo("US/Pacific")
END = datetime(2021, 2, 7, 15, 30, tzinfo=PACIFIC)


def series(days: float = 1.0, score: float = 3.0) -> Series:
    stretch = Stretch(END - timedelta(days=days), END, PACIFIC, 600)
    inputs = [MoodInput(END - timedelta(hours=h), score) for h in range(1, 20)]
    return mood_series(inputs, stretch, MoodSystem())


def pixels(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(imread(io.BytesIO(png)), dtype=np.float32)


def has_colour(image: np.ndarray[tuple[int, ...], np.dtype[np.float32]], colour: str) -> bool:
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return bool((np.abs(image[..., :3] - wanted).max(axis=-1) < 0.01).any())


def test_the_graph_shows_the_levels_and_the_mood() -> None:
    image = pixels(draw_mood(series(), PACIFIC))
    height, width, _ = image.shape
    assert 500 < height < 800
    assert 600 < width < 1000
    for colour in ("#000080", "#8888FF", "#FF6666", "#800000", "#000000"):
        assert has_colour(image, colour)
    assert (image[0, 0, :3] == 1).all()  # opaque white, for light and dark pages alike
    assert image.shape[2] == 3 or (image[..., 3] == 1).all()


def test_a_mood_beyond_the_levels_stays_in_the_picture() -> None:
    image = pixels(draw_mood(series(score=60.0), PACIFIC))
    assert has_colour(image[:, : image.shape[1] // 2], "#000000")


def test_a_note_that_applies_stands_below() -> None:
    note = DatedNote(text="The scale changed.", since=END - timedelta(days=1), until=END + timedelta(days=1))
    over = DatedNote(text="The scale changed.", since=END - timedelta(days=9), until=END - timedelta(days=8))
    plain, noted, later = (pixels(draw_mood(series(), PACIFIC, notes)) for notes in ([], [note], [over]))
    assert noted.shape[0] > plain.shape[0] == later.shape[0]


def test_a_note_has_its_time() -> None:
    note = DatedNote(text="changed", since=END, until=END + timedelta(days=8))
    days = (-1, 0, 7, 8)
    assert [note.applies(END + timedelta(days=d)) for d in days] == [False, True, True, False]


def test_a_comparison_shows_every_curve() -> None:
    actual, other = series(3), series(3, score=-3.0)
    trials = [Trial("centre 1", other), Trial("scale 0.2x", other, "--")]
    image = pixels(draw_trials(actual, trials, PACIFIC, milestones=[END - timedelta(days=1)]))
    assert image.shape[0] > 400


@pytest.mark.parametrize(
    ("centre", "scale", "label", "style"),
    [
        (0.5, None, "centre 0.5", "-"),
        (None, 0.2, "scale 0.2x", "--"),
        (-1.0, 0.05, "centre -1, scale 0.05x", "-."),
    ],
)
def test_trials_are_told_apart(centre: float | None, scale: float | None, label: str, style: str) -> None:
    assert (trial_label(centre, scale), trial_style(centre, scale)) == (label, style)


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [(1, "4 PM", "2 PM"), (2, "4 PM", "12 PM"), (5, "Feb 3", "Feb 7"), (90, "Nov 10", "Feb 2")],
)
def test_marks_of_the_time_axis(days: float, first: str, last: str) -> None:
    marks = time_marks(END - timedelta(days=days), END, PACIFIC)
    assert (marks[0][1], marks[-1][1]) == (first, last)
    assert len(marks) <= MOST_MARKS
    assert all(END.timestamp() - days * 86_400 <= moment <= END.timestamp() for moment, _ in marks)


def test_marks_are_local_hours_even_where_the_zone_is_off_by_half_an_hour() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    start = datetime(2021, 2, 7, 12, 10, tzinfo=UTC)
    for moment, text in time_marks(start, start + timedelta(hours=6), zone):
        local = datetime.fromtimestamp(moment, zone)
        assert local.minute == 0
        assert text == local.strftime("%-I %p")


@pytest.mark.parametrize(
    ("start", "end", "caption"),
    [
        ("2021-02-06 15:30", "2021-02-07 15:30", "Feb 6 to Feb 7, 2021 (PST)"),
        ("2021-07-07 01:00", "2021-07-07 23:00", "Jul 7, 2021 (PDT)"),
        ("2020-12-31 08:00", "2021-01-01 08:00", "Dec 31, 2020 to Jan 1, 2021 (PST)"),
    ],
)
def test_the_axis_says_which_days_and_whose_time(start: str, end: str, caption: str) -> None:
    first, last = (datetime.fromisoformat(moment).replace(tzinfo=PACIFIC) for moment in (start, end))
    assert caption_of_axis(first, last) == caption


def test_the_present_is_marked_where_the_curve_ends() -> None:
    image = pixels(draw_mood(series(), PACIFIC))
    dark = np.asarray((image[..., :3] < 0.1).all(axis=-1))
    frame = max(np.flatnonzero(dark.sum(axis=0) > image.shape[0] / 2))  # the frame's right side
    assert dark[:, frame + 4].sum() > 5  # half of the dot lies beyond it


def test_a_graph_is_named_by_its_time() -> None:
    assert graph_name(END) == "2021-02-07-15-30-00.png"


def test_the_caption_says_what_readers_should_know() -> None:
    text = mood_caption(1, "some-one")
    assert '<a class="tumblelog" href="https://some-one.tumblr.com/">@some-one</a>' in text
    for part in ("over the last day", "midnight", "!mood", "tone"):
        assert part in text
    assert "<ul>" not in text
    assert "over the last 3 days" in mood_caption(3, "x")


def test_the_caption_lists_the_strongest_kicks() -> None:
    kick = KickLine(2.345, 'a"<b>', "https://bot.tumblr.com/post/1?a&b")
    text = mood_caption(1, "x", raised=[kick])
    assert "<li>+2.35: " in text or "<li>+2.34: " in text
    assert "<b>" not in text.replace("<b>!mood</b>", "")
    assert "?a&amp;b" in text
    assert "too much" in text
    assert text.count("<ul>") == 1
    assert mood_caption(1, "x", raised=[kick], lowered=[KickLine(-1, "y", "z")]).count("<ul>") == 2


def test_who_does_not_say_who_they_are_is_not_mentioned() -> None:
    html = mood_caption(1, "")
    assert "Posted because somebody asked." in html
    assert "<a " not in html
