"""Offline recognition: RapidOCR's models of PaddleOCR, on ONNX runtime."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Any

import numpy as np
from PIL import Image

from images.errors import MissingLibraryError, RecogniserError
from images.lines import Line, Point
from images.settings import RapidOcrConfig
from images.tiles import MAX_SIDE, Tile, tiles

_SMALL_SIDE = 32
"""A picture with a shorter side is set on a larger ground; the models fail on less."""


class RapidOcr:
    """Finds lines and reads them; one picture at a time."""

    def __init__(self, config: RapidOcrConfig, threads: int) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise MissingLibraryError(str(error.name)) from None
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        params: dict[str, Any] = {
            "Global.log_level": "error",
            "Global.use_cls": False,  # it sees lines upside down where there are none
            "Global.text_score": 0.0,
            "Global.max_side_len": MAX_SIDE,
            "Det.limit_type": "max",  # "min" enlarges a strip until its shorter side has 736 pixels
            "Det.limit_side_len": MAX_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
        if config.model is not None:
            params["Rec.model_path"] = str(config.model)
        self._engine: Any = RapidOCR(params=params)
        model = "" if config.model is None else f"+{config.model.name}"
        self.version = f"rapidocr-{version('rapidocr')}{model}"

    def read(self, image: Image.Image) -> list[Line]:
        """The lines in an RGB picture, none left out; raises RecogniserError."""
        ground = _grounded(image)
        try:
            return [line for tile in tiles(ground) for line in self._read(tile, image.size)]
        except MemoryError:
            raise RecogniserError("there is too little memory for it", is_permanent=True) from None
        except Exception as error:  # noqa: BLE001 - the libraries below raise of every kind
            raise RecogniserError(f"{type(error).__name__} while reading", is_permanent=True) from None

    def _read(self, tile: Tile, size: tuple[int, int]) -> list[Line]:
        found = self._engine(np.ascontiguousarray(np.asarray(tile.image)[:, :, ::-1]))
        if found.txts is None:
            return []
        return [
            Line(text, float(score), tuple(_share(point, tile, size) for point in box))
            for text, score, box in zip(found.txts, found.scores, found.boxes, strict=True)
        ]


def _grounded(image: Image.Image) -> Image.Image:
    """A picture with a ground of its border's colour added to the right and below, if it is too small."""
    width, height = (max(side, _SMALL_SIDE) for side in image.size)
    if (width, height) == image.size:
        return image
    ground = Image.new("RGB", (width, height), image.getpixel((0, 0)))
    ground.paste(image)
    return ground


def _share(point: Any, tile: Tile, size: tuple[int, int]) -> Point:
    """A point of a tile as shares of the whole picture's sides."""
    x, y = float(point[0]) / tile.scale + tile.left, float(point[1]) / tile.scale + tile.top
    return min(max(x / size[0], 0.0), 1.0), min(max(y / size[1], 0.0), 1.0)
