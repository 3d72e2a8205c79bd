"""Calibrating a trained head on rows it has not seen, and measuring it on others."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

from autoresponder.heads.head_2021 import TEXT_TYPES, Calibration, Head
from autoresponder.heads.scoring import Scorer
from autoresponder.model.encoding import TextEncoder
from training.rows import JudgedRow
from training.scoring_heads.calibration import fit_logistic
from training.scoring_heads.metrics import selector_metrics, sentiment_metrics


def differences(
    head: Head, network: PreTrainedModel, encoder: TextEncoder, rows: Sequence[JudgedRow]
) -> torch.Tensor:
    """Uncalibrated logit differences of rows, found as they are found in serving (N,)."""
    name = head.settings.name
    scorer = Scorer(network, encoder, {name: head})
    return scorer.differences({name: [row.text for row in rows]})[name]


def calibrate(head: Head, network: PreTrainedModel, encoder: TextEncoder, rows: Sequence[JudgedRow]) -> Head:
    """Give the head one line for each type of text, fitted on held-out rows; the head itself is changed."""
    lines: dict[str, Calibration] = {}
    for text_type in TEXT_TYPES:
        own = [row for row in rows if row.text_type == text_type]
        if own:
            lines[text_type] = fit_logistic(
                differences(head, network, encoder, own).numpy(), [row.target for row in own]
            )
    head.settings = head.settings.model_copy(update={"calibration": lines})
    return head


def measure(
    head: Head, network: PreTrainedModel, encoder: TextEncoder, rows: Sequence[JudgedRow]
) -> dict[str, dict[str, float]]:
    """The head's figures on rows: on all of them, and on each type of text by itself."""
    raw = differences(head, network, encoder, rows)
    lines = [head.settings.calibration_of(row.text_type) for row in rows]
    calibrated = torch.stack([line.apply(value) for line, value in zip(lines, raw, strict=True)])
    figures: dict[str, dict[str, float]] = {}
    for part in ("all", *TEXT_TYPES):
        chosen = [i for i, row in enumerate(rows) if part in ("all", row.text_type)]
        targets = [rows[i].target for i in chosen]
        if not chosen:
            continue
        if head.settings.name == "selector":
            figures[part] = selector_metrics(calibrated[chosen].sigmoid().numpy(), targets)
        else:
            figures[part] = sentiment_metrics(calibrated[chosen].numpy(), targets)
    return figures
