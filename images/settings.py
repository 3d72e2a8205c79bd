"""Settings of reading and drawing images; the section ``images`` of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, StringConstraints

from bot_settings.base import NonNegativeFloat, Probability, Secret, Section

HostRule = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?[A-Za-z0-9._-]+(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\]:\d{1,5}$")
]
"""A host, all hosts below one (``*.example.com``), every host (``*``), or ``host:port`` (``[::1]:port``)."""


_CORNER = "a line within this share of width and of height from a corner (a watermark) is left out"


class RapidOcrConfig(Section):
    """Offline recognition with RapidOCR on ONNX runtime."""

    min_confidence: Probability = Field(0.7, description="least confidence of a line that is kept")
    corner: Probability = Field(0.02, description=_CORNER)
    model: Path | None = Field(
        None,
        description="ONNX file of another recognition model of PaddleOCR's kind, with its characters in it, "
        "for other scripts (Greek, Cyrillic); default: the one in RapidOCR's wheel",
    )


class RekognitionConfig(Section):
    """Recognition by AWS Rekognition, which is paid for by the picture."""

    min_confidence: Probability = Field(0.95, description="least confidence of a line that is kept")
    corner: Probability = Field(0.05, description=_CORNER)
    region: str = Field("us-east-1", description="AWS region")
    access_key: Secret | None = Field(None, description="access key; default: what AWS's own files say")
    secret_key: Secret | None = Field(None, description="secret key that belongs to it")


class ImagesConfig(Section):
    """Text in images: read in what people post, drawn in what the bot writes."""

    read: bool = Field(False, description="read the text in images (needs the images extra)")
    backend: Literal["rapidocr", "rekognition"] = Field("rapidocr", description="what recognises text")
    rapidocr: RapidOcrConfig = Field(RapidOcrConfig(), description="offline recognition")
    rekognition: RekognitionConfig = Field(RekognitionConfig(), description="recognition by AWS")
    alt_text: Literal["never", "fallback", "first"] = Field(
        "fallback",
        description="descriptions that posts give of their images: used never, where no text was recognised, "
        "or instead of recognising",
    )
    captions: bool = Field(
        False, description="ask the generator for a caption of an image without text (generator.captioner)"
    )
    caption_seconds: PositiveFloat = Field(120.0, description="how long a caption is waited for, in seconds")
    hosts: list[HostRule] = Field(
        [],
        description='hosts that images are fetched from beside tumblr\'s; "*.example.com" for all below; one '
        "with a port is trusted: any address and plain http too",
    )
    size_variants: list[Annotated[str, StringConstraints(pattern=r"^_\d{2,4}$")]] = Field(
        ["_640", "_540"], description="smaller sizes that are tried in place of tumblr's older addresses"
    )
    max_images: PositiveInt = Field(10, description="images read of one post, the latest first")
    image_seconds: PositiveFloat = Field(30.0, description="time for recognising one image, in seconds")
    fetch_seconds: PositiveFloat = Field(15.0, description="time for fetching one image, in seconds")
    post_seconds: NonNegativeFloat = Field(
        120.0, description="how long an answer waits for the images of its post, in seconds"
    )
    max_mebibytes: PositiveFloat = Field(20.0, description="largest file that is fetched, in MiB")
    max_megapixels: PositiveFloat = Field(
        60.0,
        description="largest picture that is decoded, in million pixels; of all decoded frames: five times",
    )
    max_frames: PositiveInt = Field(10, description="frames read of an animation, spread evenly")
    workers: Annotated[int, Field(ge=1, le=16)] = Field(1, description="processes that recognise text")
    worker_threads: Annotated[int, Field(ge=1, le=64)] = Field(2, description="CPU threads of each")
    worker_images: PositiveInt = Field(200, description="images after which a process is replaced")
    worker_mebibytes: PositiveInt = Field(
        3072, description="address space of such a process, in MiB; an image that needs more has no text"
    )
    worker_start_seconds: PositiveFloat = Field(60.0, description="time for such a process to get ready")
    cache: Path | None = Field(
        None,
        description="file that remembers what was read; default: images.sqlite beside the bot's database",
    )
    cache_days: PositiveFloat = Field(90.0, description="days that the text of an image is remembered")
    write: bool = Field(False, description="draw the image blocks in what the bot writes, and post them")
    pictures: bool = Field(
        False, description="ask the generator for pictures where the bot describes some (generator.painter)"
    )
    picture_seconds: PositiveFloat = Field(600.0, description="how long a picture is waited for, in seconds")
    write_as_drafts: bool = Field(False, description="posts with drawn images wait as drafts")
    font_pixels: Annotated[int, Field(ge=8, le=96)] = Field(24, description="size of drawn text, in pixels")
    max_width: Annotated[int, Field(ge=120, le=2048)] = Field(
        640, description="width of a drawn image at most, in pixels"
    )
    max_characters: PositiveInt = Field(3000, description="longest text drawn; the rest is cut off")
    max_lines: Annotated[int, Field(ge=1, le=400)] = Field(120, description="most lines drawn")
