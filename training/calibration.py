"""Calibration of a head's logit differences: a logistic regression on one number, without penalty."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autoresponder.heads.head_2021 import Calibration

_STEPS = 100
_CLOSE = 1e-10
_STEEPEST = 20.0  # where the rows can be told apart without error the slope has no end; it ends here


def fit_logistic(differences: ArrayLike, labels: ArrayLike) -> Calibration:
    """Find alpha and beta that make ``sigmoid(alpha * difference + beta)`` most likely (Newton's method).

    Raises ValueError when the labels are all alike: there is nothing to fit.
    """
    x, y = np.asarray(differences, float), np.asarray(labels, float)
    if len(np.unique(y)) < 2:
        raise ValueError("calibration needs rows of both classes")
    design = np.stack([x, np.ones_like(x)], axis=1)  # (N, 2)
    line = np.zeros(2)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(design @ line)))
        weights = np.maximum(p * (1 - p), 1e-12)
        step = np.linalg.solve((design.T * weights) @ design + 1e-12 * np.eye(2), design.T @ (y - p))
        line += step
        if np.abs(step).max() < _CLOSE or abs(line[0]) > _STEEPEST:
            break
    return Calibration(alpha=float(np.clip(line[0], -_STEEPEST, _STEEPEST)), beta=float(line[1]))
