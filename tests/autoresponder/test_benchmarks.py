"""The benchmarks run, and their last line can be read; what they measure is not asserted on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import generator, generator_jobs
from benchmarks.memory import Peak


def last_line(printed: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(printed.splitlines()[-1])
    return found


def test_all_ways_are_measured_for_every_number(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plot = tmp_path / "times.png"
    sizes = ["--sizes", "tiny", "--candidates", "1", "2", "--prompt", "12", "--new", "5", "--threads", "1"]
    assert generator.main([*sizes, "--lengths", "3", "6", "--device", "cpu", "--plot", str(plot)]) == 0
    found = last_line(capsys.readouterr().out)
    rows, lengths = found["rows"], found["lengths"]
    assert [(row["way"], row["new"]) for row in lengths] == [
        (way, new) for way in ("ours", "ours_int8") for new in (3, 6)
    ]
    assert [(row["n"], row["way"]) for row in rows] == [(n, w) for n in (1, 2) for w in ("ours", "ours_int8")]
    figures = {"original_s", "generate_s", "seconds", "first_candidate_s", "tokens_per_s", "scoring_share"}
    shares = {"bandwidth_share", "compute_share", "mib", "original_mib", "generate_mib", "candidates_per_s"}
    assert all((figures | shares) <= row.keys() for row in rows)
    assert plot.stat().st_size > 1000


def test_jobs_together_are_measured_against_jobs_in_turn(
    capsys: pytest.CaptureFixture[str], whole_folder: Path
) -> None:
    few = ["--jobs", "2", "--candidates", "3", "--slots", "4", "--new", "40", "--repeats", "1"]
    assert generator_jobs.main([*few, "--model", str(whole_folder), "--threads", "1"]) == 0
    (row,) = last_line(capsys.readouterr().out)["rows"]
    assert row["in_turn_s"] > 0
    assert row["together_s"] > 0


def test_a_peak_is_what_came_on_top() -> None:
    with Peak(torch.device("cpu")) as peak:
        del_me = torch.ones(16 * 2**20)  # 64 MiB
        del del_me
    assert 55 <= peak.mib <= 200
