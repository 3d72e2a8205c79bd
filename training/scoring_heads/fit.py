"""Training the heads on a frozen generator: the recipes of 2021, rates for heads a seventieth of the size.

Rows are sorted by length and cut into batches, whose order is shuffled each epoch. The selector learns
by cross-entropy with flooding (|loss - b| + b for each row), the sentiment head by a Huber loss on the
logit difference alone. The learning rate warms up, then follows half a cosine down to a floor.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from autoresponder.heads.head_2021 import (
    GeneratorIdentity,
    Head,
    HeadName,
    HeadSettings,
    head_heads,
    head_layers,
)
from autoresponder.heads.head_2022 import make_head
from training.checkpoint import Progress, load_checkpoint, save_checkpoint
from training.errors import CheckpointError
from training.scoring_heads.activations import as_hidden

Report = Callable[[int, float], None]
Streams = Callable[[Sequence[int]], tuple[dict[int, Tensor], Tensor]]
"""Gives the streams (B, T, d) by layer and the selection positions (B,) of rows, by their numbers."""
NOT_DECAYED = ("norm", "logits.bias")
SAVE_EVERY = 50
"""Steps between two checkpoints."""


@dataclass(frozen=True)
class HeadRecipe:
    """How one head is built and trained.

    ``decay`` is decoupled and scales with the current rate; ``floor`` and ``warmup`` are shares, of the
    base rate and of all steps; ``flooding`` is the loss below which a row pushes back; ``wanted_heads`` is
    the number of attention heads if it divides the width; ``head_size``, if set, decides it. ``sharpness`` is
    what the gains of the towers' norms start from: scores of attention grow with its square, so that heads
    begin to look at some tokens rather than at all alike.
    """

    name: HeadName
    mlp_ratio: int
    basis: str
    epochs: int
    batch: int
    rate: float
    floor: float
    warmup: float
    decay: float
    attention_dropout: float = 0.1
    residual_dropout: float = 0.1
    activation_dropout: float = 0.0
    flooding: float = 0.0
    wanted_heads: int = 6
    seed: int = 2021
    clip: float = 1000.0
    form: Literal["2021", "later"] = "2021"
    attention_width: int | None = None
    head_size: int | None = None
    sharpness: float = 1.0


SELECTOR = HeadRecipe(
    name="selector",
    mlp_ratio=3,
    basis="logits",
    epochs=4,
    batch=16,
    rate=1e-3,
    floor=0.05,
    warmup=0.05,
    decay=0.025,
    flooding=0.0667555,
)
SENTIMENT = HeadRecipe(
    name="sentiment",
    mlp_ratio=1,
    basis="sum_difference",
    epochs=3,
    batch=16,
    rate=1e-3,
    floor=0.05,
    warmup=0.1,
    decay=0.01,
    activation_dropout=0.15,
)


@dataclass(frozen=True)
class TrainedHead:
    """A trained head, not yet calibrated, the loss of each step, and the seconds it took.

    ``passed_over`` says what was wrong with a checkpoint that was not gone on from.
    """

    head: Head
    losses: tuple[float, ...]
    wall_seconds: float
    cpu_seconds: float
    passed_over: str = ""


def new_head(
    recipe: HeadRecipe, network: PreTrainedModel, identity: GeneratorIdentity, max_tokens: int
) -> Head:
    """A fresh head for a generator, of the shape that the recipe and the generator's size call for."""
    later = {"attention_width": recipe.attention_width} if recipe.attention_width else {}
    settings = HeadSettings.model_validate(
        later
        | {
            "name": recipe.name,
            "form": recipe.form,
            "generator": identity,
            "layers": head_layers(network.config.num_hidden_layers),
            "width": network.config.hidden_size,
            "n_head": _heads(network.config.hidden_size, recipe),
            "mlp_ratio": recipe.mlp_ratio,
            "basis": recipe.basis,
            "max_tokens": max_tokens,
            "attention_dropout": recipe.attention_dropout,
            "residual_dropout": recipe.residual_dropout,
            "activation_dropout": recipe.activation_dropout,
        }
    )
    head = make_head(settings).initialise(torch.Generator().manual_seed(recipe.seed))
    with torch.no_grad():
        for tower in head.towers:
            tower.norm.weight.fill_(recipe.sharpness)  # type: ignore[union-attr, operator]
    return head


