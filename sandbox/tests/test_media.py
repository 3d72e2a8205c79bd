"""Uploaded files: what they are, their sizes, where they are served."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conformance.conftest import png
from tumblr_sandbox import media
from tumblr_sandbox.errors import BadMediaError
from tumblr_sandbox.media import MEDIA_HOME, Medium, Upload
from tumblr_sandbox.media_files import Thumbnails
from tumblr_sandbox.services import uploads
from tumblr_sandbox.store import media as stored
from tumblr_sandbox.world import World

KEY = "0" * 32 + ":" + "1" * 16 + "-22"


def picture(kind: str, mode: str, size: tuple[int, int] = (300, 200)) -> bytes:
    saved = io.BytesIO()
    Image.new(mode, size).save(saved, kind)
    return saved.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "wanted"),
    [
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("GIF", "P", "image/gif"),
        ("WEBP", "RGB", "image/webp"),
    ],
)
def test_pictures_of_each_kind_in_every_size(kind: str, mode: str, wanted: str) -> None:
    upload = media.read_image(picture(kind, mode))
    assert (upload.medium.type, upload.medium.width, upload.medium.height) == (wanted, 300, 200)
    for square, size in ((False, (100, 67)), (True, (75, 75))):
        with Image.open(io.BytesIO(media.resized(upload.data, *size, square=square))) as image:
            assert (image.format, image.size) == (kind, size)


@pytest.mark.parametrize("data", [b"", b"text", png(9, 9)[:40], picture("BMP", "RGB"), b"GIF89a"])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(BadMediaError):
        media.read_image(data)


def test_more_pixels_than_are_unpacked() -> None:
    with pytest.raises(BadMediaError, match="too many pixels"):
        media.read_image(picture("PNG", "1", (8000, 8000)))


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"ID3\4", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (png(2, 2), "image/png"),
    ],
)
def test_files_are_known_by_their_bytes(data: bytes, wanted: str) -> None:
    assert media.read_recording_or_image(data).medium.type == wanted


@given(width=st.integers(1, 4000), height=st.integers(1, 4000))
def test_no_size_is_larger_than_the_picture(width: int, height: int) -> None:
    sizes = Medium(KEY, "image/png", width, height).sizes()
    assert (sizes[0].width, sizes[0].height) == (width, height)
    assert all(size.width <= width and size.height >= 1 for size in sizes)
    assert len({size.url for size in sizes}) == len(sizes)
    assert [size.width for size in sizes] == sorted((size.width for size in sizes), reverse=True)


def test_addresses_as_they_are_stored_and_served() -> None:
    url = Medium(KEY, "image/png", 10, 10).url
    served = media.to_served(f'<img src="{url}">', "http://127.0.0.1:1")
    assert served.startswith('<img src="http://127.0.0.1:1/64.media.tumblr.com/0000')
    assert media.to_stored(served.replace("127.0.0.1:1", "localhost:2")) == f'<img src="{url}">'
    assert (media.key_in(url), media.key_in("https://example.com/a.png")) == (KEY, None)
    assert url.startswith(MEDIA_HOME)


def keep(world: World, upload: Upload) -> None:
    with world.database.write() as connection:
        stored.add(connection, upload)


def test_only_known_sizes_are_served(browser: FlaskClient, world: World) -> None:
    upload = media.read_image(png(600, 400))
    keep(world, upload)
    address = media.to_served(upload.medium.url, "").replace("s600x400", "{}")
    for box, status in (
        ("s600x400", 200),
        ("s540x810", 200),
        ("s75x75_c1", 200),
        ("s640x960", 200),
        ("s541x810", 404),
        ("s75x75", 404),
        ("s100x200_c1", 404),
        ("large", 404),
    ):
        assert browser.get(address.format(box)).status_code == status, box
    unknown = Medium(KEY, "image/png", 9, 9)
    assert browser.get(media.to_served(unknown.url, "")).status_code == 404


def test_a_large_picture_is_unpacked_once_for_all_its_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    large = media.read_image(picture("PNG", "L", (4000, 2100)))
    resized, unpacked = media.resized, []

    def counted(data: bytes, width: int, height: int, *, square: bool = False) -> bytes:
        unpacked.append(data is large.data)
        return resized(data, width, height, square=square)

    monkeypatch.setattr(media, "resized", counted)
    thumbnails = Thumbnails(2**20)
    for width in (540, 100, 1280, 250):
        with Image.open(io.BytesIO(thumbnails.get(large, width, square=False))) as made:
            assert made.size == (width, round(2100 * width / 4000))
    with Image.open(io.BytesIO(thumbnails.get(large, 75, square=True))) as made:
        assert made.size == (75, 75)
    assert unpacked.count(True) == 1


def test_films_are_served_in_part(browser: FlaskClient, world: World) -> None:
    upload = media.read_medium(b"\0\0\0\x18ftypmp42" + b"0123456789")
    keep(world, upload)
    part = browser.get(media.to_served(upload.medium.url, ""), headers={"Range": "bytes=12-15"})
    assert (part.status_code, part.data, part.content_type) == (206, b"0123", "video/mp4")


class _Neighbour(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/picture")
            self.end_headers()
            return
        self.send_response(200 if self.path == "/picture" else 404)
        self.end_headers()
        self.wfile.write(png(20, 10) if self.path == "/picture" else b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def neighbour() -> Iterator[str]:
    """The address of another server on this machine."""
    with HTTPServer(("127.0.0.1", 0), _Neighbour) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_picture_is_fetched_from_this_machine(neighbour: str) -> None:
    fetched = uploads.named(f"{neighbour}/picture")
    assert isinstance(fetched, Upload)
    assert (fetched.medium.width, fetched.medium.height) == (20, 10)


@pytest.mark.parametrize("path", ["/missing", "/elsewhere"])
def test_what_cannot_be_fetched(neighbour: str, path: str) -> None:
    with pytest.raises(BadMediaError):
        uploads.named(neighbour + path)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.png",
        "https://127.0.0.1/a.png",
        "ftp://127.0.0.1/a.png",
        "file:///etc/passwd",
        "http://127.0.0.1.example.com/",
        "http://169.254.169.254/",
        "",
    ],
)
def test_nothing_else_is_reached(url: str) -> None:
    with pytest.raises(BadMediaError, match="this machine only"):
        uploads.named(url)
