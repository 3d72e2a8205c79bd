"""How much of a review the autoreviewer takes over from an operator with a rule that it is not told.

    .venv/bin/python -m benchmarks.reviewing [--texts 400] [--new 600] [--seed 1]

An operator rejects every text that is about one of some topics, and approves the others. After 50, 100, 200
and 400 decisions the head is trained on them as ``python -m training autoreviewer`` does it, thresholds are
chosen for a false-accept rate of 8.75 % and a false-reject rate of 3 %, and new texts are looked at: how well
the head orders them (AUC), how often the thresholds are wrong, and what is left to the operator. Where
nothing is learned yet everything is. The model is the demo's; the texts are the grammar's. The last line is
JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from autoresponder.jobs.model_folder import GeneratorModel, load_generator
from demo.documents.rendering import judged_text
from demo.supervisor import HOME
from training.scoring_heads.head_run import HeadRun, make_trained_head, scores
from training.scoring_heads.labels import ORIGINALS, RESPONSES
from training.scoring_heads.metrics import auc
from training.scoring_heads.recipes import recipe_for
from training.scoring_heads.rows import Row
from training.scoring_heads.thresholds import Judged, WantedRates, choose_thresholds, rates_at
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.language.threads import Talk

SIZES = (50, 100, 200, 400)
REJECTED_TOPICS = frozenset({"cats", "dogs", "birds", "ghosts", "robots", "space", "sea", "internet"})
"""What the operator will not have; eight of 26 topics."""

CALIBRATION_SHARE = 0.3
"""Of the decided texts: these the head does not learn from, and the thresholds are chosen on them."""

LINE = (
    "{decisions:>4} decisions: AUC {auc:.3f}, left to a human {left_to_a_human:.0%}, "
    "wrongly accepted {false_accept:.1%}, wrongly rejected {false_reject:.1%}, {seconds:.0f} s"
)


def decided_texts(number: int, seed: int) -> list[Row]:
    """Texts that the operator has decided about by their rule, every other one an answer to an ask."""
    talk = Talk(load_tables(), random.Random(f"reviewing/{seed}"))
    rows = []
    for place in range(number):
        said = talk.ask() if place % 2 else talk.plain()
        target = float(said.turn.thing.topic in REJECTED_TOPICS)
        kind = RESPONSES if place % 2 else ORIGINALS
        rows.append(Row(judged_text(said), target, f"{seed}/{place}", kind, time=float(place)))
    return rows


def reviewed(generator: GeneratorModel, decided: list[Row], new: list[Row], work: Path) -> dict[str, Any]:
    """What a head that has learned from some decisions does to new texts."""
    began = time.monotonic()
    held = round(CALIBRATION_SHARE * len(decided))
    parts = {
        "train": [replace(row, split="train") for row in decided[held:]],
        "calibration": [replace(row, split="calibration") for row in decided[:held]],
        "test": [replace(row, split="test") for row in new],
    }
    run = HeadRun(generator, recipe_for("autoreviewer", generator.network), work, 1e9)
    head = make_trained_head(run, parts, Console(file=sys.stderr, quiet=True)).head

    def judged(rows: list[Row]) -> Judged:
        probabilities = 1 / (1 + np.exp(-scores(head, generator, rows)))
        return Judged.of(
            probabilities, [row.target > 0 for row in rows], [row.text_type == ORIGINALS for row in rows]
        )

    texts = judged(parts["test"])
    chosen = choose_thresholds(judged(parts["calibration"]), WantedRates())
    rates = rates_at(chosen, texts)
    return {
        "decisions": len(decided),
        "auc": round(auc(texts.probabilities, texts.rejected), 4),
        **{name: round(float(value), 4) for name, value in rates.items()},
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    """Measure, and print the curve."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--new", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    decided = decided_texts(arguments.texts, arguments.seed)
    new = decided_texts(arguments.new, arguments.seed + 1000)
    generator = load_generator(str(HOME / "demo" / "models" / "tiny"), device="cpu", dtype="float32")
    curve = []
    with tempfile.TemporaryDirectory() as work:
        for size in [size for size in SIZES if size <= arguments.texts]:
            curve.append(reviewed(generator, decided[:size], new, Path(work)))
            print(LINE.format(**curve[-1]))
    print(json.dumps({"seed": arguments.seed, "new_texts": arguments.new, "curve": curve}))


if __name__ == "__main__":
    main()
