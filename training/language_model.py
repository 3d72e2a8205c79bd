"""Training a small GPT-2 from nothing: AdamW, warm-up, then half a cosine down to a floor."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

from training.checkpoint import Progress, load_checkpoint, save_checkpoint
from training.packing import Batches

Report = Callable[[int, float], None]
SPREAD = 0.7


@dataclass(frozen=True)
class Shape:
    """The size of the generator; ``positions`` is its context in tokens."""

    layers: int = 6
    width: int = 192
    heads: int = 6
    positions: int = 512


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    ``tokens`` is the size of a batch, padding included; ``decay`` is AdamW's, on matrices only;
    ``floor`` is the last learning rate as a share of the peak; gradients are clipped at norm ``clip``;
    ``save_every`` steps a checkpoint is written.
    """

    steps: int = 5000
    tokens: int = 4096
    peak_rate: float = 2e-3
    warmup: int = 100
    floor: float = 0.05
    decay: float = 0.05
    clip: float = 1.0
    save_every: int = 100
    seed: int = 2021


@dataclass(frozen=True)
class Trained:
    """A finished run: the model, the loss of each step, and the seconds this process spent on it."""

    model: GPT2LMHeadModel
    losses: tuple[float, ...]
    wall_seconds: float
    cpu_seconds: float


def new_model(shape: Shape, vocabulary: int, end: int, seed: int) -> GPT2LMHeadModel:
    """A fresh GPT-2 without dropout.

    Matrices start with a standard deviation of ``SPREAD / sqrt(width)``. GPT-2's fixed 0.02 is made for
    widths of 768 and more; at width 192 it left attention flat for the first few hundred steps. The
    activation is GPT-2's, in the form that is computed at once. Attention is plain matrix products: on a
    CPU the fused kernel's way back takes longer than all the rest.
    """
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=shape.positions,
        n_embd=shape.width,
        n_layer=shape.layers,
        n_head=shape.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        activation_function="gelu_pytorch_tanh",
        initializer_range=SPREAD / math.sqrt(shape.width),
        bos_token_id=end,
        eos_token_id=end,
    )
    model = GPT2LMHeadModel(config)
    model.set_attn_implementation("eager")
    return model


def rate_at(step: int, schedule: Schedule) -> float:
    """The learning rate of a step: linear warm-up, then half a cosine from the peak to the floor."""
    if step < schedule.warmup:
        return schedule.peak_rate * (step + 1) / schedule.warmup
    share = (step - schedule.warmup) / max(1, schedule.steps - schedule.warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * share))
    return schedule.peak_rate * (schedule.floor + (1 - schedule.floor) * cosine)


def train(
    model: GPT2LMHeadModel,
    batches: Batches,
    schedule: Schedule,
    *,
    checkpoints: Path | None = None,
    report: Report | None = None,
    bfloat16: bool = False,
) -> Trained:
    """Train to the schedule's end, from the last checkpoint if there is one.

    ``bfloat16`` runs the matrix products in that format; weights and optimiser stay float32.
    """
    wall, cpu = time.monotonic(), time.process_time()
    optimizer = _optimizer(model, schedule)
    done = load_checkpoint(checkpoints, model, optimizer) if checkpoints else None
    losses = list(done.losses) if done else []
    model.train()
    for step in range(len(losses), schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, schedule)
        losses.append(_step(model, optimizer, batches.at(step), schedule.clip, bfloat16=bfloat16))
        if report:
            report(step + 1, losses[-1])
        if checkpoints and ((step + 1) % schedule.save_every == 0 or step + 1 == schedule.steps):
            save_checkpoint(checkpoints, model, optimizer, Progress(step + 1, tuple(losses)))
    model.train(mode=False)
    return Trained(model, tuple(losses), time.monotonic() - wall, time.process_time() - cpu)


@torch.inference_mode()
def evaluate(model: GPT2LMHeadModel, batches: Sequence[Tensor], *, bfloat16: bool = False) -> float:
    """Mean loss in nats per token over batches (B, T)."""
    model.train(mode=False)
    losses = [float(_loss(model, ids, bfloat16=bfloat16)) for ids in batches]
    return sum(losses) / len(losses)


def _optimizer(model: GPT2LMHeadModel, schedule: Schedule) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": schedule.decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=schedule.peak_rate, betas=(0.9, 0.95))


def _step(
    model: GPT2LMHeadModel, optimizer: torch.optim.Optimizer, ids: Tensor, clip: float, *, bfloat16: bool
) -> float:
    loss = _loss(model, ids, bfloat16=bfloat16)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return float(loss.detach())


def _loss(model: GPT2LMHeadModel, ids: Tensor, *, bfloat16: bool) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        logits = model(ids.clamp(min=0)).logits  # (B, T, V); padding is on the right, where nobody looks
    return torch.nn.functional.cross_entropy(
        logits[:, :-1].float().reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1)
    )
