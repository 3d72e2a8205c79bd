"""Pictures by their description, by any text-to-image pipeline of diffusers' that the operator names."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from autoresponder.errors import JobError, ModelError

WITH_WORDS, WITHOUT_WORDS = (2, 2, 3, 3, 4), (2, 3, 3, 4, 4, 5, 6)
"""Guidance scales that are drawn from, as in 2023: smaller ones where something is to be written."""
LONG_LINE, FOR_LONG_LINES = 30, 1


@dataclass(frozen=True)
class Painting:
    """A picture: a PNG with its size in pixels, and the guidance scale it was made with."""

    png: bytes
    width: int
    height: int
    guidance: float


def guidance_of(words: str, chance: random.Random) -> float:
    """The guidance scale for a picture in which some words, or none, are to be written."""
    if any(len(line) >= LONG_LINE for line in words.splitlines()):
        return float(FOR_LONG_LINES)
    return float(chance.choice(WITH_WORDS if words.strip() else WITHOUT_WORDS))


class Painter:
    """Makes pictures. Raises ModelError when the folder holds no pipeline, or it cannot work here."""

    def __init__(self, folder: str, device: torch.device, dtype: torch.dtype, steps: int) -> None:
        try:
            from diffusers import DiffusionPipeline
        except ImportError as error:
            hint = "pip install 'autoresponder[pictures]', or leave generator.painter empty"
            raise ModelError(f"pictures need {error.name}", hint) from None
        if device.type == "cpu" and dtype is torch.float16:
            hint = "set generator.dtype to auto or float32, or use a GPU"
            raise ModelError("a CPU makes no pictures in float16", hint)
        try:
            load: Any = DiffusionPipeline.from_pretrained
            self._pipeline = load(folder, dtype=dtype, local_files_only=True)
        except (OSError, ValueError, KeyError, AttributeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            hint = "name a folder of a text-to-image pipeline in generator.painter"
            raise ModelError(f"{folder} holds no pipeline: {reason}", hint) from None
        self._pipeline.to(device)
        self._pipeline.set_progress_bar_config(disable=True)
        self._device, self._steps = device, steps
        self.name = Path(folder).name

    def paint(self, description: str, words: str, seed: str) -> Painting:
        """A picture of what is described; the same for the same seed. Raises JobError when it fails."""
        chance = random.Random(seed)
        guidance = guidance_of(words, chance)
        prompt = f'{description} Text: "{words}"' if words.strip() else description
        generator = torch.Generator(self._device).manual_seed(chance.getrandbits(62))
        try:
            made = self._pipeline(
                prompt, guidance_scale=guidance, num_inference_steps=self._steps, generator=generator
            )
        except (RuntimeError, ValueError) as error:
            raise JobError(f"no picture came of it: {type(error).__name__}") from None
        image = made.images[0]
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True)
        return Painting(out.getvalue(), image.width, image.height, guidance)
