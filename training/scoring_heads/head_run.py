"""One run from labelled rows to a head, calibrated, measured, with its report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from autoresponder.heads.files import save_head
from autoresponder.heads.head_2021 import Calibration, Head
from autoresponder.heads.scoring import Scorer
from autoresponder.jobs.model_folder import GeneratorModel
from training.files import digest_of, folder_in_one_step, write_json
from training.progress import Progress
from training.reports import plot_losses, plot_reliability
from training.scoring_heads.activations import Activations
from training.scoring_heads.calibration import fit_logistic
from training.scoring_heads.fit import HeadRecipe, batch_order, fit_head, new_head
from training.scoring_heads.metrics import classifier_metrics, reliability, sentiment_metrics
from training.scoring_heads.rows import Row, check_classes

CALIBRATED = ("responses", "originals")
LEAST_TO_CALIBRATE = 20


@dataclass(frozen=True)
class HeadRun:
    """What a run needs: the generator, the recipe, and where it may keep what it computes."""

    generator: GeneratorModel
    recipe: HeadRecipe
    work: Path
    cache_bytes: float

    @property
    def is_classifier(self) -> bool:
        """Whether the head gives a probability, as the selector does; the sentiment head gives a
        difference."""
        return self.recipe.basis == "logits"


@dataclass(frozen=True)
class Made:
    """A head, its report, and the folder of its checkpoint, which is of no use once the head is kept."""

    head: Head
    report: dict[str, Any]
    checkpoint: Path


def make_trained_head(run: HeadRun, parts: Mapping[str, Sequence[Row]], console: Console) -> Made:
    """Train, calibrate and measure a head. Raises NotEnoughDataError for rows of one class."""
    began = time.monotonic()
    if run.is_classifier:
        for rows in parts.values():
            check_classes(rows)
    generator, recipe = run.generator, run.recipe
    train = list(parts["train"])
    head = new_head(recipe, generator.network, generator.identity, generator.positions)
    head = head.to(generator.network.device)
    ids = [generator.encoder.encode_for_head(row.text, head.settings.max_tokens) for row in train]
    weights = generator.identity.sha256
    key = digest_of([asdict(recipe), weights, [(row.text, row.target) for row in train]])[:16]
    checkpoint = run.work / f"checkpoint-{key}"
    activations = Activations(
        generator.network, head.settings.layers, ids, run.work, run.cache_bytes, weights
    )
    steps = len(batch_order(ids, recipe))
    with Progress(recipe.name, steps, console) as progress:
        trained = fit_head(
            head,
            recipe,
            activations.batch,
            ids,
            [row.target for row in train],
            checkpoints=checkpoint,
            report=lambda step, loss: progress.reach(step, f"loss {loss:.3f}"),
        )
    _round_to_half(head)
    if run.is_classifier:
        calibrate(head, generator, parts["calibration"])
    report = {
        "command": recipe.name,
        "recipe": asdict(recipe),
        "seed": recipe.seed,
        "generator": generator.identity.model_dump(),
        "rows": {name: len(rows) for name, rows in parts.items()},
        "learned_until": max(row.time for name in ("train", "calibration") for row in parts[name]),
        "rows_sha256": digest_of([[asdict(row) for row in rows] for _, rows in sorted(parts.items())]),
        "parameters": sum(parameter.numel() for parameter in head.parameters()),
        "max_tokens": head.settings.max_tokens,
        "activations": {"kept_rows": activations.kept_rows, "computed_rows": activations.computed_rows},
        "test": measure(head, generator, parts["test"]),
        "checkpoint_passed_over": trained.passed_over,
        "losses": list(trained.losses),
        "seconds": round(time.monotonic() - began, 1),
        "training_seconds": round(trained.wall_seconds, 1),
        "training_cpu_seconds": round(trained.cpu_seconds, 1),
    }
    return Made(head, report, checkpoint)


def _round_to_half(head: Head) -> None:
    """Make every weight one that float16 can hold, so that what is measured is what is saved."""
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.copy_(parameter.half().float())


def save_made(made: Made, folder: Path) -> None:
    """Write head, report and pictures into a folder, in one step."""
    with folder_in_one_step(folder, head=made.head.settings.name) as new:
        save_head(made.head, new, half=True)
        plot_losses(new / "losses.png", made.report["losses"])
        curve = made.report["test"]["all"].get("reliability")
        if curve:
            plot_reliability(new / "reliability.png", curve)
        write_json(new / "report.json", made.report)
    shutil.rmtree(made.checkpoint, ignore_errors=True)


def scores(
    head: Head, generator: GeneratorModel, rows: Sequence[Row]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Calibrated logit differences of rows, found as they are found in serving (N,)."""
    name = head.settings.name
    scorer = Scorer(generator.network, generator.encoder, {name: head})
    raw = scorer.differences({name: [row.text for row in rows]})[name]
    lines = [head.settings.calibration_of(row.text_type) for row in rows]
    return np.array([float(line.apply(value)) for line, value in zip(lines, raw, strict=True)])


def calibrate(head: Head, generator: GeneratorModel, rows: Sequence[Row]) -> None:
    """Give the head a line for each type of text, fitted on rows that it has not learned from.

    A type with few rows, or rows of one class, gets the line of all.
    """
    head.settings = head.settings.model_copy(update={"calibration": {}})
    differences = scores(head, generator, rows)
    targets = np.array([row.target for row in rows])
    everything = fit_logistic(differences, targets)
    lines: dict[str, Calibration] = {}
    for text_type in CALIBRATED:
        own = np.array([row.text_type == text_type for row in rows])
        enough = own.sum() >= LEAST_TO_CALIBRATE and len(set(targets[own])) > 1
        lines[text_type] = fit_logistic(differences[own], targets[own]) if enough else everything
    head.settings = head.settings.model_copy(update={"calibration": lines})


def measure(head: Head, generator: GeneratorModel, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Figures on all rows, and on each type and kind of text by itself."""
    found = scores(head, generator, rows)
    parts = ["all", *sorted({row.text_type for row in rows} | {row.kind for row in rows if row.kind})]
    figures: dict[str, dict[str, Any]] = {}
    for part in parts:
        chosen = [i for i, row in enumerate(rows) if part in ("all", row.text_type, row.kind)]
        targets = [rows[i].target for i in chosen]
        if head.settings.basis == "logits":
            probabilities = 1 / (1 + np.exp(-found[chosen]))
            figures[part] = {
                **classifier_metrics(probabilities, targets),
                "reliability": reliability(probabilities, targets),
            }
        elif len(chosen) > 1:
            figures[part] = sentiment_metrics(found[chosen], targets)
    return figures
