"""What the generator's figures say: shares of what the machine can do, a table, fitted lines, a plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt

Row = dict[str, Any]

OTHERS = {  # keys of a row, as the plot and the table call them
    "original_s": "one by one",
    "generate_s": "generate",
    "ctranslate2_s": "CTranslate2",
    "vllm_s": "vLLM",
}
COLUMNS = {  # of the table, and the keys of a row that they show
    "seconds": "seconds",
    "cand/s": "candidates_per_s",
    "tokens/s": "tokens_per_s",
    "first s": "first_candidate_s",
    "x 1by1": "times_original",
    "x gen": "times_generate",
    "band": "bandwidth_share",
    "flops": "compute_share",
    "MiB": "mib",
    "scoring": "scoring_share",
}
INT8 = "ours_int8"


def roofline(
    row: Row, shape: tuple[int, int], device: torch.device, machine: dict[str, float]
) -> dict[str, float]:
    """Share of the measured bandwidth and arithmetic that decoding reached.

    A step reads all weights, and the keys and values of what its rows look at: on a CPU their common
    beginning once, on a GPU once for each row; of what they write, half on average.
    """
    width, blocks = shape
    weight_bytes = 1 if row["way"] == INT8 else 2 if device.type == "cuda" else 4
    number_bytes = 8 if row["way"] == INT8 else weight_bytes  # attention before int8 layers is in float64
    beginnings = row["n"] if device.type == "cuda" else 1
    positions = beginnings * row["prompt"] + row["n"] * row["new"] / 2
    step_bytes = row["weights"] * weight_bytes + positions * 2 * blocks * width * number_bytes
    steps_per_s = row["steps"] / row["decode_s"]
    return {
        "bandwidth_share": round(steps_per_s * step_bytes / machine["copy_bytes_per_s"], 3),
        "compute_share": round(row["tokens_per_s"] * 2 * row["weights"] / machine["flops_per_s"], 3),
    }


def table(rows: Sequence[Row]) -> str:
    """All ways and numbers of candidates, a line for each."""
    lines = ["size      N  way         " + "".join(f"{name:>10}" for name in COLUMNS)]
    for row in rows:
        if row["way"] == "ours":
            for key, name in OTHERS.items():
                if key in row:
                    lines.append(_line(row, name, _replaced(row, key)))
            files = [key for key in row if key.startswith("llama_cpp_")]
            lines += [_line(row, f"llama.cpp {key[10:-2][-8:]}", _replaced(row, key)) for key in files]
        lines.append(_line(row, row["way"], row))
    return "\n".join(lines)


def _replaced(row: Row, key: str) -> Row:
    """What is known of a way that ours replaces, under the names of our figures."""
    way = key.removesuffix("_s")
    found = {name: row.get(f"{way}_{name}", "") for name in ("candidates_per_s", "tokens_per_s", "mib")}
    times = row["original_s"] / row[key], row["generate_s"] / row[key]
    return found | {
        "seconds": row[key],
        "first_candidate_s": row.get(f"{way}_first_s", ""),
        "times_original": round(times[0], 2),
        "times_generate": round(times[1], 2),
    }


def _line(row: Row, name: str, figures: Row) -> str:
    return f"{row['size']:7}{row['n']:4}  {name:12}" + "".join(
        f"{figures.get(key, '')!s:>10}" for key in COLUMNS.values()
    )


def grown(rows: Sequence[Row], by: str) -> Iterator[Row]:
    """The line through the times of each size and way, and how far a time lies off it at most."""
    for size, way in dict.fromkeys((row["size"], row["way"]) for row in rows):
        own = [row for row in rows if (row["size"], row["way"]) == (size, way)]
        x, seconds = (np.array([row[key] for row in own], dtype=float) for key in (by, "seconds"))
        if len(set(x)) < 2:
            continue
        slope, start = np.polyfit(x, seconds, 1)
        off = np.abs(start + slope * x - seconds) / seconds
        yield {
            "size": size,
            "way": way,
            "by": by,
            "start_s": round(float(start), 3),
            "each_s": round(float(slope), 4),
            "off_at_most": round(float(off.max()), 3),
        }


def draw(rows: Sequence[Row], lengths: Sequence[Row], path: Path) -> None:
    """Plot the time of every way over N, and that of ours over the length; a row of panels for each size."""
    mpl.use("Agg")
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    figure, panels = plt.subplots(len(sizes), 2, figsize=(10, 4 * len(sizes)), squeeze=False)
    for (by_number, by_length), size in zip(panels, sizes, strict=True):
        for way in dict.fromkeys(row["way"] for row in rows):
            own = [row for row in rows if (row["size"], row["way"]) == (size, way)]
            by_number.plot([row["n"] for row in own], [row["seconds"] for row in own], marker="o", label=way)
            own = [row for row in lengths if (row["size"], row["way"]) == (size, way)]
            by_length.plot(
                [row["new"] for row in own], [row["seconds"] for row in own], marker="o", label=way
            )
        own = [row for row in rows if row["size"] == size and row["way"] == "ours"]
        for key, label in OTHERS.items():
            if key in own[0]:
                by_number.plot([row["n"] for row in own], [row[key] for row in own], marker="s", label=label)
        by_number.set(title=size, xlabel="candidates", ylabel="seconds", ylim=(0, None))
        by_length.set(
            title=f"{size}, {lengths[0]['n']} candidates" if lengths else "",
            xlabel="tokens of each",
            ylim=(0, None),
        )
        by_number.legend()
        by_length.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
