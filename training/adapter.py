"""Low-rank adapters in files: written after tuning, and added to a checkpoint's weights when it is converted.

W' = W + alpha / r * B A (Hu et al. 2021), in the two files that peft writes and reads:
``adapter_config.json`` and ``adapter_model.safetensors``. Matrices are kept in float16.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from autoresponder.model.weights import content_hash
from training.errors import UsageError
from training.files import write_json

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_BEFORE, _DOWN, _UP = "base_model.model.", ".lora_A.weight", ".lora_B.weight"


class Adapter:
    """What is added to the weights of a checkpoint, by their names."""

    def __init__(self, folder: Path) -> None:
        """Read a folder. Raises UsageError for what is no adapter of this kind."""
        try:
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            self._scale = float(config["lora_alpha"]) / int(config["r"])
            tensors = load_file(folder / WEIGHTS)
        except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError, SafetensorError) as error:
            raise UsageError(f"{folder} cannot be read as an adapter: {str(error).splitlines()[0]}") from None
        unknown = [
            name for name in tensors if not name.startswith(_BEFORE) or not name.endswith((_DOWN, _UP))
        ]
        if config.get("peft_type") != "LORA" or unknown or not tensors:
            raise UsageError(f"{folder} holds another kind of adapter; LoRA on linear layers is supported")
        self._tensors = {name.removeprefix(_BEFORE): value.float().numpy() for name, value in tensors.items()}
        self.sha256 = content_hash([folder / CONFIG, folder / WEIGHTS])

    @property
    def names(self) -> Collection[str]:
        """The weights that it changes."""
        return {f"{name.removesuffix(_DOWN)}.weight" for name in self._tensors if name.endswith(_DOWN)}

    def rows(self, name: str, first: int, count: int) -> NDArray[np.float32]:
        """What is added to so many rows of a weight (out, in)."""
        module = name.removesuffix(".weight")
        up, down = self._tensors[module + _UP], self._tensors[module + _DOWN]  # (out, r), (r, in)
        added: NDArray[np.float32] = np.float32(self._scale) * (up[first : first + count] @ down)
        return added

    def check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise UsageError unless it fits weights of these shapes."""
        for name in self.names:
            module = name.removesuffix(".weight")
            if name not in shapes or module + _UP not in self._tensors:
                raise UsageError(f"the adapter changes {name}, which the checkpoint has not")
            up, down = self._tensors[module + _UP].shape, self._tensors[module + _DOWN].shape
            if len(up) != 2 or len(down) != 2 or up[1] != down[0] or (up[0], down[1]) != shapes[name]:
                raise UsageError(f"the adapter's matrices for {name} do not fit its shape {shapes[name]}")


def save_adapter(model: Any, folder: Path) -> None:
    """Write the adapter of a network of peft's, and round its own matrices to what was written."""
    from peft import get_peft_model_state_dict

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_" in name:
                parameter.copy_(parameter.half().float())
    config = model.peft_config["default"]
    folder.mkdir(parents=True)
    tensors = {name: value.half().contiguous() for name, value in get_peft_model_state_dict(model).items()}
    save_file(dict(sorted(tensors.items())), folder / WEIGHTS)
    write_json(
        folder / CONFIG,
        {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": None,
            "r": config.r,
            "lora_alpha": config.lora_alpha,
            "lora_dropout": config.lora_dropout,
            "target_modules": sorted(config.target_modules),
            "fan_in_fan_out": config.fan_in_fan_out,
            "bias": "none",
        },
    )
