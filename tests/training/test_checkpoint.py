"""A checkpoint of a head's training: whole, or not taken at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from training.checkpoint import FILE, Progress, load_checkpoint, save_checkpoint
from training.errors import CheckpointError


def trained() -> tuple[nn.Linear, torch.optim.AdamW]:
    """A layer after three steps."""
    torch.manual_seed(1)
    layer = nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(layer.parameters())
    for _ in range(3):
        optimizer.zero_grad()
        layer(torch.ones(2, 4)).square().sum().backward()
        optimizer.step()
    return layer, optimizer


def filled() -> nn.Linear:
    layer = nn.Linear(4, 3)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(7.0)
    return layer


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    layer, optimizer = trained()
    other = filled()
    others = torch.optim.AdamW(other.parameters())
    assert load_checkpoint(tmp_path, other, others) is None
    save_checkpoint(tmp_path, layer, optimizer, Progress(3, (3.0, 2.0, 1.0)))
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert load_checkpoint(tmp_path, other, others) == Progress(3, (3.0, 2.0, 1.0))
    for mine, theirs in zip(layer.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
        for name, value in optimizer.state[mine].items():
            assert torch.equal(value, others.state[theirs][name])


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content.replace(b"sha256", b"sha257"),
        lambda _: b"",
        lambda _: b"\x80\x04K\x01.",
    ],
    ids=["cut short", "a bit flipped", "no digest", "empty", "a pickle"],
)
def test_a_damaged_file_is_refused_and_nothing_taken_from_it(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    save_checkpoint(tmp_path, *trained(), Progress(3, (1.0, 1.0, 1.0)))
    path = tmp_path / FILE
    path.write_bytes(damage(path.read_bytes()))
    layer = filled()
    with pytest.raises(CheckpointError, match="not as it was written"):
        load_checkpoint(tmp_path, layer, torch.optim.AdamW(layer.parameters()))
    assert all((parameter == 7.0).all() for parameter in layer.parameters())
