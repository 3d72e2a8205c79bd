"""The benchmarks run, and their last line can be read; what they measure is not asserted on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import generator, generator_jobs
from benchmarks.generator_report import grown, roofline, table
from benchmarks.memory import Peak


def last_line(printed: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(printed.splitlines()[-1])
    return found


@pytest.mark.parametrize("size", ["tiny", "llama-tiny"])
def test_all_ways_are_measured_for_every_number(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, size: str
) -> None:
    plot = tmp_path / "times.png"
    sizes = ["--sizes", size, "--candidates", "1", "2", "--prompt", "12", "--new", "5", "--threads", "1"]
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
    assert {(line["way"], line["by"]) for line in found["growth"]} == {
        (way, by) for way in ("ours", "ours_int8") for by in ("n", "new")
    }


def test_the_table_has_a_line_for_every_way() -> None:
    row = a_row() | {"original_s": 8.0, "generate_s": 4.0, "vllm_s": 1.0, "times_original": 4.0}
    lines = table([row, row | {"way": "ours_int8"}]).splitlines()
    assert [line.split()[2] for line in lines] == ["way", "one", "generate", "vLLM", "ours", "ours_int8"]
    assert lines[2].split()[3:] == ["4.0", "2.0", "1.0"]


def a_row() -> dict[str, Any]:
    return {
        "size": "small",
        "way": "ours",
        "n": 4,
        "prompt": 300,
        "new": 100,
        "seconds": 2.0,
        "steps": 100,
        "decode_s": 1.0,
        "tokens_per_s": 400.0,
        "weights": 100_000_000,
    }


def test_shares_of_the_machine_worked_by_hand() -> None:
    """A width of 10 and 5 blocks: 100 numbers for each position; 300 shared and 4 times 50 own ones."""
    shape, machine = (10, 5), {"copy_bytes_per_s": 1e11, "flops_per_s": 1e12}
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    exact = roofline(a_row(), shape, cpu, machine)
    assert exact["bandwidth_share"] == pytest.approx(100 * (4e8 + 4 * 500 * 100) / 1e11, abs=1e-3)
    assert exact["compute_share"] == pytest.approx(400 * 2e8 / 1e12, abs=1e-3)
    large = a_row() | {"weights": 0, "prompt": 3_000_000, "new": 0}
    assert roofline(large, shape, cpu, machine)["bandwidth_share"] == pytest.approx(100 * 4 * 3e8 / 1e11)
    assert roofline(large, shape, gpu, machine)["bandwidth_share"] == pytest.approx(100 * 2 * 12e8 / 1e11)


def test_a_line_is_fitted_to_the_times() -> None:
    rows = [a_row() | {"n": n, "seconds": 1.0 + 0.5 * n} for n in (1, 4, 13)]
    (line,) = grown(rows, "n")
    assert (line["start_s"], line["each_s"], line["off_at_most"]) == (1.0, 0.5, 0.0)
    assert not list(grown(rows[:1], "n"))


def test_jobs_together_are_measured_against_jobs_in_turn(
    capsys: pytest.CaptureFixture[str], whole_folder: Path
) -> None:
    few = ["--jobs", "2", "--candidates", "3", "--slots", "4", "--new", "40", "--repeats", "1"]
    few += ["--waiting", "2", "1"]
    assert generator_jobs.main([*few, "--model", str(whole_folder), "--threads", "1"]) == 0
    row, *orders, known = last_line(capsys.readouterr().out)["rows"]
    assert row["in_turn_s"] > 0
    assert row["together_s"] > 0
    assert [order["order"] for order in orders] == ["one_by_one", *generator_jobs.ORDERS]
    assert all(0 < order["median_answer_s"] <= order["last_answer_s"] for order in orders)
    assert known["known_again"] > 0.9 > known["known_at_first"]


def test_a_peak_is_what_came_on_top() -> None:
    with Peak(torch.device("cpu")) as peak:
        del_me = torch.ones(16 * 2**20)  # 64 MiB
        del del_me
    assert 55 <= peak.mib <= 200
