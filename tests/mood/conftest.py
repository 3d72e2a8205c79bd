"""A slow, obvious reference for the mood: integrate every step of the window with scipy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import signal

from mood.system import MoodSystem

Reference = Callable[[Sequence[tuple[float, float]], float, MoodSystem], float]


@pytest.fixture(scope="session")
def lsim_offset() -> Reference:
    """The mood's offset at a moment from kicks (moment, size), by scipy.signal.lsim with zero-order hold."""

    def offset(kicks: Sequence[tuple[float, float]], moment: float, system: MoodSystem) -> float:
        h = system.step_seconds
        constants = system.time_constants.initial
        inside = [(at, size) for at, size in kicks if moment - system.window_seconds <= at <= moment]
        if not inside:
            return 0.0
        first, last = int(min(at for at, _ in inside) // h), round(moment / h)
        pushes = np.zeros(max(last - first, 0) + 1)
        for at, size in inside:
            if int(at // h) <= last:
                pushes[int(at // h) - first] += size
        a, b = h / constants.tau_seconds, h / constants.rise_seconds
        response = system.response_base * b
        plant = (np.array([[-a, 1.0], [0.0, -b]]), np.array([[0.0], [response]]), np.array([[1.0, 0.0]]), 0.0)
        if len(pushes) < 2:
            return 0.0
        _, series, _ = signal.lsim(plant, pushes, np.arange(len(pushes)), interp=False)
        return float(np.ravel(series)[-1])

    return offset
