"""What recognises text in a picture: offline by RapidOCR, or by AWS Rekognition."""

from __future__ import annotations

from typing import Protocol

from PIL import Image

from images.lines import Line
from images.settings import ImagesConfig


class Backend(Protocol):
    """A recogniser. ``version`` changes when it may read the same picture differently."""

    version: str

    def read(self, image: Image.Image) -> list[Line]:
        """The lines in an RGB picture, none left out; raises RecogniserError."""


def load_backend(config: ImagesConfig) -> Backend:
    """The backend that the configuration names; raises RecogniserError when its libraries are missing."""
    if config.backend == "rekognition":
        from images.backends.rekognition import Rekognition

        return Rekognition(config.rekognition)
    from images.backends.rapidocr import RapidOcr

    return RapidOcr(config.rapidocr, config.worker_threads)
