"""Compiled loops compute what PyTorch does, with one thread or all, kept on disk or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autoresponder.model import cpu_kernels
from autoresponder.model.cpu_kernels import norm_rows, scale_rows, threads


@pytest.mark.parametrize("shape", [(1, 5), (3, 64), (13, 577)])
def test_norms(shape: tuple[int, int]) -> None:
    x, weight = torch.randn(shape), torch.randn(shape[1])
    out = torch.empty(shape)
    norm_rows(x.numpy(), weight.numpy(), 1e-5, out.numpy())
    expected = torch.nn.functional.rms_norm(x.double(), (shape[1],), weight.double(), 1e-5)
    torch.testing.assert_close(out.double(), expected, atol=1e-5, rtol=1e-5)


def test_rows_are_divided_by_their_largest_magnitude() -> None:
    x = np.array([[1, -4, 2], [0, 0, 0], [np.nan, 1, 2], [1, np.nan, 9], [1, -np.inf, 0]], np.float32)
    out, scales = np.empty_like(x), np.empty((5, 1), np.float32)
    scale_rows(x, 1e-8, out, scales)
    assert out[:2].tolist() == [[0.25, -1, 0.5], [0, 0, 0]]
    assert scales[:2, 0].tolist() == [4, np.float32(1e-8)]
    assert np.isnan(scales[2:]).all()
    assert np.isnan(out[2:]).all()


def test_where_no_openmp_runs_threads_one_does_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_kernels, "OPENMP", False)
    assert threads() == 1
    cpu_kernels.warm_up()


def test_where_nothing_can_be_kept_functions_are_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Numba refuses to compile for a cache that it has no folder for."""
    compiled = cpu_kernels._NJIT

    def nowhere(*, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compiled(**options)

    monkeypatch.setattr(cpu_kernels, "_NJIT", nowhere)

    @cpu_kernels.compiled()
    def doubled(x: float) -> float:
        return 2 * x

    assert doubled(2.0) == 4
