"""Addresses to texts: in the background, once for each picture, and whatever fails costs one image."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from images.cache import ImageCache
from images.errors import AddressRefusedError, FetchError, ImageError
from images.fetcher import Fetcher, FetchLimits
from images.pool import WorkerPool
from images.reader import ImageReader, ImageTexts
from images.settings import ImagesConfig
from tests.images.test_pool import STUB

CONFIG = ImagesConfig(image_seconds=60)


class Shelf(Fetcher):
    """Files by address instead of a network."""

    def __init__(self, files: Mapping[str, bytes | ImageError]) -> None:
        super().__init__(FetchLimits(100, 1))
        self.files = dict(files)
        self.fetched: list[str] = []

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        found = self.files[url]
        if isinstance(found, ImageError):
            raise found
        return found


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(
        {
            "same": b"picture",
            "twin": b"picture",
            "refused": b"refuse",
            "dies": b"die",
            "inside": AddressRefusedError("no"),
            "away": FetchError("its server answers 503", is_permanent=False),
        }
    )


@pytest.fixture
def reader(shelf: Shelf, tmp_path: Path) -> Iterator[ImageReader]:
    cache = ImageCache(tmp_path / "images.sqlite", 10)
    made = ImageReader(CONFIG, cache, shelf, WorkerPool(CONFIG, command=STUB))
    yield made
    made.close()


def test_asking_does_not_wait_and_later_the_text_is_there(reader: ImageReader) -> None:
    assert reader.texts_of(["same"]).pending == {"same"}
    assert reader.read_all(["same"]) == {"same": "hello"}
    assert reader.texts_of(["same"]) == ImageTexts({"same": "hello"})


def test_a_picture_is_fetched_once_for_each_address(reader: ImageReader, shelf: Shelf) -> None:
    for _ in range(3):
        assert reader.read_all(["same", "twin", "same"]) == {"same": "hello", "twin": "hello"}
    assert sorted(shelf.fetched) == ["same", "twin"]


@pytest.mark.parametrize("url", ["refused", "dies", "inside", "away", "missing"])
def test_what_fails_has_no_text_and_the_others_do(reader: ImageReader, url: str) -> None:
    assert reader.read_all([url, "same"]) == {"same": "hello"}
    assert reader.texts_of([url, "same"]) == ImageTexts({"same": "hello"})


def test_what_was_read_survives_a_restart(reader: ImageReader, shelf: Shelf, tmp_path: Path) -> None:
    reader.read_all(["same"])
    reader.close()
    nothing = Shelf({})
    again = ImageReader(
        CONFIG,
        ImageCache(tmp_path / "images.sqlite", 10),
        nothing,
        WorkerPool(CONFIG, command=(sys.executable, "-c", "")),
    )
    assert again.texts_of(["same"]) == ImageTexts({"same": "hello"})
    again.close()
    assert nothing.fetched == []
