"""Files as frames: which formats are read, how colours come out, what is refused before it is decoded."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from images.errors import PictureError
from images.pictures import PictureLimits, read_frames, spread
from images.tiles import MAX_SIDE, tiles
from tests.images.sentences import TEST
from tests.images.specimens import Specimen, cmyk, page, png, specimens

LIMITS = PictureLimits(max_pixels=2_000_000, max_frames=10)
FORMATS = [one for one in specimens("test") if one.group == "format"]


def ids(one: Specimen) -> str:
    return one.name


@pytest.mark.parametrize("specimen", [one for one in FORMATS if one.kind != "animated"], ids=ids)
def test_every_format_and_form_of_colour_is_dark_text_on_a_light_ground_or_the_reverse(
    specimen: Specimen,
) -> None:
    """The page is the same in all: some view shows it as black on white, upright, or inverted."""
    (frame,) = read_frames(specimen.data, LIMITS)
    expected, _ = page_of_formats()
    size = expected.size
    assert all(view.mode == "RGB" and view.size == size for view in frame.views)
    wanted = np.asarray(expected.convert("L"), dtype=float)
    differences = [np.abs(np.asarray(view.convert("L"), dtype=float) - wanted).mean() for view in frame.views]
    inverted = [
        np.abs(255 - np.asarray(view.convert("L"), dtype=float) - wanted).mean() for view in frame.views
    ]
    is_clear = specimen.kind == "transparency"
    assert min([*differences, *(inverted if is_clear else [])]) < 12


def page_of_formats() -> tuple[Image.Image, str]:
    texts = (TEST["latin"][1], TEST["accents"][0])
    return page([(text, "DejaVuSans.ttf", 22) for text in texts])


def test_what_is_transparent_is_seen_on_white_and_on_black() -> None:
    shape = Image.new("RGBA", (40, 20), (255, 255, 255, 0))
    ImageDraw.Draw(shape).rectangle((5, 5, 15, 15), fill=(255, 255, 255, 255))
    (frame,) = read_frames(png(shape), LIMITS)
    contrasts = [np.ptp(np.asarray(view)) for view in frame.views]
    assert contrasts == [0, 255]


def test_an_opaque_picture_with_an_alpha_channel_is_seen_once() -> None:
    (frame,) = read_frames(png(Image.new("RGBA", (40, 20), "red")), LIMITS)
    assert len(frame.views) == 1


@pytest.mark.parametrize("number", range(3), ids=["adobe", "unmarked", "ycck"])
def test_a_white_page_is_white_however_cmyk_was_written(number: int) -> None:
    _, data = list(cmyk(Image.new("RGB", (64, 32), "white")))[number]
    (frame,) = read_frames(data, LIMITS)
    assert np.asarray(frame.views[0]).min() > 245


def test_an_animation_is_sampled_evenly_over_its_time() -> None:
    frames = [Image.new("RGB", (16, 16), (number * 8, 0, 0)) for number in range(30)]
    data = animation(frames, "GIF", 1000)
    seen = read_frames(data, LIMITS)
    reds = [view.getpixel((0, 0))[0] // 8 for view in (frame.views[0] for frame in seen)]  # type: ignore[index]
    assert reds == [1, 4, 7, 10, 13, 16, 19, 22, 25, 28]


def animation(frames: list[Image.Image], kind: str, milliseconds: int, **options: Any) -> bytes:
    return png(
        frames[0], kind, save_all=True, append_images=frames[1:], duration=milliseconds, loop=0, **options
    )


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("AVIF", {"quality": 95})]
)
def test_frames_that_show_the_same_are_one(kind: str, options: dict[str, Any]) -> None:
    colours = ["white"] * 5 + ["black"] * 5 + ["red"] * 5
    data = animation([Image.new("RGB", (32, 32), colour) for colour in colours], kind, 200, **options)
    assert len(read_frames(data, LIMITS)) == 3


@pytest.mark.parametrize(("count", "wanted"), [(1, 1), (2, 2), (10, 3), (5000, 10), (7, 10)])
def test_an_even_spread(count: int, wanted: int) -> None:
    chosen = spread(count, wanted)
    assert len(chosen) == min(count, wanted)
    assert all(0 <= number < count for number in chosen)
    gaps = {after - before for before, after in pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))


def huge_png() -> bytes:
    header = struct.pack("!IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 200))
        + chunk(b"IEND", b"")
    )


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
FITS = (
    b"SIMPLE  =                    T".ljust(80)
    + b"BITPIX  =                    8".ljust(80)
    + b"END".ljust(2720)
)
PSD = b"8BPS\0\1" + b"\0" * 6 + struct.pack("!HIIHH", 3, 10, 10, 8, 3) + b"\0" * 40
PCX = b"\x0a\x05\x01\x08" + b"\0" * 124
DDS = b"DDS " + struct.pack("<I", 124) + b"\0" * 120
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


@pytest.mark.parametrize(
    "data",
    [EPS, FITS, PSD, PCX, DDS, SVG, b"", b"<html>not found</html>", b"\x89PNG\r\n\x1a\n", b"GIF89a",
     b"\xff\xd8\xff\xe0", b"RIFF\x10\0\0\0WEBPVP8 ",
     *(png(Image.new("RGB", (9, 9)), kind) for kind in ("BMP", "TIFF", "ICO"))],
)  # fmt: skip
def test_other_formats_and_broken_files_are_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        read_frames(data, LIMITS)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_file_that_ends_early_is_refused(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 90, 3), dtype=np.uint8)
    data = png(Image.fromarray(noise), kind)
    with pytest.raises(PictureError):
        read_frames(data[: len(data) // 2], LIMITS)


def test_a_picture_that_claims_too_many_pixels_is_refused_by_its_header() -> None:
    with pytest.raises(PictureError, match="too many"):
        read_frames(huge_png(), LIMITS)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_no_more_frames_are_decoded_than_the_limit_allows(kind: str) -> None:
    frames = [Image.new("RGB", (100, 100), (number % 256, number // 256, 0)) for number in range(300)]
    options = {"lossless": True} if kind == "WEBP" else {}
    narrow = PictureLimits(max_pixels=20_000, max_frames=10)  # 10 frames of 10,000 pixels in all
    seen = read_frames(animation(frames, kind, 100, **options), narrow)
    assert 1 < len(seen) <= 10
    assert max(view.getpixel((0, 0))[0] for view in (frame.views[0] for frame in seen)) < 12  # type: ignore[index]


def test_a_gif_of_five_thousand_frames_is_read() -> None:
    """Made by hand: the writer would merge frames that are the same."""
    one = b"\x21\xf9\x04\x00\x02\x00\x00\x00" + b"\x2c\0\0\0\0\x02\0\x02\0\0" + b"\x02\x03\x44\x02\x05\x00"
    data = b"GIF89a\x02\0\x02\0\x80\0\0" + b"\0\0\0\xff\xff\xff" + one * 5000 + b";"
    assert len(read_frames(data, LIMITS)) == 1


def test_a_gif_whose_frame_is_larger_than_its_canvas_is_read() -> None:
    data = bytearray(png(Image.new("P", (8, 8)), "GIF"))
    data[6:10] = struct.pack("<HH", 4, 4)
    assert len(read_frames(bytes(data), LIMITS)) == 1


def test_a_png_with_a_thousand_notes_is_read() -> None:
    notes = PngInfo()
    for number in range(1000):
        notes.add_text(f"note {number}", "x" * 50)
    assert len(read_frames(png(Image.new("RGB", (9, 9)), pnginfo=notes), LIMITS)) == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (3, 3)])
def test_the_smallest_pictures_are_read(size: tuple[int, int]) -> None:
    (frame,) = read_frames(png(Image.new("L", size)), LIMITS)
    assert frame.views[0].size == size


def test_a_long_strip_is_cut_between_its_lines() -> None:
    strip = Image.new("RGB", (300, 5000), "white")
    draw = ImageDraw.Draw(strip)
    for top in range(10, 4980, 40):
        draw.text((10, top), "all these words stand in one line", fill="black")
    pieces = list(tiles(strip))
    assert len(pieces) > 1
    assert sum(piece.image.height for piece in pieces) == 5000
    for piece in pieces:
        assert max(piece.image.size) <= MAX_SIDE
        edges = np.asarray(piece.image)[[0, -1]]
        assert edges.min() == 255


def test_a_large_picture_is_shrunk_and_a_wide_strip_is_cut() -> None:
    (whole,) = tiles(Image.new("RGB", (3000, 2500)))
    assert max(whole.image.size) == MAX_SIDE
    assert whole.scale == MAX_SIDE / 3000
    pieces = list(tiles(Image.new("RGB", (5000, 200), "white")))
    assert sum(piece.image.width for piece in pieces) == 5000
    assert next(piece.left for piece in pieces) == 0
