"""A trained generator and its heads as a folder that the bot serves from, with weights in half precision."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from autoresponder.heads.files import save_head
from autoresponder.heads.head_2021 import Head


def save_generator(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write weights (float16), configuration and tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    _halve(folder / "model.safetensors")
    tokenizer.save_pretrained(folder)


def save_half_head(head: Head, folder: Path) -> None:
    """Write a head with its weights in float16; it is read back into float32."""
    save_head(head, folder)
    _halve(folder / f"{head.settings.name}.safetensors")


def round_to_half(module: torch.nn.Module) -> None:
    """Make every weight one that float16 can hold, so that what is measured is what is saved."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(parameter.to(torch.float16).float())


def folder_bytes(folder: Path) -> int:
    """The size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _halve(path: Path) -> None:
    tensors = {name: value.to(torch.float16) for name, value in load_file(path).items()}
    save_file(tensors, path, metadata={"format": "pt"})  # without it transformers refuses the file
