"""Compiled loops compute what PyTorch does, with one thread or all, kept on disk or not."""

from __future__ import annotations

import importlib
from pathlib import Path
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


def test_what_was_compiled_is_not_used_once_any_of_its_files_has_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Numba itself looks at the one file in which the function stands."""
    (tmp_path / "one_function.py").write_text("def doubled(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(tmp_path)
    doubled: Any = importlib.import_module("one_function").doubled

    def found() -> int:
        made = cpu_kernels.compiled()(doubled)
        assert made(2.0) == 4
        return sum(made.stats.cache_hits.values())

    assert [found(), found()] == [0, 1]
    monkeypatch.setattr(cpu_kernels, "SOURCES", b"of other files")
    assert [found(), found()] == [0, 1]
