"""A run's state on disk: whole, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.checkpoint import Progress, load_checkpoint, save_checkpoint
from training.errors import CheckpointError


def network() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    module = torch.nn.Linear(2, 1)
    return module, torch.optim.AdamW(module.parameters())


def test_there_may_be_none(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "none", *network()) is None


def test_files_of_different_steps_are_refused(tmp_path: Path) -> None:
    module, optimizer = network()
    save_checkpoint(tmp_path, module, optimizer, Progress(3, (1.0, 1.0, 1.0)))
    (tmp_path / "checkpoint.json").write_text('{"step": 2, "losses": [1.0, 1.0]}')
    with pytest.raises(CheckpointError, match="different steps"):
        load_checkpoint(tmp_path, module, optimizer)


def test_no_half_written_file_is_left(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *network(), Progress(1, (1.0,)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.json", "checkpoint.safetensors"]
