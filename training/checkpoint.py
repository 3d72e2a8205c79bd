"""A training run's state on disk, so that it can go on where it was stopped.

Weights and the optimiser's moments are one safetensors file, the rest is JSON; both are replaced in
one step each, the tensors first, and the step's number stands in both: a pair that does not
match is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from training.errors import CheckpointError

_TENSORS, _REST = "checkpoint.safetensors", "checkpoint.json"


@dataclass(frozen=True)
class Progress:
    """How far a run has come: steps done, and the loss of each."""

    step: int
    losses: tuple[float, ...]


def save_checkpoint(folder: Path, model: nn.Module, optimizer: Optimizer, progress: Progress) -> None:
    """Write the state of a run; an interrupted write leaves the previous state readable or refused."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model/{name}": value.detach().contiguous() for name, value in model.named_parameters()}
    names = {id(value): name for name, value in model.named_parameters()}
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            tensors[f"optimizer/{names[id(parameter)]}/{key}"] = torch.as_tensor(value).contiguous()
    temporary = folder / (_TENSORS + ".new")
    save_file(tensors, temporary, metadata={"step": str(progress.step)})
    temporary.replace(folder / _TENSORS)
    rest = folder / (_REST + ".new")
    rest.write_text(json.dumps({"step": progress.step, "losses": progress.losses}), encoding="utf-8")
    rest.replace(folder / _REST)


def load_checkpoint(folder: Path, model: nn.Module, optimizer: Optimizer) -> Progress | None:
    """Put a saved state into model and optimizer; None when there is none.

    Raises CheckpointError when the files are from different steps.
    """
    if not (folder / _REST).is_file() or not (folder / _TENSORS).is_file():
        return None
    rest = json.loads((folder / _REST).read_text(encoding="utf-8"))
    with safe_open(folder / _TENSORS, framework="pt") as file:
        if file.metadata()["step"] != str(rest["step"]):
            raise CheckpointError(f"{folder}: the two checkpoint files are from different steps; delete them")
        tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name, parameter in model.named_parameters():
        parameter.data.copy_(tensors[f"model/{name}"])
        prefix = f"optimizer/{name}/"
        state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        if state:
            optimizer.state[parameter] = state
    return Progress(rest["step"], tuple(rest["losses"]))
