"""Files as RGB frames: a short list of formats, and limits that are read from headers before decoding.

Runs in a worker process only: decoders have had holes, and may need more time or memory than foreseen.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageOps

from images.errors import PictureError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_ANIMATION_SHARE = 5
"""The decoded frames of an animation have at most so many times the pixels of the largest picture."""
_SECOND = 1000.0
_SHORTEST_FRAME = 20.0
"""Milliseconds; browsers show frames that claim to be shorter for longer."""


@dataclass(frozen=True)
class PictureLimits:
    """The largest picture that is decoded, in pixels, and the most frames that are read of an animation."""

    max_pixels: int
    max_frames: int


@dataclass(frozen=True)
class Frame:
    """A frame as RGB pictures: two where it is not known whether its text is dark or light."""

    views: tuple[Image.Image, ...]


def read_frames(data: bytes, limits: PictureLimits) -> list[Frame]:
    """The frames of a picture that differ, spread evenly over its time. Raises PictureError."""
    with _opened(data, limits) as image:
        numbers = _sampled(image, limits)
    frames: list[Frame] = []
    shown: Image.Image | None = None
    # Opened anew: Pillow cannot go back in every animation.
    with _opened(data, limits) as image:
        for number in numbers:
            image.seek(number)
            frame = _still(image)
            if shown is None or not _same(shown, frame):
                frames.append(Frame(views(frame)))
            shown = frame
        return frames


def _sampled(image: Image.Image, limits: PictureLimits) -> list[int]:
    """Which frames are read: one for each second, two at least, and none beyond what may be decoded."""
    count = int(getattr(image, "n_frames", 1))
    allowed = int(_ANIMATION_SHARE * limits.max_pixels // (image.width * image.height))
    last = min(count, max(1, allowed))
    if last == 1:
        return [0]
    seconds = _duration(image, last) / _SECOND
    return spread(last, min(limits.max_frames, last, max(2, round(seconds))))


def spread(count: int, wanted: int) -> list[int]:
    """``wanted`` numbers below ``count``, evenly spread: the middle of each of as many equal parts."""
    return sorted({int((2 * part + 1) * count / (2 * wanted)) for part in range(wanted)})


@contextmanager
def _opened(data: bytes, limits: PictureLimits) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            # The limit below is narrower than the one that Pillow warns at, and knows of frames.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                pixels = image.width * image.height
                if pixels > limits.max_pixels:
                    raise PictureError(f"{image.width} x {image.height} pixels are too many")
                yield image
    except PictureError:
        raise
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        KeyError,
        IndexError,
        TypeError,
        struct.error,
    ) as error:
        raise PictureError(f"not a picture that can be read: {type(error).__name__}") from None
    except Image.DecompressionBombError:
        raise PictureError("too many pixels") from None
    except MemoryError:
        raise PictureError("there is too little memory for it") from None


def _duration(image: Image.Image, last: int) -> float:
    """Milliseconds that the first ``last`` frames are shown."""
    total = 0.0
    for number in range(last):
        image.seek(number)
        image.load()  # formats other than GIF say it only then
        total += max(float(image.info.get("duration") or 0), _SHORTEST_FRAME)
    return total


def _same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one, other).getbbox(alpha_only=False) is None


def _still(image: Image.Image) -> Image.Image:
    """The present frame, upright, in 8 bits for each channel: L, RGB, RGBA or CMYK."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        return _eight_bits(upright)
    if upright.mode == "CMYK":
        # Pillow takes all for Adobe's, which are inverted; one that does not say so is not.
        return upright.copy() if "adobe" in image.info else ImageChops.invert(upright)
    if upright.has_transparency_data:
        return upright.convert("RGBA")
    return upright.copy() if upright.mode == "L" else upright.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float64)
    most = 65535.0 if image.mode.startswith("I;16") or values.max(initial=0) > 255 else 255.0
    return Image.fromarray(np.clip(values * (255.0 / most), 0, 255).astype(np.uint8), "L")


def views(still: Image.Image) -> tuple[Image.Image, ...]:
    """A still as RGB; one with transparency on white and on black, since its text may be of either colour."""
    if still.mode != "RGBA":
        return (still.convert("RGB"),)
    least, _most = still.getchannel("A").getextrema()
    if least == 255:
        return (still.convert("RGB"),)
    return tuple(_on(still, ground) for ground in ("white", "black"))


def _on(still: Image.Image, ground: str) -> Image.Image:
    paper = Image.new("RGBA", still.size, ground)
    paper.alpha_composite(still)
    return paper.convert("RGB")
