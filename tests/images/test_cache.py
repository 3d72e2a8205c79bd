"""What is remembered of images, for how long, and what is tried again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot_sqlite import INCREMENTAL
from images.cache import FIRST_PAUSE, MAX_ATTEMPTS, ImageCache, Known
from images.errors import FetchError, PictureError
from images.lines import Frame, Line

DAY = 86400.0
FRAMES = (Frame(10, 20, (Line("hello", 0.5, ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))),)),)
PASSING = FetchError("its server answers 503", is_permanent=False)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> Iterator[ImageCache]:
    made = ImageCache(tmp_path / "images.sqlite", days=10, clock=clock)
    yield made
    made.close()


def test_a_content_is_known_under_all_its_addresses_and_after_a_restart(
    tmp_path: Path, cache: ImageCache
) -> None:
    assert cache.of_address("a", "ocr") is None
    cache.keep_frames("hash", "ocr", FRAMES)
    for url in ("a", "b"):
        cache.keep_address(url, "hash")
    again = ImageCache(tmp_path / "images.sqlite", days=10, clock=Clock())
    assert [again.of_address(url, "ocr") for url in ("a", "b")] == [Known(FRAMES)] * 2
    again.close()


def test_who_reads_does_not_wait_for_whoever_writes(tmp_path: Path, cache: ImageCache) -> None:
    cache.keep_frames("hash", "ocr", FRAMES)
    cache.keep_address("a", "hash")
    with closing(sqlite3.connect(tmp_path / "images.sqlite", isolation_level=None)) as holder:
        assert holder.execute("PRAGMA auto_vacuum").fetchone() == (INCREMENTAL,)
        holder.execute("BEGIN IMMEDIATE")
        again = ImageCache(tmp_path / "images.sqlite", days=10, clock=Clock())
        assert again.of_address("a", "ocr") == Known(FRAMES)
        again.close()


def test_another_recogniser_reads_anew(cache: ImageCache) -> None:
    cache.keep_frames("hash", "ocr-1", FRAMES)
    cache.keep_address("a", "hash")
    assert cache.of_address("a", "ocr-2") is None


def test_what_is_too_old_is_read_again_and_removed(cache: ImageCache, clock: Clock) -> None:
    cache.keep_frames("hash", "ocr", FRAMES)
    cache.keep_address("a", "hash")
    clock.now += 10 * DAY + 1
    assert cache.of_address("a", "ocr") is None
    assert cache.forget_old() == 2
    assert cache.forget_old() == 0


def test_a_passing_failure_is_tried_again_after_a_growing_pause(cache: ImageCache, clock: Clock) -> None:
    pause = FIRST_PAUSE
    for _ in range(MAX_ATTEMPTS - 1):
        cache.keep_address_failure("a", PASSING)
        assert cache.of_address("a", "ocr") == Known(None, PASSING.reason)
        clock.now += pause - 1
        assert cache.of_address("a", "ocr") is not None
        clock.now += 1
        assert cache.of_address("a", "ocr") is None
        pause *= 2
    cache.keep_address_failure("a", PASSING)
    clock.now += 9 * DAY
    assert cache.of_address("a", "ocr") == Known(None, PASSING.reason)


def test_a_permanent_failure_is_not_tried_again(cache: ImageCache, clock: Clock) -> None:
    cache.keep_content_failure("hash", "ocr", PictureError("not a picture"))
    cache.keep_address("a", "hash")
    clock.now += 9 * DAY
    assert cache.of_address("a", "ocr") == Known(None, "not a picture")


def test_a_success_forgets_the_failures_before_it(cache: ImageCache, clock: Clock) -> None:
    cache.keep_address_failure("a", PASSING)
    clock.now += FIRST_PAUSE
    cache.keep_frames("hash", "ocr", FRAMES)
    cache.keep_address("a", "hash")
    assert cache.of_address("a", "ocr") == Known(FRAMES)
    cache.keep_address_failure("a", PASSING)
    clock.now += FIRST_PAUSE
    assert cache.of_address("a", "ocr") is None