def _heads(width: int, recipe: HeadRecipe) -> int:
    """The number of attention heads: it divides the width, and that of the attention if it is another."""
    attention = recipe.attention_width or width
    if recipe.head_size is not None:
        return attention // recipe.head_size
    return head_heads(math.gcd(width, attention), recipe.wanted_heads)


def fit_head(
    head: Head,
    recipe: HeadRecipe,
    streams: Streams,
    ids: Sequence[Sequence[int]],
    targets: Sequence[float],
    *,
    checkpoints: Path | None = None,
    report: Report | None = None,
) -> TrainedHead:
    """Train a head's own variables, from the checkpoint if there is one.

    Chance is drawn anew at each step from the seed and the step's number: a run that goes on after a stop
    comes to the same weights. A checkpoint that is not whole is told and not used.
    """
    wall, cpu = time.monotonic(), time.process_time()
    device = next(head.parameters()).device
    wanted = torch.tensor(targets, dtype=torch.float32, device=device)
    optimizer = _optimizer(head, recipe)
    batches = batch_order(ids, recipe)
    done, passed_over = None, ""
    try:
        done = load_checkpoint(checkpoints, head, optimizer) if checkpoints else None
    except CheckpointError as error:
        passed_over = str(error)  # the work of minutes, which nobody watches: it is begun again
    losses = list(done.losses) if done else []
    head.train()
    for step in range(len(losses), len(batches)):
        torch.manual_seed(recipe.seed * 1_000_003 + step)  # dropout
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * rate_share(step, len(batches), recipe)
        hidden, positions = streams(batches[step])
        loss = row_losses(head, as_hidden(hidden), positions, wanted[batches[step]], recipe).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(head.parameters(), recipe.clip)
        optimizer.step()
        losses.append(float(loss.detach()))
        if report:
            report(len(losses), losses[-1])
        if checkpoints and (len(losses) % SAVE_EVERY == 0 or len(losses) == len(batches)):
            save_checkpoint(checkpoints, head, optimizer, Progress(len(losses), tuple(losses)))
    head.train(mode=False)
    return TrainedHead(head, tuple(losses), time.monotonic() - wall, time.process_time() - cpu, passed_over)


def batch_order(rows: Sequence[Sequence[int]], recipe: HeadRecipe) -> list[list[int]]:
    """Which rows each step sees: neighbours in length, shuffled batches, the last partial one dropped."""
    rng = np.random.default_rng(recipe.seed)
    by_length = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    size = min(recipe.batch, len(rows))
    whole = [by_length[i : i + size] for i in range(0, len(rows) - size + 1, size)]
    return [whole[i] for _ in range(recipe.epochs) for i in rng.permutation(len(whole))]


def rate_share(step: int, steps: int, recipe: HeadRecipe) -> float:
    """The rate of a step as a share of the base rate; the cosine begins at step 0, not after warm-up."""
    warmup = recipe.warmup * steps
    if step < warmup:
        return (step + 1) / math.ceil(warmup)
    return max(recipe.floor, 0.5 * (1 + math.cos(math.pi * step / steps)))


def row_losses(
    head: Head, hidden: Mapping[int, Tensor], positions: Tensor, targets: Tensor, recipe: HeadRecipe
) -> Tensor:
    """The loss of each row (B,), given its streams (B, T, d) by layer."""
    outputs = head(hidden, positions)  # (B, 2)
    if head.settings.basis == "sum_difference":
        return functional.huber_loss(head.difference(outputs), targets, reduction="none")
    losses = functional.cross_entropy(outputs, targets.long(), reduction="none")
    return (losses - recipe.flooding).abs() + recipe.flooding


def _optimizer(head: Head, recipe: HeadRecipe) -> torch.optim.AdamW:
    """AdamW; norms and the final bias are not decayed."""
    groups: dict[bool, list[torch.nn.Parameter]] = {True: [], False: []}
    for name, parameter in head.named_parameters():
        groups[not any(part in name for part in NOT_DECAYED)].append(parameter)
    return torch.optim.AdamW(
        [
            {"params": groups[True], "weight_decay": recipe.decay},
            {"params": groups[False], "weight_decay": 0.0},
        ],
        lr=recipe.rate,
    )
