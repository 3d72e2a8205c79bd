"""Training commands: ``python -m training demo --corpus build/corpus --out demo/models/tiny``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from training.checkpoint import CheckpointError
from training.demo import Folders, Plan, train_demo
from training.rows import CorpusError


def main(argv: Sequence[str] | None = None) -> int:
    """Read the arguments, train, print the report; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="train the demo model: tokenizer, generator and both heads")
    demo.add_argument("--corpus", type=Path, required=True, help="folder that python -m demo.documents wrote")
    demo.add_argument("--out", type=Path, required=True, help="model folder to write")
    demo.add_argument("--work", type=Path, default=Path("build/training"), help="where checkpoints are kept")
    demo.add_argument("--steps", type=int, help="steps of the generator's training")
    demo.add_argument("--threads", type=int, default=2, help="CPU threads")
    chosen = parser.parse_args(argv)
    plan = replace(Plan(), threads=chosen.threads)
    if chosen.steps is not None:
        plan = replace(plan, schedule=replace(plan.schedule, steps=chosen.steps))
    folders = Folders(chosen.corpus, chosen.out, chosen.work)
    try:
        report = train_demo(folders, plan, Console(stderr=True))
    except (CorpusError, CheckpointError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
