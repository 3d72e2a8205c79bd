"""The gradient noise scale: how large a batch still pays (McCandlish et al., 2018).

With the squared norms of the mean gradient of B_small and of B_big rows,

    G² = (B_big |g_big|² - B_small |g_small|²) / (B_big - B_small)
    S = (|g_small|² - |g_big|²) / (1/B_small - 1/B_big)

and B_noise = S / G²: below that many rows, twice the batch is worth nearly twice the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from training.finetune.data import NumberedRows, collate
from training.finetune.trainer import token_loss


def noise_scale(small: Sequence[float], big: float, b_small: int, b_big: int) -> float | None:
    """B_noise from the squared norms of small batches and of the big one they make; None if noise hides
    G²."""
    mean_small = sum(small) / len(small)
    signal = (b_big * big - b_small * mean_small) / (b_big - b_small)
    noise = (mean_small - big) / (1 / b_small - 1 / b_big)
    return noise / signal if signal > 0 else None


def measure_noise_scale(model: Any, rows: NumberedRows, batches: int, batch: int) -> float | None:
    """Measure on the first rows of a run: ``batches`` batches of ``batch`` rows each; weights stay as they
    are."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    total = [torch.zeros_like(parameter) for parameter in parameters]
    small: list[float] = []
    device = parameters[0].device
    for number in range(batches):
        together = collate([rows[number * batch + place] for place in range(batch)])
        moved = {name: value.to(device) for name, value in together.items()}
        labels = moved.pop("labels")
        loss = token_loss(model(**moved), labels)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        square = 0.0
        for sum_, gradient in zip(total, gradients, strict=True):
            if gradient is not None:
                sum_ += gradient
                square += float(gradient.double().pow(2).sum())
        small.append(square)
    big = sum(float((sum_ / batches).double().pow(2).sum()) for sum_ in total)
    return noise_scale(small, big, batch, batch * batches)
