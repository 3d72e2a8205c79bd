"""Figures that say how good a head is, each beside what a constant guess would reach."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import matthews_corrcoef, roc_auc_score


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Area under the precision-recall curve, as a step function: sum of (R_k - R_k-1) · P_k.

    Rows of equal score enter together. A constant score reaches the share of positive rows.
    Raises ValueError without a positive row.
    """
    values, positive = np.asarray(scores, float), np.asarray(labels, float)
    if positive.sum() == 0:
        raise ValueError("average precision needs at least one positive row")
    order = np.argsort(-values, kind="stable")
    values, positive = values[order], positive[order]
    last = np.append(np.nonzero(np.diff(values))[0], len(values) - 1)  # end of each run of equal scores
    hits = np.cumsum(positive)[last]
    precision = hits / (last + 1)
    recall = hits / positive.sum()
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def selector_metrics(probabilities: ArrayLike, labels: ArrayLike) -> dict[str, float]:
    """Average precision, accuracy at one half and Brier score, each with its base rate."""
    p, y = np.asarray(probabilities, float), np.asarray(labels, float)
    share = float(y.mean())
    return {
        "rows": float(len(y)),
        "average_precision": average_precision(p, y),
        "average_precision_base": share,
        "accuracy": float(((p > 0.5) == (y > 0.5)).mean()),
        "accuracy_base": max(share, 1 - share),
        "brier": float(((p - y) ** 2).mean()),
        "brier_base": share * (1 - share),
    }


def sentiment_metrics(differences: ArrayLike, targets: ArrayLike) -> dict[str, float]:
    """Correlation, mean absolute error and mean shift of logit differences, and agreement in sign."""
    x, y = np.asarray(differences, float), np.asarray(targets, float)
    signed = y != 0
    return {
        "rows": float(len(y)),
        "correlation": float(np.corrcoef(x, y)[0, 1]),
        "mean_absolute_error": float(np.abs(x - y).mean()),
        "mean_absolute_error_base": float(np.abs(y - np.median(y)).mean()),
        "mean_shift": float((x - y).mean()),
        "sign_agreement": float((np.sign(x[signed]) == np.sign(y[signed])).mean()),
        **({"auc_of_sign": auc(x[signed], y[signed] > 0)} if len(set(y[signed] > 0)) > 1 else {}),
    }


def auc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Chance that a liked row scores above a disliked one, ties counted half. Raises ValueError for one
    class."""
    return float(roc_auc_score(np.asarray(labels) > 0.5, np.asarray(scores, float)))


def reliability(probabilities: ArrayLike, labels: ArrayLike, bins: int = 10) -> list[dict[str, float]]:
    """The reliability curve: of rows of about one probability, how many are liked."""
    p, y = np.asarray(probabilities, float), np.asarray(labels, float)
    places = np.minimum((p * bins).astype(int), bins - 1)
    return [
        {"rows": float(own.sum()), "said": float(p[own].mean()), "was": float(y[own].mean())}
        for place in range(bins)
        if (own := places == place).any()
    ]


def classifier_metrics(probabilities: ArrayLike, labels: ArrayLike) -> dict[str, float]:
    """As ``selector_metrics``, with AUC, log loss and Matthews' correlation; AUC is left out for one
    class."""
    p, y = np.asarray(probabilities, float), np.asarray(labels, float)
    figures = (
        selector_metrics(p, y) if y.sum() else {"rows": float(len(y)), "brier": float(((p - y) ** 2).mean())}
    )
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    figures["log_loss"] = float(-np.mean(y * np.log(clipped) + (1 - y) * np.log(1 - clipped)))
    figures["matthews"] = float(matthews_corrcoef(y > 0.5, p > 0.5))
    if 0 < y.mean() < 1:
        figures["auc"] = auc(p, y)
    return figures
