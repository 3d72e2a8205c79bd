"""Learning pays: two months of posts, chosen by chance, by TF-IDF, by our selector, or by an oracle.

    python -m benchmarks.learning --out docs/images/learning.png

Each week the bot makes posts; for each it has a pool of candidates, written once for a seed and the same for
all arms. Readers of the sandbox like what their hidden tastes like; an arm sees only the notes of what it
posted, and learns anew each week. Then the same with tastes that change in the middle. What is done is kept
in --work: a stopped run goes on. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.stats import t as student

from autoresponder.jobs.model_folder import load_generator
from benchmarks.learning_arms import ARMS, Learner, Ours, Readership, Seen, live, tfidf
from benchmarks.learning_pools import Pools, Sizes, Vector, pools_of
from benchmarks.machine import processor
from training.files import digest_of, write_json

STEADY, DRIFT = "steady", "drift"
CHANGE = 4
"""Weeks after which tastes change."""
BEFORE = 2
"""Weeks before the change that recovery is measured against."""
COLOURS = dict(zip(ARMS, ("#888888", "#c07830", "#20507a", "#3a8a4a"), strict=True))

Runs = Mapping[str, Vector]
"""Notes for each post by week (seeds, weeks), by arm."""


def run_seed(
    seed: int, sizes: Sizes, model: str, memory: float, work: Path
) -> dict[str, dict[str, list[float]]]:
    """All arms of one seed, for both courses of tastes; what is there already is not run again."""
    pools = pools_of(seed, sizes, work / f"pools-{seed}.json")
    activations = work / f"activations-{seed}"
    makers: dict[str, Callable[[], Learner | None]] = {
        "random": lambda: None,
        "tfidf": lambda: tfidf(pools),
        "ours": lambda: _ours(pools, model, activations),
        "oracle": lambda: None,
    }
    found: dict[str, dict[str, list[float]]] = {}
    for arm in ARMS:
        path = work / f"result-{seed}-{arm}.json"
        if not path.is_file():
            learn = makers[arm]()
            weekly = {}
            for course, change in ((STEADY, None), (DRIFT, CHANGE)):
                readers = Readership(pools, change)
                weekly[course] = live(arm, readers, Seen(memory), seed, learn).tolist()
            write_json(path, weekly)
        found[arm] = json.loads(path.read_text(encoding="utf-8"))
    shutil.rmtree(activations, ignore_errors=True)
    return found


def _ours(pools: Pools, model: str, folder: Path) -> Learner:
    return Ours(pools, load_generator(model, device="cpu", dtype="float32"), folder).learn


def interval(values: Sequence[float]) -> dict[str, object]:
    """The mean with its 95 % interval (Student's t), and the values."""
    mean = statistics.fmean(values)
    half = math.inf
    if len(values) > 1:
        quantile = float(student.ppf(0.975, len(values) - 1))
        half = quantile * statistics.stdev(values) / math.sqrt(len(values))
    return {"mean": mean, "low": mean - half, "high": mean + half, "seeds": list(values)}


def gains(runs: Runs, arm: str, base: str, weeks: slice = slice(None)) -> list[float]:
    """What an arm gains over another in notes for each post, by seed, over some weeks."""
    over, under = runs[arm][:, weeks].sum(1), runs[base][:, weeks].sum(1)
    return [float(value) for value in over / under - 1]


def steady_figures(runs: Runs) -> dict[str, object]:
    """Gains over all weeks, the first included, in which nobody has learned anything."""
    pairs = (("ours", "random"), ("ours", "tfidf"), ("tfidf", "random"), ("oracle", "random"))
    return {f"{arm}_over_{base}": interval(gains(runs, arm, base)) for arm, base in pairs}


def drift_figures(runs: Runs) -> dict[str, object]:
    """The gain over chance in the last weeks before the change, and in each week after it."""
    figures: dict[str, object] = {}
    for arm in ("ours", "tfidf"):
        before = gains(runs, arm, "random", slice(CHANGE - BEFORE, CHANGE))
        figures[arm] = {
            "before": interval(before),
            **{
                f"week_{week - CHANGE + 1}_after": interval(gains(runs, arm, "random", slice(week, week + 1)))
                for week in range(CHANGE, runs[arm].shape[1])
            },
        }
    return figures


def draw(path: Path, panels: Mapping[str, Runs]) -> None:
    """The curves over weeks, relative to chance in the same week: mean, and the spread of the seeds."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, runs) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(1, len(panels), place)
        for arm in ARMS:
            ratio = runs[arm] / runs["random"]  # (seeds, weeks)
            weeks = np.arange(1, ratio.shape[1] + 1)
            axes.plot(weeks, ratio.mean(0), color=COLOURS[arm], label=arm)
            axes.fill_between(weeks, ratio.min(0), ratio.max(0), color=COLOURS[arm], alpha=0.12, linewidth=0)
        if "change" in title:
            axes.axvline(CHANGE + 0.5, color="#aaaaaa", linestyle=":")
        axes.set(title=title, xlabel="week", ylabel="notes per post, chance = 1")
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> int:
    """Run, draw, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    defaults = Sizes()
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--posts", type=int, default=defaults.posts, help="posts in a week")
    parser.add_argument("--candidates", type=int, default=defaults.candidates)
    parser.add_argument("--memory", type=float, default=4.0, help="weeks of posts that arms learn from")
    parser.add_argument("--model", default="demo/models/tiny")
    parser.add_argument("--work", type=Path, default=Path("build/learning"), help="what is done is kept here")
    parser.add_argument("--out", type=Path, help="picture to write")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    sizes = Sizes(posts=chosen.posts, candidates=chosen.candidates)
    settings = {"sizes": asdict(sizes), "memory_weeks": chosen.memory, "model": chosen.model}
    work = chosen.work / digest_of(settings)[:12]
    work.mkdir(parents=True, exist_ok=True)
    found = []
    for seed in chosen.seeds:
        began = time.monotonic()
        found.append(run_seed(seed, sizes, chosen.model, chosen.memory, work))
        sys.stderr.write(f"seed {seed}, {time.monotonic() - began:.0f} s\n")
    steady, drift = (
        {arm: np.array([one[arm][course] for one in found]) for arm in ARMS} for course in (STEADY, DRIFT)
    )
    if chosen.out:
        draw(chosen.out, {"steady tastes": steady, "tastes change": drift})
    report = {
        "benchmark": "learning",
        "machine": processor(torch.device("cpu")),
        **settings,
        "steady": steady_figures(steady),
        "drift": drift_figures(drift),
    }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
