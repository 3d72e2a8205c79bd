"""A training run's state on disk, so that it can go on where it was stopped.

Weights, the optimiser's moments and the losses so far are one safetensors file, which is replaced in one
step. It carries a digest of its tensors: a file that was cut short or changed is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from training.errors import CheckpointError
from training.files import write_atomically

FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Progress:
    """How far a run has come: steps done, and the loss of each."""

    step: int
    losses: tuple[float, ...]


def save_checkpoint(folder: Path, model: nn.Module, optimizer: Optimizer, progress: Progress) -> None:
    """Write the state of a run; a write that is interrupted leaves the state before it."""
    tensors = {f"model/{name}": value.detach().cpu().contiguous() for name, value in model.named_parameters()}
    names = {id(value): name for name, value in model.named_parameters()}
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            tensors[f"optimizer/{names[id(parameter)]}/{key}"] = torch.as_tensor(value).cpu().contiguous()
    facts = {"step": progress.step, "losses": progress.losses, "sha256": _digest(tensors)}
    write_atomically(folder / FILE, save(tensors, metadata={"facts": json.dumps(facts)}))


def load_checkpoint(folder: Path, model: nn.Module, optimizer: Optimizer) -> Progress | None:
    """Put a saved state into model and optimizer; None when there is none.

    Raises CheckpointError, and changes nothing, when the file is not as it was written.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        progress = Progress(int(facts["step"]), tuple(facts["losses"]))
        is_whole = facts["sha256"] == _digest(tensors)
    except (SafetensorError, ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise CheckpointError(f"{path} is not as it was written; remove it to begin again")
    for name, parameter in model.named_parameters():
        parameter.data.copy_(tensors[f"model/{name}"])
        prefix = f"optimizer/{name}/"
        state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        if state:
            optimizer.state[parameter] = {
                key: value if key == "step" else value.to(parameter.device) for key, value in state.items()
            }
    return progress


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tuple(tensors[name].shape)}\0".encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
