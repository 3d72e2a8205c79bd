"""Recognition by AWS Rekognition; pictures are made into what it takes before they are sent."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

from images.errors import MissingLibraryError, RecogniserError
from images.lines import Line, Point
from images.settings import RekognitionConfig

MAX_BYTES = 5 * 1024 * 1024
MIN_SIDE, MAX_SIDE = 80, 4096
"""In pixels. AWS takes up to 10,000, but reads no more from that; below 80 it refuses."""

PERMANENT = frozenset(
    {
        "InvalidImageFormatException",
        "InvalidParameterException",
        "ImageTooLargeException",
        "AccessDeniedException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "ExpiredTokenException",
        "InvalidClientTokenId",
    }
)
"""Errors that come again with the same picture or the same keys."""


class Rekognition:
    """Asks AWS for the lines of a picture."""

    version = "rekognition-1"

    def __init__(self, config: RekognitionConfig, client: Any = None) -> None:
        """``client`` stands in for boto3's."""
        self._client = client if client is not None else _client(config)

    def read(self, image: Image.Image) -> list[Line]:
        """The lines in an RGB picture, none left out; raises RecogniserError."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.detect_text(Image={"Bytes": to_sendable(image)})
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            raise RecogniserError(f"Rekognition: {code}", is_permanent=code in PERMANENT) from None
        except BotoCoreError as error:
            raise RecogniserError(f"Rekognition: {type(error).__name__}", is_permanent=False) from None
        return lines_of(answer)


def _client(config: RekognitionConfig) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise MissingLibraryError(str(error.name)) from None
    keys = {}
    if config.access_key is not None and config.secret_key is not None:
        keys = {
            "aws_access_key_id": config.access_key.get_secret_value(),
            "aws_secret_access_key": config.secret_key.get_secret_value(),
        }
    # Whoever waits for the picture tries again later; the worker itself does not sleep.
    options = Config(
        connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2, "mode": "standard"}
    )
    return boto3.client("rekognition", region_name=config.region, config=options, **keys)


def to_sendable(image: Image.Image) -> bytes:
    """A picture as a PNG or JPEG of a size that AWS takes."""
    fitted = _fitted(image)
    png = _encoded(fitted, "PNG")
    if len(png) <= MAX_BYTES:
        return png
    for quality in (92, 80, 60):
        jpeg = _encoded(fitted, "JPEG", quality=quality)
        if len(jpeg) <= MAX_BYTES:
            return jpeg
    return _encoded(fitted.resize((fitted.width // 2, fitted.height // 2)), "JPEG", quality=80)


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _fitted(image: Image.Image) -> Image.Image:
    """Shrunk to the longest side, and set on a larger ground if a side is too short."""
    scale = min(1.0, MAX_SIDE / max(image.size))
    if scale < 1.0:
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    if min(image.size) >= MIN_SIDE:
        return image
    ground = Image.new(
        "RGB", (max(image.width, MIN_SIDE), max(image.height, MIN_SIDE)), image.getpixel((0, 0))
    )
    ground.paste(image)
    return ground


def lines_of(answer: Mapping[str, Any]) -> list[Line]:
    """The detections of type LINE in an answer; AWS gives confidences in per cent."""
    return [
        Line(str(found["DetectedText"]), float(found["Confidence"]) / 100, _corners(found.get("Geometry")))
        for found in answer.get("TextDetections", [])
        if found.get("Type") == "LINE" and found.get("DetectedText") and "Confidence" in found
    ]


def _corners(geometry: Mapping[str, Any] | None) -> tuple[Point, ...]:
    if not geometry:
        return ()
    polygon = geometry.get("Polygon") or []
    if len(polygon) == 4:
        return tuple((float(point["X"]), float(point["Y"])) for point in polygon)
    box = geometry.get("BoundingBox")
    if not box:
        return ()
    left, top = float(box["Left"]), float(box["Top"])
    right, bottom = left + float(box["Width"]), top + float(box["Height"])
    return (left, top), (right, top), (right, bottom), (left, bottom)
