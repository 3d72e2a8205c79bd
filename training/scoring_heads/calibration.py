"""Calibration of a head's logit differences: a logistic regression on one number, without penalty.

Where the rows can be told apart without error that regression has no solution: its slope grows without end
and every probability is 0 or 1. Then the targets are Platt's, (N+ + 1) / (N+ + 2) and 1 / (N- + 2), which is
what the number of rows allows to say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoresponder.heads.head_2021 import Calibration

_STEPS = 200
_CLOSE = 1e-10
Vector = NDArray[np.float64]


def fit_logistic(differences: ArrayLike, labels: ArrayLike) -> Calibration:
    """Find alpha and beta that make ``sigmoid(alpha * difference + beta)`` most likely (Newton's method).

    Raises ValueError when the labels are all alike: there is nothing to fit.
    """
    x, y = np.asarray(differences, float), np.asarray(labels, float)
    if len(np.unique(y)) < 2:
        raise ValueError("calibration needs rows of both classes")
    positive, negative = int((y > 0.5).sum()), int((y <= 0.5).sum())
    if _separable(x, y):
        y = np.where(y > 0.5, (positive + 1) / (positive + 2), 1 / (negative + 2))
    centre, spread = float(x.mean()), float(x.std()) or 1.0
    slope, offset = _newton((x - centre) / spread, y)
    return Calibration(alpha=slope / spread, beta=offset - slope * centre / spread)


def _separable(x: Vector, y: Vector) -> bool:
    """Whether one threshold tells the classes apart, in either direction."""
    high, low = x[y > 0.5], x[y <= 0.5]
    return bool(low.max() <= high.min() or high.max() <= low.min())


def _newton(x: Vector, y: Vector) -> tuple[float, float]:
    design = np.stack([x, np.ones_like(x)], axis=1)  # (N, 2)
    line = np.zeros(2)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ line, -500, 500)))
        weights = np.maximum(p * (1 - p), 1e-12)
        step = np.linalg.solve((design.T * weights) @ design + 1e-12 * np.eye(2), design.T @ (y - p))
        before = _likelihood(design @ line, y)
        size = 1.0
        while size > 1e-8 and _likelihood(design @ (line + size * step), y) < before - 1e-12:
            size /= 2  # a full step can overshoot where the curve is flat
        line = line + size * step
        if np.abs(size * step).max() < _CLOSE:
            break
    return float(line[0]), float(line[1])


def _likelihood(z: Vector, y: Vector) -> float:
    """Log likelihood of the targets, given log odds."""
    return float(np.sum(y * z - np.logaddexp(0, z)))
