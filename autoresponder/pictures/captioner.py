"""Captions of pictures, by any image-to-text model of transformers' that the operator names."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from PIL import Image, UnidentifiedImageError

from autoresponder.errors import JobError, ModelError

LEAST_SIDE = 8
"""A picture with a shorter side, in pixels, shows nothing; processors take its sides for colours."""
_MAX_TOKENS = 48


class Captioner:
    """Describes pictures, each in a sentence. Raises ModelError when the folder holds no such model."""

    def __init__(self, folder: str, device: torch.device, dtype: torch.dtype) -> None:
        from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

        try:
            network: Any = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype)
            process: Any = AutoImageProcessor
            self._processor = process.from_pretrained(folder)
            self._tokenizer = AutoTokenizer.from_pretrained(folder)
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            hint = "name a folder of an image-to-text model in generator.captioner"
            raise ModelError(f"{folder} holds no captioner: {reason}", hint) from None
        self._network = network.to(device).eval()
        self._device, self._dtype = device, dtype
        self.name = Path(folder).name

    @torch.inference_mode()
    def caption(self, data: bytes) -> str:
        """The caption of a PNG or JPEG; empty when it is too small. Raises JobError for another file."""
        image = _rgb(data)
        if min(image.size) < LEAST_SIDE:
            return ""
        pixels = self._processor(images=image, return_tensors="pt")["pixel_values"]  # (1, 3, H, W)
        ids = self._network.generate(
            pixel_values=pixels.to(self._device, self._dtype), max_new_tokens=_MAX_TOKENS, do_sample=False
        )
        return str(self._tokenizer.decode(ids[0], skip_special_tokens=True)).strip()


def _rgb(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            return image.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise JobError(f"not a picture: {type(error).__name__}") from None
